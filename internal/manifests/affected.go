package manifests

import (
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Candidate is a root that a change may affect.
type Candidate struct {
	Base, Head *Root    // nil where the root is not there
	Because    []string // changed paths that what the root names leads to, sorted
	Certain    bool     // affected whatever rendering reads: new, gone, or with other settings
}

// Reach is what a change can reach.
type Reach struct {
	Candidates []Candidate // sorted as roots are
	Unreached  []string    // changed paths that lead to no root, sorted
}

// Candidates finds the roots that a change may affect, by what kustomizations, charts and roots name, directly or
// through others: files and directories, be they there or not, and charts as a whole. It leaves out no root that is
// affected. What is affected indeed is known after rendering the candidates, from Because.
//
// base is nil when there is no base: then every root is certain.
func Candidates(change *source.Change, base, head *Discovery) Reach {
	paths := change.Paths()
	reached := map[string]bool{}
	old := base.reacher(paths)
	now := old
	if base == nil || head == nil || head.before != base { // else the units are the same
		now = head.reacher(paths)
	}
	var found []Candidate
	for _, pair := range pairRoots(base, head) {
		c := Candidate{Base: pair[0], Head: pair[1]}
		c.Certain = c.Base == nil || c.Head == nil || !sameRoot(c.Base, c.Head)
		c.Because = mergeSorted(old.because(c.Base), now.because(c.Head))
		if c.Certain && c.Base == nil {
			c.Because = mergeSorted(c.Because, old.becauseOfUsers(c.Head))
		}
		if c.Certain && c.Head == nil {
			c.Because = mergeSorted(c.Because, now.becauseOfUsers(c.Base))
		}
		if c.Certain || len(c.Because) > 0 {
			found = append(found, c)
		}
		for _, p := range c.Because {
			reached[p] = true
		}
	}
	unreached := slices.DeleteFunc(paths, func(p string) bool { return reached[p] })
	return Reach{Candidates: found, Unreached: unreached}
}

// sameRoot reports whether two roots have the same settings.
func sameRoot(a, b *Root) bool { return a == b || reflect.DeepEqual(a, b) }

// Because returns the changed paths that affect a root, sorted: those which its rendering read at base or at head
// and which answer differently on the other side. None means that the change does not affect it.
func Because(change *source.Change, base, head source.ReadSet) []string {
	if change.Base == nil {
		return nil
	}
	var because []string
	paths := change.Paths()
	for _, p := range mergeSorted(base.Changed(change.Head), head.Changed(change.Base)) {
		if files := changedAt(paths, p); len(files) > 0 {
			because = append(because, files...)
		} else {
			because = append(because, p)
		}
	}
	return mergeSorted(because, nil)
}

// changedAt returns the changed paths that are p, or lie in the directory p.
func changedAt(paths []string, p string) []string {
	if _, ok := slices.BinarySearch(paths, p); ok {
		return []string{p}
	}
	var below []string
	for _, changed := range paths {
		if p == "." || strings.HasPrefix(changed, p+"/") {
			below = append(below, changed)
		}
	}
	return below
}

// pairRoots joins the roots of both sides by kind and path, in the order of roots.
func pairRoots(base, head *Discovery) (pairs [][2]*Root) {
	var old, now []Root
	if base != nil {
		old = base.Roots
	}
	if head != nil {
		now = head.Roots
	}
	for len(old) > 0 || len(now) > 0 {
		order := 0
		switch {
		case len(old) == 0:
			order = 1
		case len(now) == 0:
			order = -1
		default:
			order = compareRoots(old[0], now[0])
		}
		var pair [2]*Root
		if order <= 0 {
			pair[0], old = &old[0], old[1:]
		}
		if order >= 0 {
			pair[1], now = &now[0], now[1:]
		}
		pairs = append(pairs, pair)
	}
	return pairs
}

// mergeSorted returns the elements of both lists, sorted, each once. It may change the lists.
func mergeSorted(a, b []string) []string {
	if len(a)+len(b) == 0 {
		return nil
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// reacher knows which changed paths the units of one tree name.
type reacher struct {
	changed        map[string][]string // a path that answers differently → the changed paths behind that
	above          map[string][]string // a directory above one → likewise
	kustomizations map[string][]string // a directory in which the name of a kustomization is one → likewise
	units          []*unit
	hits           map[*unit][]string
	byRoot         map[unitKey]*unit // made when needed
	users          map[*unit][]*unit // likewise
}

// unitKey names a unit.
type unitKey struct {
	kind RootKind
	dir  string
}

func (d *Discovery) reacher(paths []string) *reacher {
	r := &reacher{
		changed: map[string][]string{}, above: map[string][]string{}, kustomizations: map[string][]string{}, hits: map[*unit][]string{},
	}
	if d == nil {
		return r
	}
	for _, p := range paths {
		r.add(p, p)
	}
	r.followLinks(d.links, paths)
	r.units = d.units
	for _, u := range d.units {
		if hit := r.namedBy(u); len(hit) > 0 {
			r.hits[u] = hit
		}
	}
	return r
}

// unitOf returns the kustomization or chart of a root.
func (r *reacher) unitOf(root *Root) *unit {
	if r.byRoot == nil {
		r.byRoot = make(map[unitKey]*unit, len(r.units))
		for _, u := range r.units {
			r.byRoot[unitKey{u.kind, u.dir.path}] = u
		}
	}
	return r.byRoot[unitKey{root.Kind, root.Dir}]
}

// usersOf returns what uses a unit directly.
func (r *reacher) usersOf(u *unit) []*unit {
	if r.users == nil {
		r.users = map[*unit][]*unit{}
		for _, u := range r.units {
			for _, used := range u.uses {
				r.users[used] = append(r.users[used], u)
			}
		}
	}
	return r.users[u]
}

// add notes that p answers differently because of a changed path.
func (r *reacher) add(p, because string) {
	r.changed[p] = append(r.changed[p], because)
	if isKustomizationName(path.Base(p)) {
		r.kustomizations[parentDir(p)] = append(r.kustomizations[parentDir(p)], because)
	}
	for dir := parentDir(p); ; dir = parentDir(dir) {
		r.above[dir] = append(r.above[dir], because)
		if dir == "." {
			return
		}
	}
}

// parentDir is path.Dir for clean paths, which it need not clean again.
func parentDir(p string) string {
	if i := strings.LastIndexByte(p, '/'); i >= 0 {
		return p[:i]
	}
	return "."
}

// followLinks adds the symbolic links that lead to, below or above something that changed. When a link itself
// changed, every link may lead elsewhere.
func (r *reacher) followLinks(links map[string]string, paths []string) {
	var moved []string
	for _, p := range paths {
		if _, isLink := links[p]; isLink {
			moved = append(moved, p)
		}
	}
	more := map[string][]string{}
	for link, target := range links {
		more[link] = slices.Concat(moved, r.at(target))
	}
	for link, because := range more {
		for _, p := range because {
			r.add(link, p)
		}
	}
}

// at returns the changed paths at p, below it, or above it (a file in the place of a directory).
func (r *reacher) at(p string) (because []string) {
	because = append(because, r.changed[p]...)
	because = append(because, r.above[p]...)
	for dir := parentDir(p); dir != "."; dir = parentDir(dir) {
		because = append(because, r.changed[dir]...)
	}
	return because
}

// namedBy returns the changed paths that a unit itself names.
func (r *reacher) namedBy(u *unit) (because []string) {
	for _, ref := range u.refs {
		because = append(because, r.at(ref)...)
	}
	if u.kind == Kustomize {
		because = append(because, r.kustomizations[u.dir.path]...)
	}
	return because
}

// because returns the changed paths to which what root names leads.
func (r *reacher) because(root *Root) (because []string) {
	if root == nil {
		return nil
	}
	for _, file := range slices.Concat(root.Files, root.Values) {
		because = append(because, r.at(file)...)
	}
	switch root.Kind {
	case Kustomize, Helm:
		if len(r.hits) > 0 {
			r.collect(r.unitOf(root), map[*unit]bool{}, &because)
		}
	case Plain, Terraform:
	default:
		because = append(because, r.at(root.Dir)...)
	}
	return because
}

// becauseOfDirs returns the changed paths to which kustomizations and charts lead that lie in directories.
func (r *reacher) becauseOfDirs(dirs []string) (because []string) {
	if len(r.hits) == 0 {
		return nil
	}
	seen := map[*unit]bool{}
	for _, dir := range dirs {
		for _, kind := range []RootKind{Kustomize, Helm} {
			r.collect(r.unitOf(&Root{Kind: kind, Dir: dir}), seen, &because)
		}
	}
	return because
}

// collect adds the hits of u and of everything that it uses.
func (r *reacher) collect(u *unit, seen map[*unit]bool, because *[]string) {
	if u == nil || seen[u] {
		return
	}
	seen[u] = true
	*because = append(*because, r.hits[u]...)
	for _, used := range u.uses {
		r.collect(used, seen, because)
	}
}

// becauseOfUsers returns the changed paths of what uses the unit of a root that is none on this side: it became one
// on the other side because they changed.
func (r *reacher) becauseOfUsers(root *Root) (because []string) {
	seen := map[*unit]bool{}
	queue := []*unit{r.unitOf(root)}
	for len(queue) > 0 {
		u := queue[0]
		queue = queue[1:]
		if u == nil || seen[u] {
			continue
		}
		seen[u] = true
		because = append(because, r.hits[u]...)
		queue = append(queue, r.usersOf(u)...)
	}
	return because
}
