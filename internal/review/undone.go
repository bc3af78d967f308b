package review

import (
	"bytes"
	"maps"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// What a change takes away may bring a violation about anywhere: a flag, that its container is at fault; an item of a list,
// that the rest of it is; a policy, that a workload is. So what was taken away is put back, one piece after the other, and
// the rule is asked again. The piece with which the violation goes is its cause, and the finding stands where that was.

// maxRetried is how many objects rules are asked about again, for one review.
const maxRetried = 150_000

// retrial asks rules again about what the change made of the roots.
type retrial struct {
	run    *run
	spent  int
	trials map[trialKey]map[string]int
	roots  map[string]*undoable
}

// trialKey names what a rule says of a root with so many pieces put back.
type trialKey struct {
	root, rule string
	put        int
}

// undoable is what the change took away from a root.
type undoable struct {
	at      scene
	changed [][2]*manifests.Object // base, head
	lost    []*manifests.Object
	pieces  []piece
	cost    int           // of asking once, in objects
	scenes  map[int]scene // with so many pieces put back
}

func newRetrial(r *run) *retrial {
	return &retrial{run: r, trials: make(map[trialKey]map[string]int), roots: make(map[string]*undoable)}
}

// undone finds where the change took away what, put back, would end a violation.
func (t *retrial) undone(c *candidate, s scene, base *RootView) (Location, bool) {
	if base == nil || s.view == nil {
		return Location{}, false
	}
	u := t.roots[c.rootKey()]
	if u == nil {
		u = newUndoable(s, base)
		t.roots[c.rootKey()] = u
	}
	i := slices.IndexFunc(t.run.active, func(a activeRule) bool { return a.Rule == c.rule })
	if len(u.pieces) == 0 || i < 0 {
		return Location{}, false
	}
	name := draftName(c.Draft)
	had := t.said(u, i, 0)[name]
	goes := func(put int) bool { said := t.said(u, i, put); return said != nil && said[name] < had }
	if had == 0 || !goes(len(u.pieces)) {
		return Location{}, false
	}
	put := 1 + sort.Search(len(u.pieces)-1, func(n int) bool { return goes(n + 1) })
	if !goes(put) || put > 1 && t.said(u, i, put-1) == nil {
		return Location{}, false // too much was asked
	}
	return u.pieces[put-1].locate(t.run.change, u.at.because, base.Root.Dir)
}

// draftName is the same for the same violation with and without what is put back.
func draftName(d *Draft) string { return draftKey(d) + "|" + d.message }

func newUndoable(s scene, base *RootView) *undoable {
	u := &undoable{at: s, scenes: make(map[int]scene)}
	for _, o := range s.view.Objects {
		if before := base.Match(o); before != nil && s.view.Match(o) == o && !bytes.Equal(before.Raw, o.Raw) {
			u.changed = append(u.changed, [2]*manifests.Object{before, o})
		}
	}
	for _, o := range base.Objects {
		if s.view.Match(o) == nil {
			u.lost = append(u.lost, o)
		}
	}
	var all undoing
	for _, pair := range u.changed {
		all.undo(pair[0], pair[1])
	}
	u.pieces = all.pieces
	u.cost = len(s.view.Objects) + len(u.changed) + len(u.lost)
	for _, objects := range s.index.byKind {
		u.cost += len(objects) / 10 // rules look in it, mostly for few kinds
	}
	for _, o := range u.lost {
		u.pieces = append(u.pieces, piece{before: o})
	}
	return u
}

// said returns how often an active rule says what of the root with so many pieces put back, nil when too much was asked.
func (t *retrial) said(u *undoable, rule, put int) map[string]int {
	r := &t.run.active[rule]
	key := trialKey{rootKey(u.at.view.Root), r.ID, put}
	said, known := t.trials[key]
	if known {
		return said
	}
	if t.spent += u.cost; t.spent > maxRetried {
		return nil
	}
	h, found := newHearing(u.with(put, t.run.policy.Workloads), new(atomic.Int64)), outcome{}
	h.apply(r, &found)
	said = make(map[string]int, len(found.drafts))
	for _, d := range found.drafts {
		said[draftName(d)]++
	}
	t.trials[key] = said
	return said
}

// with returns the root as it would be with the first pieces put back.
func (u *undoable) with(put int, paths []WorkloadPath) scene {
	if put == 0 {
		s := u.at
		s.gone, s.omitted = nil, &omissions{}
		return s
	}
	s, known := u.scenes[put]
	if known {
		return s
	}
	s = u.at
	undoing, swap := undoing{left: put}, make(map[*manifests.Object]*manifests.Object)
	for _, pair := range u.changed {
		if undoing.left == 0 {
			break
		}
		if o := undoing.undo(pair[0], pair[1]); o != pair[1] {
			swap[pair[1]] = o
		}
	}
	back := u.lost[:min(undoing.left, len(u.lost))]
	s.view = u.at.view.swapped(swap, back, paths)
	s.index = u.at.index.swapped(swap, back, s.view)
	s.gone, s.omitted = nil, &omissions{}
	u.scenes[put] = s
	return s
}

// swapped is the view with some objects replaced and others added.
func (v *RootView) swapped(swap map[*manifests.Object]*manifests.Object, added []*manifests.Object, paths []WorkloadPath) *RootView {
	fresh := NewRootView(v.Root, slices.AppendSeq(slices.Clone(added), maps.Values(swap)), paths...)
	other := &RootView{Root: v.Root, Partial: v.Partial, deployed: v.deployed, imagePaths: v.imagePaths, workloads: fresh.workloads}
	for _, o := range v.Objects {
		if now := swap[o]; now != nil {
			other.Objects = append(other.Objects, now)
			continue
		}
		other.Objects = append(other.Objects, o)
		if pods := v.workloads[o]; pods != nil {
			other.workloads[o] = pods
		}
	}
	other.Objects = append(other.Objects, added...)
	return other
}

// swapped is the index with some objects of a root replaced and others added.
func (x *Index) swapped(swap map[*manifests.Object]*manifests.Object, added []*manifests.Object, in *RootView) *Index {
	other := &Index{byKind: maps.Clone(x.byKind), standing: x.standing, beyond: x.beyond}
	other.standing.views = maps.Clone(x.standing.views)
	note := func(o *manifests.Object) { other.standing.views[o] = in }
	for old, now := range swap {
		of := slices.Clone(other.byKind[old.Kind])
		if i := slices.Index(of, old); i >= 0 {
			of[i] = now
		}
		other.byKind[old.Kind] = of
		note(now)
	}
	for _, o := range added {
		other.byKind[o.Kind] = append(slices.Clip(other.byKind[o.Kind]), o)
		note(o)
	}
	return other
}

// locate finds where the change took a piece away: the gap, what was written over it, or what removes it.
func (p piece) locate(change *source.Change, because []string, home string) (Location, bool) {
	if p.now == nil {
		at, _ := newGoneLocator(change, because).locate(p.before)
		return at, at.Precision == manifests.Exact.String()
	}
	if at, ok := p.lines.locate(change, p); ok {
		return at, true
	}
	if now := p.now.Lookup(p.at); now.Exists() {
		if at, ok := touchedWithin(change, p.now, now); ok {
			return at, true
		}
	}
	if at, ok := removedWithin(change, p.before, p.before.Lookup(p.was)); ok {
		return at, true
	}
	origin, _ := p.before.OriginAt(p.was)
	if at, ok := cutReference(change, origin, home); ok {
		return at, true
	}
	origin, _ = p.now.OriginAt(p.at)
	at := locate(change, origin, (&Draft{object: p.now, path: p.was}).atFault())
	return at, at.Changed
}
