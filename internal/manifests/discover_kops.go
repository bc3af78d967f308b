package manifests

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// KopsTemplate is a kops template with its values, as the policy's roots.kops names it.
type KopsTemplate struct {
	Template string   // a file, or a directory of which each file is one
	Values   []string // values files, later ones win
	Snippets string   // a directory; "" for none
}

// kopsRoots makes roots of the kops templates that the policy names. Nothing about a file says that it is one, so that
// none is found by itself. The first of a root's files is the template, the others are its snippets.
func (d *discoverer) kopsRoots() {
	for _, t := range d.options.Kops {
		values := make([]string, len(t.Values))
		for i, file := range t.Values {
			values[i] = path.Clean(file)
			d.checkKops(file)
		}
		var snippets []string
		if t.Snippets != "" {
			snippets = d.filesBelow(path.Clean(t.Snippets))
		}
		for _, template := range d.filesBelow(path.Clean(t.Template)) {
			root := kopsRoot(template, values)
			root.Files = append(root.Files, snippets...)
			if d.wanted(root.Dir) {
				d.roots = append(d.roots, root)
			}
		}
	}
}

// kopsRoot returns the root of a template with values files.
func kopsRoot(template string, values []string) Root {
	root := Root{Path: template, Kind: Kops, Dir: path.Dir(template), Values: values, Files: []string{template}}
	names := make([]string, len(values))
	for i, file := range values {
		names[i] = file
		if rel, err := filepath.Rel(root.Dir, file); err == nil {
			names[i] = filepath.ToSlash(rel)
		}
	}
	if len(names) > 0 {
		root.Path += "#" + strings.Join(names, ",")
	}
	return root
}

// filesBelow lists the files of a directory, or a file itself. One that is not there is a root all the same, so that it
// is seen to fail.
func (d *discoverer) filesBelow(name string) (files []string) {
	info, err := d.tree.Stat(name)
	if err != nil || info.Kind != source.Dir {
		d.checkKops(name)
		return []string{name}
	}
	walked := source.Walk(d.tree, name, func(f source.Info) error {
		if f.Kind == source.File {
			files = append(files, f.Path)
		}
		return nil
	})
	if walked != nil {
		d.problem(Problem{File: name, Reason: "roots.kops of the policy names it, but it cannot be listed: " + walked.Error()})
	}
	return files
}

func (d *discoverer) checkKops(file string) {
	if info, err := d.tree.Stat(path.Clean(file)); err != nil || info.Kind != source.File {
		d.problem(Problem{File: file, Reason: "roots.kops of the policy names it, but it is not there"})
	}
}
