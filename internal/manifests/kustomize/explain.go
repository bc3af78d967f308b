package kustomize

import (
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxReason caps a reason in bytes: kustomize quotes whole files.
const maxReason = 400

var (
	unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)
	wrongType    = regexp.MustCompile(`cannot unmarshal (\w+) into Go (?:struct field \w+\.([\w.]+)|value) of type`)
	belowPath    = regexp.MustCompile(`(?:path|under|under:) '?(/[^'\s]*)'?`)
	quoted       = regexp.MustCompile(`'([^']+)'|"([^"]+)"|\[([^\[\]]+)\]`)
	noTarget     = regexp.MustCompile(`(?:strategic merge patch "|no matches for Id )(\w+)\.[^/]*/([^\s"]+)\.[^."]+["; ]`)
	wrapped      = regexp.MustCompile(`^(?:accumulating (?:resources|components)|accumulat\w+ err='.*?'|recursed (?:accumulation of|merging from) path '[^']*'|accumulateDirectory|loader\.New): "?`)
)

// yamlError makes the error of a document that begins on line first of file and does not parse.
func yamlError(file string, first int, err error) error {
	at := source.Span{File: file}
	line, reason := manifests.YAMLPlace(err)
	if line > 0 {
		at.Line = first + line - 1
		at.EndLine, at.Column = at.Line, 1
	}
	return &manifests.RenderError{Reason: "is not valid YAML: " + reason, Span: at, Cause: err}
}

// decodeError makes the error of a kustomization file that is YAML but no kustomization.
func decodeError(l *layer, err error) error {
	text := strings.TrimPrefix(err.Error(), "invalid Kustomization: ")
	if m := unknownField.FindStringSubmatch(text); m != nil {
		span := l.span()
		if at := keyNamed(l.node, m[1]); at != nil {
			span.Line, span.EndLine, span.Column = at.Line, at.Line, at.Column
		}
		return &manifests.RenderError{Reason: "a kustomization has no field " + m[1], Span: span, Cause: err}
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		var keys []key
		for n := range strings.SplitSeq(m[2], ".") {
			if n != "" {
				keys = append(keys, name(n))
			}
		}
		field := m[2]
		if field == "" {
			field = "the file"
		}
		return l.fail(err, field+" has the wrong type: it is a "+m[1], keys...)
	}
	return l.fail(err, "is no kustomization: "+text)
}

// keyNamed finds a key of that name, wherever it stands.
func keyNamed(n *yaml.Node, want string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if c.Value == want {
				return c
			}
			continue
		}
		if found := keyNamed(c, want); found != nil {
			return found
		}
	}
	return nil
}

// explain turns an error of kustomize into one that names the file and line at fault, as far as they can be known:
// files that do not parse are looked for; else the kustomization that the error names, and in it the entry.
func explain(err error, top *layer, tree source.Tree) error {
	text := err.Error()
	if strings.Contains(text, "yaml") || strings.Contains(text, "YAML") || strings.Contains(text, "separator") {
		if bad := malformed(top, tree); bad != nil {
			return bad
		}
	}
	reason := innermost(text)
	if at := untargeted(top, tree, text); at != nil {
		return &manifests.RenderError{Reason: "kustomize refuses it: " + reason, Span: *at, Cause: err}
	}
	guilty := top
	if below := belowPath.FindAllStringSubmatch(text, -1); below != nil {
		dir := inTree(below[len(below)-1][1])
		top.walk(func(l *layer) {
			if l.dir == dir {
				guilty = l
			}
		})
	}
	span := guilty.span()
	if at := mentioned(guilty, text); at != nil {
		span.Line, span.EndLine, span.Column = at.Line, at.Line, at.Column
	}
	return &manifests.RenderError{Reason: "kustomize refuses it: " + reason, Span: span, Cause: err}
}

// malformed returns the error of the first file of the build that is not valid YAML.
func malformed(top *layer, tree source.Tree) (bad error) {
	top.walk(func(l *layer) {
		for _, file := range l.files() {
			data, err := tree.ReadFile(file)
			if err != nil {
				continue
			}
			for _, doc := range splitStream(data) {
				if _, err := manifests.ParseYAML(doc.Data); err != nil && bad == nil {
					bad = yamlError(file, doc.Line, err)
				}
			}
		}
	})
	return bad
}

// files returns the YAML files that the layer itself names: resources and patches.
func (l *layer) files() []string {
	var files []string
	for _, r := range l.resources {
		if r.file != "" {
			files = append(files, r.file)
		}
	}
	for _, p := range append(l.spec.Patches[:len(l.spec.Patches):len(l.spec.Patches)], l.spec.PatchesJson6902...) {
		if p.Path != "" {
			files = append(files, l.join(p.Path))
		}
	}
	for _, p := range l.spec.PatchesStrategicMerge {
		if !isInline(string(p)) {
			files = append(files, l.join(string(p)))
		}
	}
	return files
}

// untargeted finds the patch that an error says has no object to work on: the line of its name.
func untargeted(top *layer, tree source.Tree, text string) (at *source.Span) {
	m := noTarget.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	t := &tracer{tree: tree, top: top, streams: map[string][]*document{}, texts: map[string][]string{}, effects: map[*layer]*layerEffects{}}
	top.walk(func(l *layer) {
		for _, e := range t.patches(l) {
			if at != nil || e.doc == nil || e.json || value(e.doc.root, "kind") != m[1] || value(e.doc.root, "metadata", "name") != m[2] {
				continue
			}
			key, _ := find(e.doc.root, []key{name("metadata"), name("name")})
			if span, found := e.doc.span(place{at: key, value: key}); found {
				at = &span
			}
		}
	})
	return at
}

// innermost cuts the ways that led to an error off its text, quoted source too.
func innermost(text string) string {
	for {
		at := wrapped.FindStringIndex(text)
		if at == nil {
			break
		}
		text = text[at[1]:]
	}
	if strings.Contains(text, "invalid literal source") {
		text = "a literal is not of the form key=value" // which may be a password
	}
	text = manifests.Discreet(strings.ReplaceAll(strings.TrimSpace(text), "\n", " "))
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + " …"
	}
	return text
}

// mentioned finds the value in a kustomization file that an error text names: the longest that it quotes.
func mentioned(l *layer, text string) *yaml.Node {
	names := map[string]bool{}
	for _, m := range quoted.FindAllStringSubmatch(text, -1) {
		for _, group := range m[1:] {
			names[group], names[path.Base(group)] = true, true
		}
	}
	delete(names, "")
	delete(names, ".")
	var best *yaml.Node
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		if n == nil {
			return
		}
		if n.Kind == yaml.ScalarNode && (names[n.Value] || names[path.Base(n.Value)]) && (best == nil || len(n.Value) > len(best.Value)) {
			best = n
		}
		for _, c := range n.Content {
			visit(c)
		}
	}
	visit(l.node)
	return best
}
