// Package kops renders the templates of kops clusters as "kops toolbox template" does: a template with values files, the
// later ones over the earlier ones, and snippets that it includes by their names.
//
// kops' templates are Go templates with functions of sprig, as Helm's are, whose dot is the values. So a template is
// rendered as the one template of a chart that is made up around it, by the same execution, with the same limits and the
// same knowledge of lines, but with the functions that kops has.
//
// Some things differ from kops. A value that is missing renders as nothing where kops fails, or writes "<no value>" if it
// is told not to. The functions that ask kops' release channels ask nobody: what they stand for is left open, and a note
// says so. The environment is not read either: a template with env or expandenv fails. Methods of
// values, as of what now returns, are called, which kops does before 1.37.
package kops

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Inflater renders charts.
type Inflater interface {
	// Release renders release out of tree. An error is a *manifests.RenderError where the chart or its values are at fault.
	Release(ctx context.Context, tree source.Tree, release manifests.ChartRelease, settings manifests.Settings) (objects []*manifests.Object, notes []string, err error)
}

// Renderer renders roots of kind Kops. It has no state.
type Renderer struct{ charts Inflater }

// New makes a renderer that executes templates with charts.
func New(charts Inflater) *Renderer { return &Renderer{charts} }

// chartDir is the chart that is made up around a template, in which all templates are partial but the one that calls it.
const chartDir = ".landwaiter-kops"

// Render renders the template root.Files[0] with root.Values; the other files are its snippets. It implements
// manifests.Renderer.
func (r *Renderer) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, error) {
	w, err := wrap(tree, root)
	if err != nil {
		return nil, err
	}
	objects, notes, err := r.charts.Release(ctx, w.tree, manifests.ChartRelease{Dir: chartDir, ValuesFiles: root.Values, Kops: true}, settings)
	var failed *manifests.RenderError
	switch {
	case errors.As(err, &failed):
		return nil, w.failure(failed)
	case err != nil:
		return nil, err
	}
	for _, o := range objects {
		for i := range o.Origins {
			o.Origins[i] = w.origin(o.Origins[i])
		}
	}
	for i := range notes {
		notes[i] = w.text(notes[i])
	}
	return &manifests.Rendering{Root: root, Objects: objects, Notes: notes}, nil
}

// wrapped is a tree with a chart around a template.
type wrapped struct {
	tree     source.Tree
	template string
	files    map[string]string // the paths of the tree's files by those in the chart
}

// wrap makes the chart. Every file stands in it as it is, and is called by the name that Helm gives to it, so that it may
// define templates itself.
func wrap(tree source.Tree, root manifests.Root) (*wrapped, error) {
	w := &wrapped{template: root.Files[0], files: make(map[string]string)}
	files := make(map[string][]byte)
	called := make(map[string]string) // files by the names of snippets
	for i, file := range root.Files {
		text, err := tree.ReadFile(file)
		if err != nil {
			return nil, &manifests.RenderError{Reason: "the template or snippet cannot be read: " + err.Error(), Span: source.Span{File: file}, Cause: err}
		}
		name := fmt.Sprintf("templates/_%d.tpl", i)
		w.files[path.Join(chartDir, name)] = file
		files[path.Join(chartDir, name)] = text
		if i > 0 {
			called[path.Base(file)] = name // of equal names the last one counts
		}
	}
	var snippets strings.Builder
	for _, name := range slices.Sorted(maps.Keys(called)) {
		fmt.Fprintf(&snippets, "{{define %q}}{{template %q .}}{{end}}", name, "kops/"+called[name])
	}
	files[path.Join(chartDir, "Chart.yaml")] = []byte("apiVersion: v2\nname: kops\nversion: 0.0.0\n")
	files[path.Join(chartDir, "templates/_snippets.tpl")] = []byte(snippets.String())
	files[path.Join(chartDir, "templates/cluster.yaml")] = []byte(`{{template "kops/templates/_0.tpl" .Values}}`)
	chart, err := source.Memory(files, source.Limits{})
	if err != nil {
		return nil, &manifests.RenderError{Reason: "the template cannot be rendered: " + err.Error(), Span: source.Span{File: root.Files[0]}, Cause: err}
	}
	w.tree = beside{tree, chart}
	return w, nil
}

// beside is a tree with the chart in it. What the tree itself has below the chart's directory is hidden.
type beside struct{ tree, chart source.Tree }

func (b beside) of(name string) source.Tree {
	if clean := path.Clean(name); clean == chartDir || strings.HasPrefix(clean, chartDir+"/") {
		return b.chart
	}
	return b.tree
}

// Stat implements source.Tree.
func (b beside) Stat(name string) (source.Info, error) { return b.of(name).Stat(name) }

// ReadFile implements source.Tree.
func (b beside) ReadFile(name string) ([]byte, error) { return b.of(name).ReadFile(name) }

// ReadDir implements source.Tree.
func (b beside) ReadDir(name string) ([]source.Info, error) { return b.of(name).ReadDir(name) }

// span is a place of the chart as one of the tree; false for what only the chart has.
func (w *wrapped) span(s source.Span) (source.Span, bool) {
	from, ok := w.files[s.File]
	if !ok {
		return s, !strings.HasPrefix(s.File, chartDir+"/")
	}
	s.File = from
	return s, true
}

// origin is an origin without the places that only the chart has.
func (w *wrapped) origin(o manifests.Origin) manifests.Origin {
	kept := make(manifests.Origin, 0, len(o))
	for _, frame := range o {
		var ok bool
		if frame.Span, ok = w.span(frame.Span); ok {
			kept = append(kept, frame)
		}
	}
	return kept
}

func (w *wrapped) failure(e *manifests.RenderError) error {
	failed := *e
	span, ok := w.span(e.Span)
	if !ok {
		span = source.Span{File: w.template}
	}
	failed.Span, failed.Reason = span, w.text(e.Reason)
	return &failed
}

// text is a message with the files' own names.
func (w *wrapped) text(s string) string {
	for at, from := range w.files {
		s = strings.ReplaceAll(s, at, from)
		s = strings.ReplaceAll(s, "kops/templates/"+path.Base(at), from)
	}
	return s
}
