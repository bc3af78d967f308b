package controlplane

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// document is a piece of configuration for a component: an object of the root, a document within a text of one, or
// what Cluster API's objects hold of kubeadm's.
type document struct {
	manifests.Field // the whole document
	kind, group     string
	owner           *manifests.Object
	text            manifests.Field // what holds the document; absent when it is the owner or a part of it
	offset          int             // lines of the text before the document
}

// place is where something is written, or would be.
type place struct {
	owner *manifests.Object
	field manifests.Field
	line  int // of the field's text, from 1; 0 for the field itself
}

// report notes a violation at the place.
func (at place) report(p *review.Pass, format string, args ...any) *review.Draft {
	d := p.ReportOn(at.owner, at.field, format, args...)
	if at.line > 0 {
		d.Line(at.line)
	}
	return d
}

// place says where a field of the document stands in the source.
func (d document) place(f manifests.Field) place {
	if !d.text.Exists() {
		return place{owner: d.owner, field: f}
	}
	return place{owner: d.owner, field: d.text, line: d.offset + lineOf(d.Field, f.Path())}
}

// set makes the change of a fix; none for what is written within a text.
func (d document) set(f manifests.Field, value any) []review.Op {
	if d.text.Exists() {
		return nil
	}
	return []review.Op{review.Set(f, value)}
}

// lineOf returns the line of the key or item at path, or of the nearest above it that is written.
func lineOf(f manifests.Field, path string) int {
	if f.Node() == nil {
		return 1
	}
	line := f.Node().Line
	for {
		child, at := childTowards(f, path)
		if child.Node() == nil {
			return line
		}
		f, line = child, at
	}
}

// childTowards returns the entry or item of f that path leads through, and its line.
func childTowards(f manifests.Field, path string) (manifests.Field, int) {
	leads := func(to string) bool {
		rest, ok := strings.CutPrefix(path, to)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	for i, e := range f.Entries() {
		if leads(e.Value.Path()) {
			return e.Value, f.Node().Content[2*i].Line
		}
	}
	for _, item := range f.Items() {
		if leads(item.Path()) {
			return item, item.Node().Line
		}
	}
	return manifests.Field{}, 0
}

// configGroups are the API groups whose documents configure components; a text without any of them is not parsed.
var configGroups = []string{
	"kubeadm.k8s.io", "kubelet.config.k8s.io", "kubescheduler.config.k8s.io", "apiserver.config.k8s.io",
	"apiserver.k8s.io", "audit.k8s.io", "EncryptionConfig", "insecure-skip-tls-verify", "certificate-authority",
	"imagePolicy",
}

// isConfig reports whether documents of a kind configure a component, or say how to call one.
func isConfig(kind, group string) bool {
	return slices.Contains(configGroups, group) || group == "" && (kind == "Config" || kind == "EncryptionConfig")
}

// maxText is how many bytes of one text are read: no configuration of a component comes near it.
const maxText = 1 << 20

// documents lists all configuration of a root.
func documents(v *review.RootView) []document {
	var found []document
	for _, o := range v.Objects {
		if isConfig(o.Kind, o.Group()) {
			found = append(found, document{Field: o.Field(), kind: o.Kind, group: o.Group(), owner: o})
		}
		found = append(found, clusterAPI(o)...)
		for text := range texts(o) {
			found = append(found, text.documents(o)...)
		}
	}
	return found
}

// clusterAPI lists what Cluster API's control planes and templates hold of kubeadm's configuration.
func clusterAPI(o *manifests.Object) []document {
	var found []document
	for _, spec := range clusterAPISpecs(o) {
		for key, kind := range map[string]string{
			"clusterConfiguration": "ClusterConfiguration", "initConfiguration": "InitConfiguration", "joinConfiguration": "JoinConfiguration",
		} {
			if at := spec.Get(key); at.IsMap() {
				found = append(found, document{Field: at, kind: kind, group: "kubeadm.k8s.io", owner: o})
			}
		}
	}
	return found
}

func clusterAPISpecs(o *manifests.Object) []manifests.Field {
	if !strings.HasSuffix(o.Group(), "cluster.x-k8s.io") {
		return nil
	}
	spec := o.Field().Get("spec")
	return []manifests.Field{spec, spec.Get("kubeadmConfigSpec"), spec.Get("template", "spec"), spec.Get("template", "spec", "kubeadmConfigSpec")}
}

// text is a text of an object that may be a configuration file.
type text struct {
	at    manifests.Field
	value string // decoded, where it stands in Base64
}

// texts lists the texts of an object that become files.
func texts(o *manifests.Object) iter.Seq[text] {
	return func(yield func(text) bool) {
		switch group := o.Group(); {
		case group == "" && (o.Kind == "ConfigMap" || o.Kind == "Secret"):
			eachValue(o, yield)
		case group == "kops.k8s.io", group == "kops":
			eachAsset(o, yield)
		}
		for _, spec := range clusterAPISpecs(o) {
			for _, file := range spec.Get("files").Items() {
				at := file.Get("content")
				if at.Text() != "" && !yield(text{at, at.Text()}) {
					return
				}
			}
		}
	}
}

// eachValue visits the values of a ConfigMap or Secret.
func eachValue(o *manifests.Object, yield func(text) bool) {
	for _, list := range []string{"data", "stringData"} {
		for _, at := range o.Field().Get(list).EachEntry() {
			t := text{at, at.Text()}
			if o.Kind == "Secret" && list == "data" {
				t.value = fromBase64(t.value)
			}
			if t.value != "" && !yield(t) {
				return
			}
		}
	}
}

// eachAsset visits the files that kops puts onto machines.
func eachAsset(o *manifests.Object, yield func(text) bool) {
	for _, asset := range o.Field().Get("spec", "fileAssets").Items() {
		t := text{asset.Get("content"), asset.Get("content").Text()}
		if decoded := fromBase64(t.value); decoded != "" && asset.Get("isBase64").True() {
			t.value = decoded
		}
		if t.value != "" && !yield(t) {
			return
		}
	}
}

// fromBase64 decodes a text; "" for one that is not encoded.
func fromBase64(text string) string {
	if plain, ok := review.FromBase64(text); ok {
		return plain
	}
	return ""
}

// documents parses a text, as far as it may hold configuration. What is no YAML is no configuration of a component.
func (t text) documents(o *manifests.Object) []document {
	if !mentions(t.value) {
		return nil
	}
	return t.parse(o)
}

// parse returns the mappings and lists that a text holds.
func (t text) parse(o *manifests.Object) []document {
	if len(t.value) > maxText {
		return nil
	}
	var found []document
	for _, part := range manifests.SplitDocuments([]byte(t.value)) {
		node, err := manifests.ParseYAML(part.Data)
		if err != nil || node == nil || node.Kind == yaml.ScalarNode {
			continue
		}
		f := manifests.NewField(node, "")
		id := manifests.Identity{APIVersion: f.Get("apiVersion").Text()}
		found = append(found, document{Field: f, kind: f.Get("kind").Text(), group: id.Group(), owner: o, text: t.at, offset: part.Line - 1})
	}
	return found
}

func mentions(text string) bool {
	for _, word := range configGroups {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}
