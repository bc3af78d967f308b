package manifests

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// helmRoots makes roots of the charts, with each set of values.
func (d *discoverer) helmRoots() {
	var charts []*unit
	for _, u := range d.units {
		if u.kind == Helm && u.dir.wanted && !u.fact.Apart {
			charts = append(charts, u)
		}
	}
	slices.SortFunc(charts, func(a, b *unit) int { return strings.Compare(a.dir.path, b.dir.path) })
	for _, u := range charts {
		nameUsed(u)
	}
	found := map[string]bool{} // roots that the policy names
	for _, v := range d.options.Helm {
		if root := v.root(); d.wanted(root.Dir) && !found[root.Path] {
			found[root.Path] = true
			d.checkVariant(root)
			d.roots = append(d.roots, root)
		}
	}
	for _, u := range unused(charts) {
		for _, root := range d.chartRoots(u) {
			if !found[root.Path] {
				d.roots = append(d.roots, root)
			}
		}
	}
}

// root returns the root that the variant asks for.
func (v HelmVariant) root() Root {
	values := make([]string, len(v.Values))
	for i, file := range v.Values {
		values[i] = path.Clean(file)
	}
	root := chartRoot(path.Clean(v.Chart), values)
	if v.Release != "" {
		root.Release = v.Release
	}
	if v.Namespace != "" {
		root.Namespace = v.Namespace
	}
	return root
}

// chartRoot returns the root of the chart at dir with values files, relative to the tree, over its own.
func chartRoot(dir string, values []string) Root {
	root := Root{Path: dir, Kind: Helm, Dir: dir, Values: values, Release: defaultRelease, Namespace: defaultNamespace}
	names := make([]string, len(values))
	for i, file := range values {
		names[i] = file
		if rel, err := filepath.Rel(dir, file); err == nil {
			names[i] = filepath.ToSlash(rel)
		}
	}
	if len(names) > 0 {
		root.Path += "#" + strings.Join(names, ",")
	}
	return root
}

// checkVariant says what a root that the policy names lacks. It is a root all the same, so that it is seen to fail.
func (d *discoverer) checkVariant(root Root) {
	for _, file := range append([]string{path.Join(root.Dir, chartFile)}, root.Values...) {
		if info, err := d.tree.Stat(file); err != nil || info.Kind != source.File {
			d.problem(Problem{File: file, Root: root.Path, Reason: "roots.helm of the policy names it, but it is not there"})
		}
	}
}

// chartRoots returns the chart with its default values and with each of its variants that the policy does not
// take up itself.
func (d *discoverer) chartRoots(u *unit) []Root {
	dir := u.dir.path
	named := map[string]bool{}
	for _, v := range d.options.Helm {
		for _, file := range v.Values {
			named[path.Clean(file)] = path.Clean(v.Chart) == dir || named[path.Clean(file)]
		}
	}
	roots := []Root{chartRoot(dir, nil)}
	for _, file := range d.variantFiles(u.dir) {
		if !named[file] {
			roots = append(roots, chartRoot(dir, []string{file}))
		}
	}
	return roots
}

// variantFiles returns the values files of a chart's variants.
func (d *discoverer) variantFiles(dir *directory) (files []string) {
	for _, f := range dir.files {
		if variantName(f.Name) {
			files = append(files, joinPath(dir.path, f.Name))
		}
	}
	if ci := d.byPath[path.Join(dir.path, "ci")]; ci != nil {
		for _, f := range ci.files {
			if strings.HasSuffix(f.Name, "-values.yaml") {
				files = append(files, joinPath(ci.path, f.Name))
			}
		}
	}
	return files
}

// variantName reports whether a file beside a chart is a further set of values: values-prod.yaml, values.prod.yaml.
func variantName(name string) bool {
	stem, ok := strings.CutSuffix(name, ".yaml")
	if !ok {
		stem, ok = strings.CutSuffix(name, ".yml")
	}
	return ok && len(stem) > len("values-") && (strings.HasPrefix(stem, "values-") || strings.HasPrefix(stem, "values."))
}
