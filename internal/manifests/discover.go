package manifests

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// DiscoverOptions says which roots are wanted. Paths and patterns are relative to the tree; patterns are those of
// the policy: "*" within one segment of a path, "**" one or more whole segments. The zero value wants everything.
type DiscoverOptions struct {
	Under   []string       // only roots at or below these paths
	Include []string       // only roots whose directory, or one above it, matches one of these patterns
	Ignore  []string       // none whose directory, or one above it, matches one of these
	Owned   []string       // patterns of files that belong to other kinds of roots (kops templates and values)
	Helm    []HelmVariant  // charts with the values and release that the policy names
	Kops    []KopsTemplate // kops templates with the values that the policy names
	Kept    Kept           // what goes on as plain roots
	Memo    *Memo          // remembers what files held in earlier runs; nil for none
}

// Kept says what stays a plain root whatever now reads it; the zero value nothing. Discovering the head of a change
// sets it. Lists are sorted.
type Kept struct {
	Dirs  []string // directories that were plain roots
	Other []string // files in them that kustomizations read before
	Files []string // of which they were made
}

// held reports whether the file at p was part of a plain root.
func (k Kept) held(p string) bool {
	_, held := slices.BinarySearch(k.Files, p)
	return held
}

// has reports whether the file at p, in the directory dir, stays plain.
func (k Kept) has(dir, p string) bool {
	_, kept := slices.BinarySearch(k.Dirs, dir)
	_, other := slices.BinarySearch(k.Other, p)
	return kept && !other
}

// HelmVariant is a chart with a set of values, as the policy's roots.helm names it.
type HelmVariant struct {
	Chart     string   // the chart's directory
	Values    []string // values files, later ones win
	Release   string   // "" for "release-name"
	Namespace string   // "" for "default"
}

// The release of a chart for which nothing else is said, as "helm template" has it.
const (
	defaultRelease   = "release-name"
	defaultNamespace = "default"
)

// Discovery is what a tree holds: its roots, and what must be said about what became none.
type Discovery struct {
	Roots    []Root // sorted by path, then kind
	Problems []Problem
	Passed   []Passed

	options DiscoverOptions
	dirs    []*directory
	stored  bool // the directories are without their files
	units   []*unit
	claimed pathSet           // files that kustomizations read
	partial pathSet           // those of them that are no resources
	configs pathSet           // those of them that configure generators, transformers and validators
	links   map[string]string // symbolic links, to what they lead to

	indexes []*kindIndex  // what was looked for
	before  *Discovery    // of which this one differs only in the content of some files
	edited  []source.Info // these
}

// pathSet holds paths: as a set, or as a list when few questions are expected.
type pathSet struct {
	set  map[string]bool
	list []string
}

func (s pathSet) has(p string) bool { return s.set[p] || slices.Contains(s.list, p) }

// all returns the paths, in any order.
func (s pathSet) all() []string { return slices.AppendSeq(slices.Clone(s.list), maps.Keys(s.set)) }

func (s pathSet) len() int { return len(s.set) + len(s.list) }

// Problem is something in the tree that cannot be read as it is meant, or is ambiguous. It concerns Root, or
// nothing that renders when Root is "".
type Problem struct {
	File   string // "" for none
	Line   int    // 0 for the whole file
	Reason string
	Root   string // path of the root that will not render because of it
}

// String returns "file:line: reason".
func (p Problem) String() string {
	return (&RenderError{Reason: p.Reason, Span: source.Span{File: p.File, Line: p.Line}}).Error()
}

// Passed is a group of files that look like sources of manifests and are not rendered.
type Passed struct {
	Reason string // what they are
	Files  []string
}

// Discover finds the roots of tree:
//
//   - Each kustomization (kustomization.yaml, kustomization.yml, Kustomization) that is no component and that no
//     wanted kustomization uses, directly or through others. Of a circle of kustomizations that nothing else uses,
//     the first is one, so that its failure is seen.
//   - Each chart (a directory with a Chart.yaml) that is no library, does not lie in charts/ or among the templates
//     of another one, is not a file:// dependency, and is not what a kustomization's helmCharts renders: there it
//     has the values that it is meant to have, its defaults alone would only be noise. Further roots are its values
//     variants: those of the options, ci/*-values.yaml, and values-*.yaml and values.*.yaml beside the chart.
//   - Each directory without a kustomization that directly holds files with Kubernetes objects which no kustomization
//     and no chart reads.
//     A chart owns its own folders (charts, ci, crds, files, templates), not other documents with objects beside its
//     Chart.yaml or below: whoever adds a Chart.yaml above them shall not hide them by that. For the same reason a
//     directory that was a plain root before a change stays one, unless it gets a kustomization of its own.
//   - Each directory with files of Terraform, of a kind that does not render: see RootKind.Renders.
//
// Nothing is rendered. The error is that of a context that ended, or of a tree that cannot be listed at all.
func Discover(ctx context.Context, tree source.Tree, options DiscoverOptions) (*Discovery, error) {
	if options.Memo == nil {
		options.Memo = &Memo{}
	}
	key := options.Memo.discoveryKey(tree, options)
	if known := options.Memo.discovery(key); known != nil {
		known.options = options
		return known, nil
	}
	found, err := discoverAnew(ctx, tree, options)
	if err == nil {
		options.Memo.keep(key, found)
	}
	return found, err
}

func discoverAnew(ctx context.Context, tree source.Tree, options DiscoverOptions) (*Discovery, error) {
	d := &discoverer{ctx: ctx, tree: tree, options: options}
	for _, err := range source.Problems(tree) {
		d.problem(Problem{Reason: err.Error()})
	}
	if err := d.list(); err != nil {
		return nil, err
	}
	if err := d.readSources(); err != nil {
		return nil, err
	}
	d.findUses()
	d.kustomizeRoots()
	d.helmRoots()
	d.kopsRoots()
	d.terraformRoots()
	if err := d.plainRoots(); err != nil {
		return nil, err
	}
	d.passOver()
	slices.SortFunc(d.roots, compareRoots)
	slices.SortFunc(d.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Reason, b.Reason))
	})
	return &Discovery{
		Roots: d.roots, Problems: d.problems, Passed: d.passed,
		options: options, dirs: d.dirs, units: d.units, links: d.links,
		claimed: pathSet{set: d.claimed}, partial: pathSet{set: d.partial}, configs: pathSet{set: d.configs},
	}, nil
}

func compareRoots(a, b Root) int {
	return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind))
}

// discoverer holds one discovery while it grows.
type discoverer struct {
	ctx      context.Context
	tree     source.Tree
	options  DiscoverOptions
	dirs     []*directory // parents before children
	byPath   map[string]*directory
	units    []*unit
	claimed  map[string]bool // files that kustomizations read
	partial  map[string]bool // those of them that are no resources: patches and data
	configs  map[string]bool // see Discovery
	links    map[string]string
	roots    []Root
	problems []Problem
	passed   []Passed
	unlisted []string // files of objects beside a kustomization that does not list them
}

// directory is one directory of the tree.
type directory struct {
	path          string
	files         []source.Info // sorted by name
	zone          zone
	wanted        bool  // by the options
	kustomization *unit // nil when there is none
	chart         *unit // likewise
}

// zone says whether a directory belongs to a chart.
type zone uint8

const (
	zoneFree   zone = iota // to none
	zoneChart              // it is the chart
	zoneSealed             // templates and the like: all in it is the chart's
)

// file returns the entry of the file called name, nil when there is none.
func (d *directory) file(name string) *source.Info {
	i, ok := slices.BinarySearchFunc(d.files, name, func(f source.Info, name string) int { return cmp.Compare(f.Name, name) })
	if !ok {
		return nil
	}
	return &d.files[i]
}

// list walks the tree. Directories that a symbolic link leads to are left to where they really are.
func (d *discoverer) list() error {
	d.byPath, d.links = map[string]*directory{}, map[string]string{}
	d.claimed, d.partial, d.configs = map[string]bool{}, map[string]bool{}, map[string]bool{}
	enter := func(info source.Info) bool { return info.Name != ".git" }
	return source.Lists(d.tree, enter, func(at string, entries []source.Info, err error) error {
		switch {
		case err != nil && at == ".":
			return fmt.Errorf("list the tree: %w", err)
		case err != nil:
			d.problem(Problem{File: at, Reason: "cannot be listed: " + err.Error()})
		default:
			d.addDirectory(at, entries)
		}
		return d.ctx.Err()
	})
}

// addDirectory adds the directory at.
func (d *discoverer) addDirectory(at string, entries []source.Info) {
	dir := &directory{path: at, wanted: d.wanted(at), files: make([]source.Info, 0, len(entries))}
	for _, e := range entries {
		if e.Link {
			d.follow(path.Join(at, e.Name))
		}
		switch e.Kind {
		case source.File:
			dir.files = append(dir.files, e)
		case source.Submodule:
			d.problem(Problem{File: path.Join(at, e.Name), Reason: source.ErrSubmodule.Error()})
		}
	}
	dir.zone = d.zoneOf(dir)
	d.dirs = append(d.dirs, dir)
	d.byPath[at] = dir
}

// follow notes where a symbolic link leads.
func (d *discoverer) follow(link string) {
	if info, err := d.tree.Stat(link); err == nil {
		d.links[link] = info.Path
	}
}

// zoneOf places a directory by its parent's zone, its name and whether it holds a chart.
func (d *discoverer) zoneOf(dir *directory) zone {
	above := zoneFree
	if parent := d.byPath[path.Dir(dir.path)]; parent != nil {
		above = parent.zone
	}
	switch path.Base(dir.path) {
	case "templates", "crds", "charts", "ci", "files":
		if above == zoneChart {
			return zoneSealed
		}
	}
	switch {
	case above == zoneSealed:
		return zoneSealed
	case dir.file(chartFile) != nil:
		return zoneChart
	}
	return zoneFree
}

// wanted reports whether the options want roots in the directory at.
func (d *discoverer) wanted(at string) bool {
	o := d.options
	inside := len(o.Under) == 0
	for _, u := range o.Under {
		u = path.Clean(u)
		inside = inside || u == "." || u == at || strings.HasPrefix(at, u+"/")
	}
	return inside && (len(o.Include) == 0 || matchAbove(o.Include, at)) && !matchAbove(o.Ignore, at)
}

func (d *discoverer) problem(p Problem) { d.problems = append(d.problems, p) }

// isDir reports whether p is a directory of the listing.
func (d *discoverer) isDir(p string) bool { return d.byPath[p] != nil }

// joinPath is path.Join of a clean path and a name.
func joinPath(dir, name string) string {
	if dir == "." {
		return name
	}
	return dir + "/" + name
}

// lookup returns the entry of the file at p, nil when there is none.
func (d *discoverer) lookup(p string) *source.Info {
	if dir := d.byPath[parentDir(p)]; dir != nil {
		return dir.file(path.Base(p))
	}
	return nil
}
