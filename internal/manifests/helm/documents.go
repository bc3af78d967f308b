package helm

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// What one rendering may give.
const (
	maxOutput    = 32 << 20
	maxDocuments = 20_000
	maxListDepth = 8
)

// document is one document that a template printed.
type document struct {
	template string
	text     string
	line     int  // of the template's output, from 1, on which text begins
	column   int  // bytes of that line before text
	plain    bool // no template's output, but a file as it stands

	parsed bool // then what came of it
	node   *yaml.Node
	err    error
}

// documents cuts what the templates printed into documents, by the templates' names. Partials and NOTES.txt are no manifests.
func (j *job) documents(outputs map[string]string) ([]document, error) {
	var docs []document
	for _, name := range sortedKeys(outputs) {
		output := outputs[name]
		if isPartial(name) || strings.HasSuffix(name, "NOTES.txt") || strings.TrimSpace(output) == "" {
			continue
		}
		texts := j.line.split(output)
		cursor := 0
		for i := range len(texts) {
			text := texts[fmt.Sprintf("manifest-%d", i)]
			cursor += max(strings.Index(output[cursor:], text), 0)
			// Helm ends a document with a line break on printing, which a block scalar at its end may keep.
			docs = append(docs, document{
				template: name, text: text + "\n", line: 1 + strings.Count(output[:cursor], "\n"),
				column: cursor - 1 - strings.LastIndexByte(output[:cursor], '\n'),
			})
			cursor += len(text)
		}
		if len(docs) > maxDocuments {
			return nil, j.at(name, 0, fmt.Sprintf("the chart renders more than %d documents", maxDocuments))
		}
	}
	return docs, nil
}

// at is an error in a template.
func (j *job) at(template string, line int, reason string) error {
	place := j.places[template]
	if place.origin == nil {
		return &manifests.RenderError{Reason: reason, Span: j.chart.span(chartYAML, 0)}
	}
	if place.archive != "" {
		reason = place.show(place.file) + ": " + reason
	}
	return &manifests.RenderError{Reason: reason, Span: place.span(place.file, line)}
}

// objects makes the objects of a release out of what its templates printed: CRDs, manifests, then hooks.
func (j *job) objects(outputs map[string]string) ([]*manifests.Object, error) {
	var err error
	if j.settings.Lines {
		if j.tracer, err = newTracer(j); err != nil {
			return nil, err
		}
	}
	all, err := j.crds()
	if err != nil {
		return nil, err
	}
	docs, err := j.documents(outputs)
	if err != nil {
		return nil, err
	}
	order, err := j.order(docs)
	if err != nil {
		return nil, err
	}
	for _, i := range order.generic {
		if all, err = j.appendObjects(all, docs[i]); err != nil {
			return nil, err
		}
	}
	for _, i := range order.hooks {
		if j.rel.SkipHooks || j.rel.SkipTests && order.tests[i] {
			continue
		}
		if all, err = j.appendObjects(all, docs[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var sortError = regexp.MustCompile(`(?s)^YAML parse error on (\d{7}): (.*)$`)

// order sorts documents as Helm does. Hooks whose events Helm does not know are left out by it; a note says so.
func (j *job) order(docs []document) (ordered, error) {
	texts := make(map[string]string, len(docs))
	for i := range docs {
		texts[docKey(i)] = docs[i].text
		if node, err := docs[i].parse(); err == nil {
			if head, ok := headOf(docs[i].text, node); ok {
				texts[docKey(i)] = head
			}
		}
	}
	order, err := j.line.order(texts)
	if err != nil {
		if m := sortError.FindStringSubmatch(err.Error()); m != nil {
			return order, j.yamlError(docs[docIndex(m[1])], errors.New(m[2]))
		}
		return order, fmt.Errorf("sort what the chart renders: %w", err)
	}
	kept := make([]bool, len(docs))
	for _, i := range append(append([]int(nil), order.generic...), order.hooks...) {
		kept[i] = true
	}
	for i, d := range docs {
		if !kept[i] && strings.TrimSpace(d.text) != "" {
			j.noteDocument(d, "is a hook with an event that Helm does not know, and is left out")
		}
	}
	return order, nil
}

// noteDocument adds what a reader should know of a document.
func (j *job) noteDocument(d document, text string) {
	place := j.places[d.template]
	j.note(fmt.Sprintf("%s: the document on line %d of its output %s", place.show(place.file), d.line, text))
}

// yamlError says that a document is not YAML, at the template line that printed the line the parser names.
func (j *job) yamlError(d document, err error) error {
	line := d.line + max(yamlErrorLine(err)-1, 0)
	reason := fmt.Sprintf("line %d of what the template prints is not usable YAML: %s", line, manifests.Discreet(err.Error()))
	if lines := j.lines[d.template]; line <= len(lines) && len(lines[line-1].Frames) > 0 {
		frame := lines[line-1].Frames[0]
		return j.at(frame.Template, frame.Line, reason)
	}
	return j.at(d.template, 0, reason)
}

// appendObjects adds the objects of a document; the items of a List are objects of their own.
func (j *job) appendObjects(all []*manifests.Object, d document) ([]*manifests.Object, error) {
	node, err := d.parse()
	if err != nil {
		return nil, j.yamlError(d, err)
	}
	if node == nil || node.Tag == "!!null" {
		return all, nil
	}
	nodes, err := flatten(node, 0)
	if err != nil {
		return nil, j.yamlError(d, err)
	}
	for _, n := range nodes {
		object, err := objectOf(d, node, n)
		if err != nil && !errors.Is(err, manifests.ErrNotObject) {
			return nil, j.yamlError(d, err)
		}
		if err != nil {
			j.noteDocument(d, "is not a Kubernetes object: it "+err.Error())
			continue
		}
		object.Hook = object.Field().Get("metadata", "annotations", "helm.sh/hook").Text()
		if j.tracer != nil {
			object.Origins = j.tracer.origins(d, n)
		}
		all = append(all, object)
	}
	if len(all) > maxDocuments {
		return nil, j.at(d.template, 0, fmt.Sprintf("the chart renders more than %d objects", maxDocuments))
	}
	return all, nil
}

// flatten returns the objects of a document: the items of a list, however nested, or the document itself.
func flatten(node *yaml.Node, depth int) ([]*yaml.Node, error) {
	f := manifests.NewField(node, "")
	if !manifests.IsList(f) {
		return []*yaml.Node{node}, nil
	}
	if depth >= maxListDepth {
		return nil, errors.New("lists are nested too deep")
	}
	var all []*yaml.Node
	for _, item := range manifests.ListItems(f) {
		objects, err := flatten(item, depth+1)
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}

// objectOf makes an object of n, which is the whole of a document's node or an item in it.
func objectOf(d document, node, n *yaml.Node) (*manifests.Object, error) {
	if n == node {
		return manifests.NewParsedObject([]byte(d.text), n)
	}
	raw, err := marshal(n)
	if err != nil {
		return nil, err
	}
	return manifests.NewObject(raw)
}

func marshal(node *yaml.Node) ([]byte, error) {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(node); err != nil {
		return nil, err
	}
	return text.Bytes(), encoder.Close()
}

// crds returns the objects of the crds/ directories that are asked for.
func (j *job) crds() ([]*manifests.Object, error) {
	if !j.rel.IncludeCRDs && !j.rel.Strays {
		return nil, nil
	}
	all, err := j.chartCRDs(nil, j.installed.root)
	if !j.rel.IncludeCRDs {
		all = slices.DeleteFunc(all, func(o *manifests.Object) bool { return o.Kind == crdKind })
	}
	return all, err
}

func (j *job) chartCRDs(all []*manifests.Object, n *node) ([]*manifests.Object, error) {
	var err error
	for _, f := range n.files {
		if !isCRDFile(f.name) {
			continue
		}
		template := n.path + "/" + f.name
		j.places[template] = place{j.charts.origins[n.id], f.name}
		for _, doc := range manifests.SplitDocuments(f.data) {
			if !j.rel.IncludeCRDs && surelyCRD(doc.Data) {
				continue
			}
			if all, err = j.appendObjects(all, document{template: template, text: string(doc.Data), line: doc.Line, plain: true}); err != nil {
				return nil, err
			}
		}
	}
	for _, dep := range n.deps {
		if all, err = j.chartCRDs(all, dep); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var crdFile = regexp.MustCompile(`(?i)^crds/.*\.(ya?ml|json)$`)

func isCRDFile(name string) bool {
	return strings.HasPrefix(name, "crds/") && crdFile.MatchString(name)
}

const crdKind = "CustomResourceDefinition"

var topKey = regexp.MustCompile(`^(apiVersion|kind|metadata|spec|status):`)

// surelyCRD reports whether a document can be nothing but a CRD, without parsing it: they are large.
func surelyCRD(doc []byte) bool {
	kinds := 0
	for line := range bytes.Lines(doc) {
		switch line = bytes.TrimRight(line, " \r\n"); {
		case len(line) == 0, line[0] == ' ', line[0] == '#':
		case string(line) == "kind: "+crdKind:
			kinds++
		case !topKey.Match(line), bytes.HasPrefix(line, []byte("kind:")):
			return false
		}
	}
	return kinds == 1
}
