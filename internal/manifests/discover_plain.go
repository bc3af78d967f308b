package manifests

import (
	"bytes"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// plainRoots makes roots of the directories with files of objects that no kustomization and no chart reads. A directory
// with a kustomization belongs to that: objects in it that the kustomization does not list are applied by nobody, most
// of them are patches that were switched off.
func (d *discoverer) plainRoots() error {
	candidates := d.plainCandidates()
	files := make([]asked, len(candidates))
	for i, c := range candidates {
		files[i] = asked{c.file, c.id, Plain}
	}
	d.gather(files)
	err := parallel(len(candidates), func(i int) error {
		candidates[i].fact = d.factOf(candidates[i].file, candidates[i].id, Plain)
		return d.ctx.Err()
	})
	byDir := map[string][]string{}
	for _, c := range candidates {
		switch {
		case c.fact.Apart && c.dir.kustomization != nil && !c.kept:
			d.unlisted = append(d.unlisted, c.file)
		case c.fact.Apart:
			byDir[c.dir.path] = append(byDir[c.dir.path], c.file)
		case c.fact.Err == "" || d.claimed[c.file] || c.dir.zone == zoneSealed:
		case d.options.Kept.held(c.file): // rendering says what is wrong with it, and fails
			byDir[c.dir.path] = append(byDir[c.dir.path], c.file)
		default:
			d.problem(Problem{File: c.file, Line: c.fact.Line, Reason: c.fact.Err})
		}
	}
	for dir, files := range byDir {
		d.roots = append(d.roots, Root{Path: dir, Kind: Plain, Dir: dir, Files: files})
	}
	return err
}

// plainCandidate is a file that may hold objects of a plain root.
type plainCandidate struct {
	dir  *directory
	file string
	id   string
	kept bool // see DiscoverOptions
	fact fact
}

// plainCandidates are the files whose names and places allow them to be in a plain root.
func (d *discoverer) plainCandidates() (candidates []*plainCandidate) {
	for _, dir := range d.dirs {
		if !dir.wanted {
			continue
		}
		for _, f := range dir.files {
			p := joinPath(dir.path, f.Name)
			kept := d.options.Kept.has(dir.path, p)
			others := d.claimed[p] && (!kept || dir.kustomization != nil) || dir.zone == zoneSealed && !kept
			if d.mayBePlain(dir, f.Name) && !others && !matchAbove(d.options.Owned, p) {
				candidates = append(candidates, &plainCandidate{dir: dir, file: p, id: f.ID, kept: kept})
			}
		}
	}
	return candidates
}

// mayBePlain reports whether a file of dir may hold objects by its name.
func (d *discoverer) mayBePlain(dir *directory, name string) bool {
	if dir.zone == zoneChart && (strings.HasPrefix(name, "values") || name == chartFile || name == requirementsFile) {
		return false
	}
	return manifestName(name) && !isTerraform(name) && !slices.Contains(kustomizationNames(), name)
}

// standardInput is the name of a file that came in through standard input.
const standardInput = "-"

// manifestName reports whether a file of this name is read as YAML or JSON.
func manifestName(name string) bool {
	if name == standardInput {
		return true
	}
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// classify says whether a file holds Kubernetes objects (Apart), and what is wrong with one that seems to.
func classify(data []byte) fact {
	if !mayHoldObject(data) {
		return fact{}
	}
	var f fact
	for _, doc := range SplitDocuments(toUTF8(data)) {
		if !mayHoldObject(doc.Data) {
			continue
		}
		if looksLikeObject(doc.Data) {
			return fact{Apart: true}
		}
		node, err := ParseYAML(doc.Data)
		if errors.Is(err, ErrYAMLDepth) || errors.Is(err, ErrYAMLSize) {
			return fact{Apart: true} // others may well read it: rendering says that it is not reviewed, and fails
		}
		switch refused := doc.refuse(node, err); {
		case refused == nil && isObject(NewField(node, "")):
			return fact{Apart: true}
		case refused != nil && f.Err == "":
			f.Line, f.Err = refused.Span.Line, refused.Reason
		}
	}
	return f
}

// refuse says why a document, parsed to node or err, cannot be an object; nil when it can. The error has a line,
// but no file.
func (d Document) refuse(node *yaml.Node, err error) *RenderError {
	const template = "is a template, which only the tool that it is written for can fill in: it is not reviewed"
	templated := bytes.Contains(d.Data, []byte("{{"))
	key := complexKey(node)
	switch {
	case err != nil:
		line, reason := YAMLPlace(err)
		if reason = "is no valid YAML: " + reason; templated {
			reason = template
		}
		return &RenderError{Reason: reason, Span: d.span(line), Cause: err}
	case key == nil || !mayHoldObject(d.Data):
		return nil
	case templated:
		return &RenderError{Reason: template, Span: d.span(key.Line)}
	}
	return &RenderError{Reason: "has a key that is a mapping or a list, which Kubernetes does not know", Span: d.span(key.Line)}
}

// span returns the whole of a line of the document, by its number in the file. What the parser misses at the end
// of the text is missing on the last line.
func (d Document) span(line int) source.Span {
	last := 1 + bytes.Count(bytes.TrimRight(d.Data, "\r\n"), []byte{'\n'})
	line = d.fileLine(min(line, last))
	return source.Span{Line: line, EndLine: line}
}

// fileLine turns a line of the document into one of its file; 0, an unknown line, gives the first one.
func (d Document) fileLine(line int) int { return d.Line + max(line-1, 0) }

// mayHoldObject reports whether data can hold an object: both words are in it, or escapes that may write them.
func mayHoldObject(data []byte) bool {
	if bytes.Contains(data, []byte("apiVersion")) && bytes.Contains(data, []byte("kind")) {
		return true
	}
	return isChannel(data) || utf16Order(data) != nil || escapesLetters(data)
}

// isChannel reports whether data may be a channel of addons for kops, which has no apiVersion: kops reads it by its kind
// alone (k8s.io/kops, channels/pkg/api).
func isChannel(data []byte) bool {
	return bytes.Contains(data, []byte("kind: Addons")) && bytes.Contains(data, []byte("addons:"))
}

// escapesLetters reports whether letters of a key may be written in another way.
func escapesLetters(data []byte) bool {
	return bytes.IndexByte(data, '\\') >= 0 && escapedLetter.Match(data) ||
		bytes.IndexByte(data, '!') >= 0 && binaryTag.Match(data)
}

// escapedLetter matches what may write a letter of a key in another way, and binaryTag what may write it in base64.
var (
	escapedLetter = regexp.MustCompile(`\\([xuU]|\r?\n)`)
	binaryTag     = regexp.MustCompile(`(?:^|[\s\[{,?:-])!\S*(?:binary|%)`)
)

// looksLikeObject reports whether a document surely is an object in block style, without parsing it. False means
// that parsing has to tell.
func looksLikeObject(doc []byte) bool {
	version := blockValue(doc, "apiVersion:")
	return version != "" && !kustomizeConfig(version) && blockValue(doc, "kind:") != "" && !bytes.Contains(doc, []byte("{{"))
}

// blockValue returns the plain value of a key that begins a line, "" where it is not there or is anything else.
func blockValue(doc []byte, key string) string {
	at := 0
	if !bytes.HasPrefix(doc, []byte(key)) {
		if at = bytes.Index(doc, []byte("\n"+key)) + 1; at == 0 {
			return ""
		}
	}
	line, _, _ := bytes.Cut(doc[at+len(key):], []byte{'\n'})
	text := bytes.TrimSpace(line)
	if len(text) == 0 || len(text) == len(line) { // nothing, or no blank after the colon
		return ""
	}
	value, ok := scanScalar(text)
	if !ok {
		return ""
	}
	return value
}

// isObject reports whether a document is a Kubernetes object, or a list of them.
func isObject(doc Field) bool {
	version, kind := doc.Get("apiVersion").Text(), doc.Get("kind").Text()
	return version != "" && kind != "" && !kustomizeConfig(version) || isAddons(doc)
}

// kustomizeConfig reports whether objects of apiVersion configure kustomize itself rather than a cluster.
func kustomizeConfig(apiVersion string) bool {
	return apiVersion == "builtin" || strings.HasPrefix(apiVersion, "kustomize.config.k8s.io/")
}

// passOver names the files of other tools, and the components that nothing uses.
func (d *discoverer) passOver() {
	groups := map[string][]string{}
	if len(d.unlisted) > 0 {
		groups["objects beside a kustomization that does not list them"] = d.unlisted
	}
	for _, dir := range d.dirs {
		if !dir.wanted || dir.zone == zoneSealed {
			continue
		}
		if u := dir.kustomization; u != nil && u.fact.Apart && !u.named {
			const reason = "kustomize components that no kustomization uses"
			groups[reason] = append(groups[reason], path.Join(dir.path, u.files[0].Name))
		}
		for _, f := range dir.files {
			if reason := otherTool(f.Name); reason != "" {
				groups[reason] = append(groups[reason], joinPath(dir.path, f.Name))
			}
		}
	}
	for reason, files := range groups {
		slices.Sort(files)
		d.passed = append(d.passed, Passed{Reason: reason, Files: files})
	}
	slices.SortFunc(d.passed, func(a, b Passed) int { return strings.Compare(a.Reason, b.Reason) })
}

// otherTool names the tool whose source of manifests a file is, "" for none that is known by name.
func otherTool(name string) string {
	switch {
	case strings.HasPrefix(name, "helmfile.") || strings.HasSuffix(name, ".helmfile.yaml"):
		return "helmfile"
	case strings.HasSuffix(name, ".jsonnet"), strings.HasSuffix(name, ".libsonnet"):
		return "jsonnet"
	case strings.HasSuffix(name, ".cue"):
		return "CUE"
	case strings.HasSuffix(name, ".j2"), strings.HasSuffix(name, ".gotmpl"), strings.HasSuffix(name, ".tpl"),
		strings.HasSuffix(name, ".yaml.tmpl"), strings.HasSuffix(name, ".yaml.tftpl"):
		return "templates"
	case name == "Pulumi.yaml":
		return "Pulumi"
	case strings.HasSuffix(name, ".dhall"):
		return "Dhall"
	case name == "cdk8s.yaml":
		return "cdk8s"
	}
	return ""
}
