package manifests

import (
	"fmt"
	"path"
	"slices"

	"github.com/landwaiter/landwaiter/internal/source"
)

// RootAt returns the root that a path names by itself, whatever uses it: the kustomization or chart in a directory,
// else the directory's own YAML and JSON files, or one such file. The error says what is not there.
func RootAt(tree source.Tree, at string) (Root, error) {
	at = path.Clean(at)
	info, err := tree.Stat(at)
	if err != nil {
		return Root{}, fmt.Errorf("%s: %w", at, err)
	}
	if info.Kind == source.File {
		return rootAtFile(at), nil
	}
	entries, err := tree.ReadDir(at)
	if err != nil {
		return Root{}, fmt.Errorf("%s: %w", at, err)
	}
	root := Root{Path: at, Kind: Plain, Dir: at}
	for _, e := range entries {
		switch name := e.Name; {
		case e.Kind != source.File:
		case isKustomizationName(name):
			return Root{Path: at, Kind: Kustomize, Dir: at}, nil
		case name == chartFile:
			root = chartRoot(at, nil)
		case manifestName(name):
			root.Files = append(root.Files, path.Join(at, name))
		}
	}
	if root.Kind == Helm {
		root.Files = nil
		return root, nil
	}
	if len(root.Files) == 0 {
		return Root{}, fmt.Errorf("%s: holds no kustomization, no chart and no YAML (landwaiter roots lists what renders)", at)
	}
	return root, nil
}

// rootAtFile is the root of the kustomization or chart that a file declares, else of the file alone.
func rootAtFile(file string) Root {
	dir, name := path.Dir(file), path.Base(file)
	switch {
	case isKustomizationName(name):
		return Root{Path: dir, Kind: Kustomize, Dir: dir}
	case name == chartFile:
		return chartRoot(dir, nil)
	}
	return Root{Path: file, Kind: Plain, Dir: dir, Files: []string{file}}
}

// IsKustomization reports whether a file is called as kustomizations are.
func IsKustomization(file string) bool { return isKustomizationName(path.Base(file)) }

func isKustomizationName(name string) bool { return slices.Contains(kustomizationNames(), name) }

// Parts returns the kustomizations that the one of a root takes resources from, each as a root by itself, as far as the
// options want such roots: what can be looked at when the root itself does not render. Components are none.
func (d *Discovery) Parts(root Root) (parts []Root) {
	render := root.Kind
	if root.Deployment != nil {
		render = root.Deployment.Render
	}
	asked := discoverer{options: d.options}
	for _, u := range d.units {
		if u.kind != Kustomize || render != Kustomize || u.dir.path != root.Dir {
			continue
		}
		for _, used := range u.uses {
			if dir := used.dir.path; used.kind == Kustomize && !used.fact.Apart && asked.wanted(dir) {
				parts = append(parts, Root{Path: dir, Kind: Kustomize, Dir: dir})
			}
		}
	}
	return parts
}

// Kustomizations returns the directories of the kustomizations that were read.
func Kustomizations(reads source.ReadSet) (dirs []string) {
	for _, read := range reads {
		if read.Is != "" && isKustomizationName(path.Base(read.Path)) {
			dirs = append(dirs, path.Dir(read.Path))
		}
	}
	return dirs
}
