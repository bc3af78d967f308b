package rbac

import (
	"bytes"
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

// comparison is one root at base and head, within the repositories of both sides.
//
// Roots may be for clusters of their own, so that what another root gives a subject does not count here. It does when the
// change takes it away there: then it has moved.
type comparison struct {
	root, base *review.RootView // base is nil for a new root
	now, was   *world
	elsewhere  map[subject][]*binding // of base, in other roots, that go on giving roles of this one
	held       map[subject]holding
	read       map[reach][]given
	same       map[rolePair]bool
}

// rolePair are the first of the roles that a name stands for, and how many there are, at head and at base.
type rolePair struct {
	now, was *role
	n, m     int
}

// reach is a role within a namespace, or everywhere.
type reach struct {
	*role
	within bool
}

// gain is a right that a subject has at head and had not at base.
type gain struct {
	given
	to      bound
	binding *binding
	kept    bool // base had the binding of the subject to the role: it is the role that changed
}

func newComparison(p *review.Pass) *comparison {
	return &comparison{
		root: p.Root, base: p.Base, now: worldOf(p.Index), was: worldOf(p.Before),
		elsewhere: make(map[subject][]*binding), held: make(map[subject]holding),
		read: make(map[reach][]given), same: make(map[rolePair]bool),
	}
}

// gains lists the rights that the root newly gives: by its bindings, and by its roles to whom other roots bind them.
func (c *comparison) gains() (all []gain) {
	foreign := c.foreign()
	for _, b := range foreign {
		for _, s := range b.subjects {
			if old := c.keptOf(b, s.subject); old != nil {
				c.elsewhere[s.subject] = append(c.elsewhere[s.subject], old)
			}
		}
	}
	for _, b := range append(slices.Clip(c.now.ofView[c.root]), foreign...) {
		for _, s := range b.subjects {
			all = append(all, c.gainsOf(b, s)...)
		}
	}
	return all
}

// foreign lists the bindings of other roots that lead to roles of this one.
func (c *comparison) foreign() (found []*binding) {
	seen := make(map[*role]bool)
	for _, kind := range []string{"ClusterRole", "Role"} {
		for _, o := range c.root.OfKind(kind) {
			r := c.now.byObject[o]
			if r == nil {
				continue
			}
			for _, by := range append([]*role{r}, r.into...) {
				if !seen[by] {
					seen[by] = true
					found = append(found, slices.DeleteFunc(slices.Clone(by.bound), func(b *binding) bool { return b.view == c.root })...)
				}
			}
		}
	}
	return found
}

// gainsOf lists what a subject gains by a binding. What a binding of another root newly gives is told there, and so is
// what a role of another root newly allows.
func (c *comparison) gainsOf(b *binding, s bound) (all []gain) {
	old, own := c.keptOf(b, s.subject), b.view == c.root
	if old == nil && !own || old != nil && c.sameRoles(old, b) {
		return nil
	}
	held := c.heldBefore(s.subject)
	for _, r := range c.rights(b) {
		told := r.role != nil && r.role.view != nil && r.role.view != c.root && old != nil && sameRoot(old.view, b.view)
		if mine := own && !told || r.role != nil && r.role.view == c.root; mine && !held.covers(b.namespace, r.right) {
			all = append(all, gain{r, s, b, old != nil})
		}
	}
	return all
}

// rights lists what a binding gives; of a role that is not known, that it is given.
func (c *comparison) rights(b *binding) (all []given) {
	if len(b.roles) == 0 {
		return []given{{right: right{all: b.role.kind + " " + b.role.name}}}
	}
	for _, r := range b.gives() {
		of := reach{r, b.namespace != everywhere}
		if _, known := c.read[of]; !known {
			c.read[of] = rightsOf(r, of.within)
		}
		all = append(all, c.read[of]...)
	}
	return all
}

// keptOf returns the binding of base, in the same root, that gave the subject the same role in the same namespace.
func (c *comparison) keptOf(b *binding, s subject) *binding {
	for _, old := range c.was.ofSubject[s] {
		same := sameRoot(old.view, b.view)
		if b.view == c.root {
			same = old.view == c.base && c.base != nil
		}
		if same && old.role == b.role && old.namespace == b.namespace {
			return old
		}
	}
	return nil
}

// heldBefore returns what a subject might do at base: by the root, by its roles, and by what other roots have no more.
func (c *comparison) heldBefore(s subject) holding {
	if held, ok := c.held[s]; ok {
		return held
	}
	held := make(holding)
	for _, old := range c.was.ofSubject[s] {
		by := func(r *role) bool { return r.view == c.base }
		if c.base != nil && (old.view == c.base || slices.ContainsFunc(old.gives(), by)) || c.gone(old, s) {
			held.add(old.namespace, c.rights(old))
		}
	}
	for _, old := range c.elsewhere[s] {
		held.add(old.namespace, c.rights(old))
	}
	c.held[s] = held
	return held
}

// gone reports whether the root of a binding of base does not give the subject the role at head.
func (c *comparison) gone(old *binding, s subject) bool {
	return !slices.ContainsFunc(c.now.ofSubject[s], func(b *binding) bool {
		return sameRoot(old.view, b.view) && old.role == b.role && old.namespace == b.namespace
	})
}

// sameRoot reports whether two views, one of each side, are of one root; nil stands for what no root rendered.
func sameRoot(a, b *review.RootView) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Root.Path == b.Root.Path && a.Root.Kind == b.Root.Kind
}

// sameRoles reports whether every role that a binding leads to was there at base, and said the same. Many bindings lead to
// the same roles.
func (c *comparison) sameRoles(old, b *binding) bool {
	if len(b.roles) == 0 {
		return len(old.roles) == 0
	}
	pair := rolePair{now: b.roles[0], n: len(b.roles)}
	if pair.m = len(old.roles); pair.m > 0 {
		pair.was = old.roles[0]
	}
	same, known := c.same[pair]
	if !known {
		was := make(map[roleName][]byte)
		for _, r := range old.gives() {
			was[r.roleName] = r.object.Raw
		}
		same = !slices.ContainsFunc(b.gives(), func(r *role) bool {
			before, there := was[r.roleName]
			return !there || !bytes.Equal(before, r.object.Raw)
		})
		c.same[pair] = same
	}
	return same
}
