package manifests

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Naming returns the files of a discovered tree, templates of charts among them, whose text may hold objects of kinds.
func (d *Discovery) Naming(ctx context.Context, tree source.Tree, kinds []string) ([]string, error) {
	s := &indexSearch{discoverer: &discoverer{ctx: ctx, tree: tree, options: d.options}, kinds: kinds}
	if _, err := d.indexable(ctx, tree); err != nil { // which knows the directories from then on
		return nil, err
	}
	var questions []asked
	for _, dir := range d.dirs {
		if len(d.options.Ignore) > 0 && matchAbove(d.options.Ignore, dir.path) {
			continue
		}
		for _, f := range dir.files {
			if manifestName(f.Name) || path.Ext(f.Name) == ".tpl" {
				questions = append(questions, asked{joinPath(dir.path, f.Name), f.ID, kindsKind})
			}
		}
	}
	for _, now := range d.edited {
		if i := slices.IndexFunc(questions, func(q asked) bool { return q.path == now.Path }); i >= 0 {
			questions[i].id = now.ID
		}
	}
	s.gather(questions)
	var files []string
	for _, q := range questions {
		if says := s.factOf(q.path, q.id, kindsKind); s.wants(says.Files) {
			files = append(files, q.path)
		}
	}
	return files, ctx.Err()
}

// Reaches tells which roots lead to files, by what they name.
type Reaches struct {
	reacher *reacher
	files   []string
}

// Reaching makes a Reaches of files of a discovered tree. A nil discovery reaches nothing.
func (d *Discovery) Reaching(files []string) *Reaches {
	return &Reaches{d.reacher(files), files}
}

// By returns those of the files to which what a root names leads. A root with a deployment names the directory that it
// renders and what that names, and the files that what lies over it is from.
func (r *Reaches) By(root *Root) []string {
	if root.Deployment == nil {
		return mergeSorted(r.reacher.because(root), nil)
	}
	inner := *root
	inner.Kind, inner.Deployment = root.Deployment.Render, nil
	because := r.reacher.because(&inner)
	if !strings.HasPrefix(root.Dir, ".landwaiter") {
		because = append(because, r.reacher.at(root.Dir)...)
	}
	for _, dir := range slices.Concat(root.Deployment.Dirs, root.Deployment.Watch) {
		because = append(because, r.reacher.at(dir)...)
	}
	named := root.Deployment.files()
	for _, file := range r.files {
		if named[file] {
			because = append(because, file)
		}
	}
	return mergeSorted(because, nil)
}

// files are the files in which what makes the deployment is written.
func (d *Deployment) files() map[string]bool {
	files := make(map[string]bool)
	add := func(o Origin) {
		for _, frame := range o {
			files[frame.Span.File] = true
		}
	}
	add(d.At)
	for _, laid := range d.Laid {
		for _, line := range laid.Lines {
			add(line)
		}
	}
	for _, made := range d.After.Adds {
		for _, line := range made.Lines {
			add(line)
		}
	}
	for _, set := range []map[string]Variable{d.After.Variables, d.After.Labels, d.After.Annotations} {
		for _, v := range set {
			add(v.At)
		}
	}
	add(d.After.Namespace.At)
	if d.Chart != nil {
		add(d.Chart.At)
	}
	return files
}
