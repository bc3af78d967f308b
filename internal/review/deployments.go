package review

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxWaves is how deep objects of Argo CD and Flux may make roots that hold such objects in turn.
const maxWaves = 5

// deployed is one side of a change as Argo CD and Flux see it.
type deployed struct {
	roots   []manifests.Root          // that their objects make
	known   map[string]rendered       // what was rendered to find them, by rootKey
	parents map[string]manifests.Root // what holds the objects, by the rootKey of what they make
	sets    []manifests.Root          // that only make others
	reaches *manifests.Reaches        // the changed files
}

// deploy adds to the plan the roots that objects of Argo CD and Flux make. Where such a root renders what a root by itself
// would, it takes its place: what the cluster sees is what is judged.
func (e *Engine) deploy(ctx context.Context, change *source.Change, plan *Plan, settings manifests.Settings, opts Options) error {
	head, err := e.deployedIn(ctx, change.Head, plan.found, settings, opts)
	if err != nil {
		return err
	}
	base := &deployed{}
	if change.Base != nil {
		if base, err = e.deployedIn(ctx, change.Base, plan.base, settings, opts); err != nil {
			return err
		}
	}
	if len(base.roots)+len(head.roots)+len(head.sets) == 0 {
		return nil
	}
	plan.baseKnown, plan.headKnown = base.known, head.known
	paths := change.Paths()
	head.reaches = plan.found.Reaching(paths)
	base.reaches = plan.base.Reaching(paths)
	for _, set := range head.sets {
		if change.Base == nil || len(head.reaches.By(&set)) > 0 {
			plan.Notes = append(plan.Notes, set.Deployment.Notes...)
		}
	}
	plan.replace(base, head)
	plan.addDeployed(change, base, head)
	return nil
}

// deployedIn finds the roots that objects make, wave by wave: what roots hold that render by themselves, what those hold
// that these objects make, and so on.
func (e *Engine) deployedIn(ctx context.Context, tree source.Tree, d *manifests.Discovery, settings manifests.Settings, opts Options) (*deployed, error) {
	found := &deployed{known: make(map[string]rendered), parents: make(map[string]manifests.Root)}
	files, err := d.Naming(ctx, tree, slices.Concat(gitops.Kinds(), gitops.Sources()))
	files = slices.DeleteFunc(files, func(file string) bool {
		text, err := tree.ReadFile(file)
		return err == nil && !gitops.Mentioned(text)
	})
	if err != nil || len(files) == 0 {
		return found, err
	}
	holds := d.Reaching(files)
	var wave []manifests.Root
	for _, root := range d.Roots {
		if len(holds.By(&root)) > 0 {
			wave = append(wave, root)
		}
	}
	index, err := manifests.IndexObjects(ctx, tree, d, []string{"ConfigMap"})
	if err != nil {
		return nil, err
	}
	world := gitops.NewWorld(gitops.Repository{Tree: tree, URLs: opts.URLs}, nil)
	seen := make(map[string]bool)
	for range maxWaves {
		if err := e.renderWave(ctx, tree, wave, settings, found.known); err != nil {
			return nil, err
		}
		for _, root := range wave {
			world.Add(found.known[rootKey(root)].objects())
		}
		for _, f := range index.Found {
			world.Add([]*manifests.Object{f.Object})
		}
		next := found.next(world, wave, seen)
		wave = slices.DeleteFunc(next, func(root manifests.Root) bool { return !mayHold(holds, &root) })
		if len(wave) == 0 {
			break
		}
	}
	found.settle()
	return found, nil
}

// settle takes out what the objects of a root make that a deployment renders as well: its objects are those of the latter.
func (f *deployed) settle() {
	covered := make(map[string]bool)
	for _, root := range f.roots {
		maps.Copy(covered, covers(root))
	}
	f.roots = slices.DeleteFunc(f.roots, func(root manifests.Root) bool {
		parent := f.parents[rootKey(root)]
		if d := root.Deployment; d.Under != "" && d.Skip == "" { // what it made of its template is judged as the template
			f.sets = append(f.sets, root)
			return true
		}
		return parent.Deployment == nil && covered[coverKey(parent)]
	})
	for i := range f.roots {
		f.roots[i].Path = strings.TrimRight(f.roots[i].Path, "'")
	}
}

// next adds the roots that the objects of a wave make, each once.
func (f *deployed) next(world *gitops.World, wave []manifests.Root, seen map[string]bool) (next []manifests.Root) {
	for _, root := range wave {
		for _, made := range world.Roots(root, f.known[rootKey(root)].objects()) {
			if key := likeness(made); !seen[key] {
				seen[key] = true
				f.add(&made)
				f.parents[rootKey(made)] = root
				next = append(next, made)
			}
		}
	}
	return next
}

// likeness tells roots apart by the object and all that decides how they render.
func likeness(root manifests.Root) string {
	root.Path = ""
	text, _ := json.Marshal(root) // nothing in it that JSON cannot write
	return string(text)
}

// add takes a root in, under a name that no other one has.
func (f *deployed) add(root *manifests.Root) {
	for slices.ContainsFunc(f.roots, func(r manifests.Root) bool { return r.Path == root.Path && r.Kind == root.Kind }) {
		root.Path += "'"
	}
	f.roots = append(f.roots, *root)
}

// mayHold reports whether a root may hold objects that make roots.
func mayHold(holds *manifests.Reaches, root *manifests.Root) bool {
	d := root.Deployment
	return d.Skip == "" && (strings.HasPrefix(d.By.Kind, "ApplicationSet") || len(holds.By(root)) > 0)
}

// renderWave renders roots and keeps what became of them.
func (e *Engine) renderWave(ctx context.Context, tree source.Tree, roots []manifests.Root, settings manifests.Settings, known map[string]rendered) error {
	pairs := make([]RootPair, len(roots))
	for i := range roots {
		pairs[i].Head = &roots[i]
	}
	all, err := e.renderPairs(ctx, &run{change: &source.Change{Head: tree}, settings: settings}, pairs)
	if err != nil {
		return err
	}
	for _, p := range all {
		known[rootKey(*p.Head)] = p.head
	}
	return nil
}

// replace takes out the roots that a deployment renders too.
func (p *Plan) replace(base, head *deployed) {
	covered := make(map[string]bool)
	for _, root := range slices.Concat(base.roots, head.roots) {
		for key := range covers(root) {
			covered[key] = true
		}
	}
	gone := func(root *manifests.Root) bool { return root == nil || covered[coverKey(*root)] }
	p.replaced = make(map[string]*manifests.Root)
	p.Pairs = slices.DeleteFunc(p.Pairs, func(pair RootPair) bool {
		if pair.Base != nil && covered[coverKey(*pair.Base)] {
			p.replaced[pair.Base.Dir] = pair.Base
		}
		return gone(pair.Base) && gone(pair.Head)
	})
	p.head = slices.DeleteFunc(slices.Clone(p.head), func(root manifests.Root) bool { return covered[coverKey(root)] })
}

// coverKey names what a root renders by itself.
func coverKey(root manifests.Root) string {
	return string(root.Kind) + " " + root.Dir + "#" + strings.Join(root.Values, ",")
}

// covers are the roots by themselves that a deployment renders: the directory's, and those of plain files that it reads.
func covers(root manifests.Root) map[string]bool {
	all := make(map[string]bool)
	d := root.Deployment
	if d.Skip != "" || d.Chart != nil || d.Under != "" {
		return all
	}
	for _, dir := range append(slices.Clone(d.Dirs), root.Dir) {
		for _, kind := range []manifests.RootKind{d.Render, manifests.Helm, manifests.Plain} {
			all[coverKey(manifests.Root{Kind: kind, Dir: dir})] = true
		}
		for _, file := range slices.Concat(d.Dirs, root.Values) {
			all[coverKey(manifests.Root{Kind: manifests.Helm, Dir: dir, Values: []string{file}})] = true
		}
	}
	for _, dir := range d.Below {
		all[coverKey(manifests.Root{Kind: manifests.Plain, Dir: dir})] = true
		all[coverKey(manifests.Root{Kind: manifests.Kustomize, Dir: dir})] = true
	}
	return all
}

// addDeployed adds the roots that the change may affect.
func (p *Plan) addDeployed(change *source.Change, base, head *deployed) {
	p.head = append(p.head, head.roots...)
	slices.SortFunc(p.head, func(a, b manifests.Root) int { return strings.Compare(a.Path, b.Path) })
	p.Total = len(p.head)
	before := make(map[string]*manifests.Root, len(base.roots))
	for i := range base.roots {
		before[base.roots[i].Path] = &base.roots[i]
	}
	reached := make(map[string]bool)
	for i := range head.roots {
		root := &head.roots[i]
		pair := RootPair{Head: root, Base: before[root.Path]}
		delete(before, root.Path)
		if pair.Base == nil {
			pair.Base = p.replaced[root.Dir]
		}
		p.addPair(change, pair, base, head, reached)
	}
	for _, path := range slices.Sorted(maps.Keys(before)) {
		p.addPair(change, RootPair{Base: before[path]}, base, head, reached)
	}
	p.Unreached = slices.DeleteFunc(p.Unreached, func(file string) bool { return reached[file] })
}

// addPair adds a root that the change may affect, and notes the changed files that lead to it.
func (p *Plan) addPair(change *source.Change, pair RootPair, base, head *deployed, reached map[string]bool) {
	if pair.Head != nil {
		pair.Reasons = append(pair.Reasons, head.reaches.By(pair.Head)...)
	}
	if pair.Base != nil {
		pair.Reasons = append(pair.Reasons, base.reaches.By(pair.Base)...)
	}
	slices.Sort(pair.Reasons)
	pair.Reasons = slices.Compact(pair.Reasons)
	same := pair.Base != nil && pair.Head != nil && likeness(*pair.Base) == likeness(*pair.Head)
	pair.Certain = !same
	if change.Base == nil || !same || len(pair.Reasons) > 0 {
		p.Pairs = append(p.Pairs, pair)
		for _, file := range pair.Reasons {
			reached[file] = true
		}
	}
}
