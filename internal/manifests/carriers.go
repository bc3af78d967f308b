package manifests

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// naming begins the kinds of what Naming found, so that it is kept with, and told from, what IndexObjects did.
const naming = "named by text"

// Naming returns the files of a discovered tree, templates of charts among them, whose text may hold objects of kinds,
// sorted. A discovery that is kept keeps them too; of one that follows another only the edited files are looked at.
func (d *Discovery) Naming(ctx context.Context, tree source.Tree, kinds []string) ([]string, error) {
	s := &indexSearch{discoverer: &discoverer{ctx: ctx, tree: tree, options: d.options}, kinds: kinds}
	key := append([]string{naming}, kinds...)
	if x := d.indexOf(key); x != nil {
		return slices.Clone(x.files), nil
	}
	var files []string
	var questions []asked
	if d.before != nil && d.before.indexOf(key) != nil {
		files = d.unedited(d.before.indexOf(key).files)
		questions = d.editedCarriers()
	} else {
		if _, err := d.indexable(ctx, tree); err != nil { // which knows the directories from then on
			return nil, err
		}
		questions = d.carriers()
	}
	s.gather(questions)
	for _, q := range questions {
		if says := s.factOf(q.path, q.id, kindsKind); s.wants(says.Files) {
			files = append(files, q.path)
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	slices.Sort(files)
	d.indexes = append(d.indexes, &kindIndex{kinds: key, files: files})
	return slices.Clone(files), nil
}

// carriers are the questions that all files of a tree are asked.
func (d *Discovery) carriers() (questions []asked) {
	edited := make(map[string]string, len(d.edited))
	for _, now := range d.edited {
		edited[now.Path] = now.ID
	}
	for _, dir := range d.dirs {
		if len(d.options.Ignore) > 0 && matchAbove(d.options.Ignore, dir.path) {
			continue
		}
		for _, f := range dir.files {
			if isCarrier(f.Name) {
				file, id := joinPath(dir.path, f.Name), f.ID
				if now, ok := edited[file]; ok {
					id = now // none for what is not in Git's objects
				}
				questions = append(questions, asked{file, id, kindsKind})
			}
		}
	}
	return questions
}

// editedCarriers are the questions that those files are asked which are others than in the discovery before.
func (d *Discovery) editedCarriers() (questions []asked) {
	for _, now := range d.edited {
		within := slices.ContainsFunc(d.dirs, func(dir *directory) bool { return dir.path == parentDir(now.Path) })
		if within && isCarrier(path.Base(now.Path)) && (len(d.options.Ignore) == 0 || !matchAbove(d.options.Ignore, parentDir(now.Path))) {
			questions = append(questions, asked{now.Path, now.ID, kindsKind})
		}
	}
	return questions
}

// unedited returns those of files that are as they were in the discovery before.
func (d *Discovery) unedited(files []string) []string {
	return slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		return slices.ContainsFunc(d.edited, func(now source.Info) bool { return now.Path == file })
	})
}

func isCarrier(name string) bool { return manifestName(name) || path.Ext(name) == ".tpl" }

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
	// What it names is not there, or is a chart that nobody can find: only the files that say so lead to it.
	nowhere := root.Dir == "." && inner.Kind == "" || root.Kind == Flux && inner.Kind == Helm && root.Deployment.Skip != "" && path.Clean(root.Dir) == "."
	if nowhere {
		inner.Kind = Plain
	}
	because := r.reacher.because(&inner)
	if !nowhere && !strings.HasPrefix(root.Dir, ".landwaiter") {
		because = append(because, r.reacher.at(root.Dir)...)
	}
	d := root.Deployment
	because = append(because, r.reacher.becauseOfDirs(slices.Concat(d.Dirs, d.Below, d.Components))...)
	for _, dir := range slices.Concat(d.Dirs, d.Watch) {
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
