package review

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxWaves is how deep objects of Argo CD and Flux may make roots that hold such objects in turn.
const maxWaves = 5

// Limits of what objects may make: roots, and how often, since many of them may make the same.
const (
	maxDeployed = 5000
	maxMade     = 4 * maxDeployed
)

// deployed is one side of a change as Argo CD and Flux see it.
type deployed struct {
	first   []manifests.Root          // roots by themselves that may hold objects; once settled, those that nothing else renders
	roots   []manifests.Root          // that their objects make
	known   map[string]rendered       // what was rendered to find them, by rootKey
	parents map[string]manifests.Root // what holds the objects, by the rootKey of what they make
	makers  map[string][]string       // the rootKeys of all that hold such an object, likewise
	sets    []manifests.Root          // that only make others
	reaches *manifests.Reaches        // the changed files
	taken   map[string]bool           // names of roots, by rootKey
	places  map[string]string         // names by a holder that came later and counts, by rootKey
	made    int                       // roots that objects made, the same ones too
	notes   []string
}

// deploy adds to the plan the roots that objects of Argo CD and Flux make. Where such a root renders what a root by itself
// would, it takes its place: what the cluster sees is what is judged.
func (e *Engine) deploy(ctx context.Context, change *source.Change, plan *Plan, settings manifests.Settings, opts Options) error {
	base, err := &deployed{}, error(nil)
	if change.Base != nil {
		if base, err = e.deployedIn(ctx, change.Base, plan.base, nil, settings, opts); err != nil {
			return err
		}
	}
	head, err := e.deployedIn(ctx, change.Head, plan.found, base.parents, settings, opts)
	if err != nil {
		return err
	}
	if plan.base != nil {
		head.unlisted(base, plan.base.Roots)
	}
	if len(base.roots)+len(head.roots)+len(head.sets) == 0 {
		return nil
	}
	plan.baseKnown, plan.headKnown = base.known, head.known
	plan.baseRoots, plan.headRoots = slices.Concat(base.first, base.roots), slices.Concat(head.first, head.roots)
	paths := change.Paths()
	head.reaches = plan.found.Reaching(paths)
	base.reaches = plan.base.Reaching(paths)
	for _, set := range head.sets {
		if change.Base == nil || len(head.reaches.By(&set)) > 0 {
			plan.Notes = append(plan.Notes, set.Deployment.Notes...)
		}
	}
	plan.Notes = append(plan.Notes, head.notes...)
	plan.addDeployed(change, base, head)
	return nil
}

// deployedIn finds the roots that objects make, wave by wave: what roots hold that render by themselves, what those hold
// that these objects make, and so on. What held objects before is looked into whatever it seems to hold now.
func (e *Engine) deployedIn(ctx context.Context, tree source.Tree, d *manifests.Discovery, before map[string]manifests.Root, settings manifests.Settings, opts Options) (*deployed, error) {
	found := &deployed{known: make(map[string]rendered), parents: make(map[string]manifests.Root), makers: make(map[string][]string), taken: make(map[string]bool), places: make(map[string]string)}
	files, err := d.Naming(ctx, tree, slices.Concat(gitops.Kinds(), gitops.Sources()))
	files = slices.DeleteFunc(files, func(file string) bool {
		text, err := tree.ReadFile(file)
		return err == nil && !gitops.Mentioned(text)
	})
	if err != nil || len(files)+len(before) == 0 {
		return found, err
	}
	held := make(map[string]bool)
	for _, parent := range before {
		held[rootKey(parent)] = true
	}
	holds := d.Reaching(files)
	var wave []manifests.Root
	for _, root := range d.Roots {
		if held[rootKey(root)] || len(holds.By(&root)) > 0 {
			wave = append(wave, root)
		}
	}
	found.first = slices.Clone(wave)
	index, err := manifests.IndexObjects(ctx, tree, d, gitops.Around())
	if err != nil {
		return nil, err
	}
	repository, err := e.repository(ctx, tree, opts)
	if err != nil {
		return nil, err
	}
	world := gitops.NewWorld(repository, nil)
	seen := make(map[string]string)
	for n := 0; len(wave) > 0; n++ {
		if n == maxWaves {
			found.notes = append(found.notes, fmt.Sprintf("objects of Argo CD and Flux are followed for %d levels: what %s makes is not looked at", maxWaves, wave[0].Path))
			break
		}
		if err := e.renderWave(ctx, tree, wave, settings, found.known); err != nil {
			return nil, err
		}
		for _, root := range wave {
			world.Add(found.known[rootKey(root)].objects())
		}
		for _, f := range index.Found {
			world.Add([]*manifests.Object{f.Object})
		}
		next := found.next(ctx, world, wave, seen)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		wave = slices.DeleteFunc(next, func(root manifests.Root) bool { return !mayHold(holds, &root) || inert(ctx, e.charts, root) })
	}
	found.settle()
	return found, nil
}

// settle takes out what the objects of a root make that a deployment renders as well: its objects are those of the latter.
// What does not render makes nothing. What is left gets its names.
func (f *deployed) settle() {
	given := f.given()
	f.roots = slices.DeleteFunc(f.roots, func(root manifests.Root) bool {
		if given[rootKey(root)] {
			return true
		}
		// What a set made of its template is judged as the template; where it made nothing, that is the failure.
		if d := root.Deployment; d.Under != "" && d.Skip == "" && f.known[rootKey(root)].err == nil {
			f.sets = append(f.sets, root)
			return true
		}
		return false
	})
	f.first = slices.DeleteFunc(f.first, func(root manifests.Root) bool { return given[rootKey(root)] })
	f.adopt(given)
	f.rename()
}

// given are, by rootKey, the roots by themselves that a deployment renders, and all that only these lead to.
func (f *deployed) given() map[string]bool {
	covered, given := make(map[string]bool), make(map[string]bool)
	for _, root := range f.roots {
		if f.known[rootKey(root)].err == nil {
			maps.Copy(covered, covers(root))
		}
	}
	for _, root := range f.first {
		given[rootKey(root)] = covered[coverKey(root)]
	}
	for more := true; more; {
		more = false
		for _, root := range f.roots {
			key := rootKey(root)
			if !given[key] && !slices.ContainsFunc(f.makers[key], func(maker string) bool { return !given[maker] }) {
				given[key], more = true, true
			}
		}
	}
	return given
}

// adopt gives what is left the first of its makers that counts for its parent.
func (f *deployed) adopt(given map[string]bool) {
	byKey := make(map[string]manifests.Root)
	for _, root := range slices.Concat(f.roots, f.sets) {
		byKey[rootKey(root)] = root
	}
	for _, root := range slices.Concat(f.roots, f.sets) {
		key := rootKey(root)
		for _, maker := range f.makers[key] {
			if parent, ok := byKey[maker]; ok && !given[maker] {
				f.parents[key] = parent
				break
			}
		}
	}
}

// rename gives the roots names without the signs of those that were there first. Where several share one, as what a base
// holds that two others render, they are told apart by what makes them.
func (f *deployed) rename() {
	count := make(map[string]int)
	plain := func(root manifests.Root) string {
		return strings.TrimRight(cmp.Or(f.places[rootKey(root)], root.Path), "'")
	}
	for _, root := range f.roots {
		count[plain(root)]++
	}
	names, taken := make(map[string]string), make(map[string]int) // by rootKey, of what they were called
	for i := range f.roots {
		root := &f.roots[i]
		was := rootKey(*root)
		if root.Path = plain(*root); count[root.Path] > 1 {
			parent := f.parents[was]
			if parent.Deployment != nil {
				root.Path += "@" + parent.Deployment.By.Name
			} else {
				root.Path += "@" + parent.Path
			}
		}
		if taken[root.Path]++; taken[root.Path] > 1 {
			root.Path += "-" + strconv.Itoa(taken[root.Path])
		}
		names[was] = root.Path
	}
	for _, set := range f.sets {
		names[rootKey(set)] = plain(set)
	}
	f.rekey(names)
}

// rekey keeps what is known of roots under the names that they have now. names are those of what objects made.
func (f *deployed) rekey(names map[string]string) {
	now := func(key string) (string, bool) {
		if _, made := f.parents[key]; !made { // a root by itself
			return key, true
		}
		kind, _, _ := strings.Cut(key, ":")
		return kind + ":" + names[key], names[key] != ""
	}
	known, parents := make(map[string]rendered), make(map[string]manifests.Root)
	for key, r := range f.known {
		if key, ok := now(key); ok {
			known[key] = r
		}
	}
	for key, parent := range f.parents {
		if key, ok := now(key); ok {
			parent.Path = cmp.Or(names[rootKey(parent)], parent.Path)
			parents[key] = parent
		}
	}
	f.known, f.parents = known, parents
}

// next adds the roots that the objects of a wave make, each once.
func (f *deployed) next(ctx context.Context, world *gitops.World, wave []manifests.Root, seen map[string]string) (next []manifests.Root) {
	for _, root := range wave {
		if ctx.Err() != nil {
			return nil
		}
		for _, made := range world.Roots(root, f.known[rootKey(root)].objects()) {
			if f.made++; f.made > maxMade {
				return append(next, f.tooMany(root, made))
			}
			key := likeness(made)
			if was, ok := seen[key]; ok {
				f.makers[was] = append(f.makers[was], rootKey(root))
				if f.parents[was].Deployment == nil { // found in a root by itself before: what a deployment renders counts
					f.parents[was] = root
					if root.Deployment != nil {
						f.places[was] = made.Path
					}
				}
				continue
			}
			if len(f.roots) >= maxDeployed {
				return append(next, f.tooMany(root, made))
			}
			f.add(&made, root)
			seen[key] = rootKey(made)
			next = append(next, made)
		}
	}
	return next
}

// tooMany is a root in the place of all beyond the limit, which says so.
func (f *deployed) tooMany(parent, made manifests.Root) manifests.Root {
	rest := manifests.Root{Path: parent.Path + "#more", Kind: made.Kind, Dir: ".", Deployment: &manifests.Deployment{At: made.Deployment.At, By: made.Deployment.By,
		Skip: fmt.Sprintf("there are more than %d objects that have something rendered, or they make the same more than %d times: neither it nor what comes after it is", maxDeployed, maxMade)}}
	if !f.taken[rootKey(rest)] {
		f.add(&rest, parent)
	}
	return rest
}

// add takes a root in, under a name that no other one has.
func (f *deployed) add(root *manifests.Root, parent manifests.Root) {
	for f.taken[rootKey(*root)] {
		root.Path += "'"
	}
	f.taken[rootKey(*root)] = true
	f.roots = append(f.roots, *root)
	f.parents[rootKey(*root)] = parent
	f.makers[rootKey(*root)] = []string{rootKey(parent)}
}

// likeness tells roots apart by the object and all that decides how they render.
func likeness(root manifests.Root) string {
	root.Path = ""
	hash := sha256.New()
	_ = json.NewEncoder(hash).Encode(root) // nothing in it that JSON cannot write
	return string(hash.Sum(nil))
}

// mayHold reports whether a root may hold objects that make roots.
func mayHold(holds *manifests.Reaches, root *manifests.Root) bool {
	d := root.Deployment
	return d.Skip == "" && (strings.HasPrefix(d.By.Kind, "ApplicationSet") || len(d.Mounts) > 0 || len(holds.By(root)) > 0)
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
