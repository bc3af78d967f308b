package review

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// A root is often one of several that hold an object of the same identity: the overlays of stages, each for a cluster of
// its own. So an object that a root loses is not there any more although another root has it, unless that root got it by
// the same change: then it has moved.

// across is both sides of every root that the change affects, and what is known of those that it does not.
type across struct {
	pairs      []viewPair
	bystanders []*RootView // that the change does not affect; see Rule.Users
}

// viewPair is a root at base and at head; nil where it is not there, or not rendered.
type viewPair struct{ before, after *RootView }

// Sited is an object with the root that it stands in, which says where it lands.
type Sited struct {
	*manifests.Object
	In *RootView
}

// newAcross joins the sides. The context's plain roots are the same on both.
func newAcross(base, head *side, origin map[string]string, context []*manifests.Object) *across {
	x := &across{}
	paired := make(map[string]bool, len(origin))
	for _, key := range head.order {
		x.pairs = append(x.pairs, viewPair{base.views[origin[key]], head.views[key]})
		paired[origin[key]] = true
	}
	for _, key := range base.order {
		if !paired[key] {
			x.pairs = append(x.pairs, viewPair{before: base.views[key]})
		}
	}
	for _, view := range head.around {
		x.pairs = append(x.pairs, viewPair{view, view})
	}
	for _, view := range plainViews(context, base, head) {
		x.pairs = append(x.pairs, viewPair{view, view})
	}
	return x
}

// plainViews makes views of the context's objects, a directory each, without those of roots that either side has.
func plainViews(context []*manifests.Object, sides ...*side) []*RootView {
	rendered := make(map[string]bool)
	for _, s := range sides {
		for _, view := range s.views {
			for _, file := range view.Root.Files {
				rendered[path.Dir(file)] = true
			}
		}
	}
	byDir := make(map[string][]*manifests.Object)
	var order []string
	for _, o := range context {
		span, ok := startOf(o)
		dir := path.Dir(span.File)
		if !ok || rendered[dir] {
			continue
		}
		if byDir[dir] == nil {
			order = append(order, dir)
		}
		byDir[dir] = append(byDir[dir], o)
	}
	views := make([]*RootView, 0, len(order))
	for _, dir := range order {
		views = append(views, NewRootView(manifests.Root{Path: dir, Dir: dir, Kind: manifests.Plain}, byDir[dir]))
	}
	return views
}

// holds reports whether a root has an object that Kubernetes would take for o, which stands in another root.
func (v *RootView) holds(o *manifests.Object, in *RootView) bool { return v.find(o, in) != nil }

// find returns what a root has in the place of o, an object of another root; nil for nothing. The namespace may be
// written in the one and be that of the release in the other.
func (v *RootView) find(o *manifests.Object, in *RootView) *manifests.Object {
	if v == nil {
		return nil
	}
	if found := v.Match(o); found != nil {
		return found
	}
	id := unversioned(o.Identity)
	id.Namespace = in.Namespace(o)
	if id.Namespace != o.Namespace {
		return first(v.byIdentity[id])
	}
	if id.Namespace = ""; v.Root.Kind == manifests.Helm && v.Root.Namespace == o.Namespace {
		return first(v.byIdentity[id])
	}
	return nil
}

func first(objects []*manifests.Object) *manifests.Object {
	if len(objects) == 0 {
		return nil
	}
	return objects[0]
}

// gone lists the objects of before that after does not hold, nor another root that got them by the change.
func (x *across) gone(before, after *RootView) []*manifests.Object {
	if x == nil || before == nil {
		return nil
	}
	var gone []*manifests.Object
	for _, o := range before.Objects {
		if !hasIdentity(o) || after != nil && after.Match(o) != nil || before.Root.Deployment.Makes(o) || x.movedTo(o, before) {
			continue
		}
		gone = append(gone, o)
	}
	return gone
}

// hasIdentity reports whether an object is the same one at base and at head: by its name, or because programs that read it
// from a file know it by none, as the API server does its configuration.
func hasIdentity(o *manifests.Object) bool {
	return o.Name != "" || o.Group() == "audit.k8s.io" || strings.HasSuffix(o.Group(), ".config.k8s.io")
}

// movedTo reports whether another root than before got o by the change.
func (x *across) movedTo(o *manifests.Object, before *RootView) bool {
	for _, p := range x.pairs {
		if p.before != before && p.after.holds(o, before) && !p.before.holds(o, before) && !x.leftBehind(o, before, p) {
			return true
		}
	}
	return false
}

// leftBehind reports whether the new root of p has o only since before, which stays and which a tool applies, no longer names
// the file in which both have it: nobody applies it there.
func (x *across) leftBehind(o *manifests.Object, before *RootView, p viewPair) bool {
	if before.Root.Deployment == nil || p.before != nil || p.after.Root.Deployment != nil || p.after.Root.Kind != manifests.Plain ||
		!slices.ContainsFunc(x.pairs, func(own viewPair) bool { return own.before == before && own.after != nil }) {
		return false
	}
	was, found := startOf(o)
	is, still := startOf(p.after.find(o, before))
	return found && still && was.File == is.File
}

// movedFrom returns what o, which is new in the root called after, was in a root that lost it.
func (x *across) movedFrom(o *manifests.Object, after *RootView) (*manifests.Object, *RootView) {
	for _, p := range x.pairs {
		if p.after == after || p.before == nil || p.after.holds(o, after) {
			continue
		}
		if was := p.before.find(o, after); was != nil {
			return was, p.before
		}
	}
	return nil, nil
}

// Was returns what p.Object, an object of head, was at base, and the root it stood in: the same root, or one that lost
// it by the change. It is nil for what is new, and where there is nothing to compare with.
func (p *Pass) Was() (*manifests.Object, *RootView) {
	if p.across == nil || p.removed || p.Object == nil || !hasIdentity(p.Object) {
		return nil, nil
	}
	if p.Base != nil {
		if was := twinOf(p.Object, p.Root.Twins(p.Object), p.Base.Twins(p.Object)); was != nil {
			return was, p.Base
		}
	}
	return p.across.movedFrom(p.Object, p.Root)
}

// twinOf finds what o, one of several objects of one identity, was: the one that says the same, else the one in its
// position.
func twinOf(o *manifests.Object, now, was []*manifests.Object) *manifests.Object {
	for i, other := range now {
		switch {
		case other != o:
		case len(was) == 0:
			return nil
		case len(was) > 1 || len(now) > 1:
			return sameOrAt(o, was, i)
		default:
			return was[0]
		}
	}
	return first(was)
}

func sameOrAt(o *manifests.Object, was []*manifests.Object, i int) *manifests.Object {
	for _, other := range was {
		if string(other.Raw) == string(o.Raw) {
			return other
		}
	}
	return was[min(i, len(was)-1)]
}

// Elsewhere lists the objects of a kind that other roots have at head and that may stand in the cluster in which
// p.Object does, or did: those of roots that had no object of its identity at base, as overlays for other clusters have.
func (p *Pass) Elsewhere(kind string) []Sited {
	if p.across == nil {
		return nil
	}
	var found []Sited
	for _, pair := range p.across.pairs {
		if pair.after == nil || pair.after == p.Root || pair.before.holds(p.Object, p.Root) {
			continue
		}
		for _, o := range pair.after.OfKind(kind) {
			found = append(found, Sited{o, pair.after})
		}
	}
	return found
}
