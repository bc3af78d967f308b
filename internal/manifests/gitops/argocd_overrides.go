package gitops

import (
	"fmt"
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// overrideFiles are the files in the directory of an Application's source whose settings go over its own, in the order in
// which they do (user guide, "Parameter Overrides", "Store Overrides In Git"). Argo CD Image Updater writes them. One of an
// Application that is not in Argo CD's own namespace has that in its name.
func overrideFiles(o *manifests.Object) []string {
	return []string{".argocd-source.yaml", ".argocd-source-" + o.Name + ".yaml", ".argocd-source-" + o.Namespace + "_" + o.Name + ".yaml"}
}

// withOverrides is an Application with the settings of such files put over those of one source, and that source. Where a
// source lies, and at what revision, they do not change.
func (w *World) withOverrides(o *manifests.Object, s manifests.Field) (*manifests.Object, manifests.Field, *manifests.RenderError) {
	at := s.Get("path")
	if at.Text() == "" || s.Get("chart").Text() != "" {
		return o, s, nil
	}
	where := w.sourceAt(o, s, at.Text())
	dir, ok := within(where.dir, at.Text())
	if where.why != "" || !ok {
		return o, s, nil
	}
	for _, name := range overrideFiles(o) {
		file := path.Join(dir, name)
		if path.Base(name) != name || !w.isFile(file) { // names of objects in files may be anything
			continue
		}
		changed, err := w.overriddenBy(o, s, file)
		if err != nil {
			return o, s, failureAt(originOf(o, at), fmt.Sprintf("%s, which overrides settings of Application %s: %s", where.called(file), o.Name, manifests.Discreet(err.Error())), err)
		}
		o, s = changed, changed.Lookup(s.Path())
	}
	return o, s, nil
}

// overriddenBy is an Application with what a file says put over one source.
func (w *World) overriddenBy(o *manifests.Object, s manifests.Field, file string) (*manifests.Object, error) {
	text, err := w.repository.Tree.ReadFile(file)
	if err != nil {
		return nil, err
	}
	node, err := manifests.ParseYAML(text)
	if err != nil || node == nil {
		return o, err
	}
	says := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: 1}
	for _, e := range manifests.NewField(node, "").Entries() {
		switch e.Key {
		case "helm", "kustomize", "directory", "plugin":
			says.Content = append(says.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: e.Key}, e.Value.Node())
		}
	}
	d := newDraft(o.Field(), of(o))
	manifests.NewField(d.node, "").Walk(func(f manifests.Field) {
		if f.Path() == s.Path() && f.IsMap() {
			d.merge(f.Node(), manifests.NewField(says, ""), inFile(file))
		}
	})
	return d.object(o)
}
