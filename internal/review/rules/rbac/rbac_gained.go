package rbac

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var gained = review.Rule{
	ID: "rbac-gained", Level: review.Error, Guidelines: []string{"G7", "G32"},
	Summary:   "The change lets somebody do what they could not do before",
	CheckRoot: checkGained,
}

func checkGained(p *review.Pass) {
	if p.Before == nil {
		return
	}
	c := newComparison(p)
	all := c.gains()
	slices.SortStableFunc(all, func(a, b gain) int { return cmp.Compare(a.rank(), b.rank()) })
	for _, group := range grouped(all, func(g gain) subject { return g.to.subject }) {
		if c.renamed(group[0].to.subject, group) {
			continue
		}
		for _, same := range grouped(group, func(g gain) *manifests.Object { o, _ := g.place(c); return o }) {
			reportGained(p, c, same)
		}
	}
}

// rank puts what is dangerous before the rest.
func (g gain) rank() int {
	if g.toAnybody() {
		return 0
	}
	return g.right.rank()
}

// toAnybody reports whether the subject is whoever reaches the API server.
func (g gain) toAnybody() bool {
	return g.to.name == "system:anonymous" || g.to.name == "system:unauthenticated"
}

// grouped splits gains by a key, keeping their order.
func grouped[K comparable](all []gain, key func(gain) K) (groups [][]gain) {
	at := make(map[K]int)
	for _, g := range all {
		k := key(g)
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], g)
	}
	return groups
}

// reportGained says in one sentence what a subject gains by one object of the root.
func reportGained(p *review.Pass, c *comparison, gains []gain) {
	worst := gains[0]
	object, at := worst.place(c)
	d := p.ReportOn(object, at, "%s can now %s", worst.to, whatOf(gains, 3)).
		Detail("It comes by %s. All that is new: %s.", enumerate(routesOf(gains), 4), whatOf(gains, 1000)).
		Effect("%s", effectOf(gains))
	if worst.rank() == harmless {
		d.Lower(review.Warning)
	}
	explained := make(map[string]bool)
	for _, g := range gains {
		if words := g.verbWord.Path() + g.resourceWord.Path(); !explained[words] {
			explained[words] = true
			g.explain(c, d)
		}
	}
}

// place returns what in the root gives the right: the word of a role that changed, a binding's roleRef, or its subject.
func (g gain) place(c *comparison) (*manifests.Object, manifests.Field) {
	ref := g.binding.object.Field().Get("roleRef", "name")
	switch was := c.twin(g.binding.object); {
	case g.kept && g.role != nil && g.role.view == c.root:
		return g.role.object, g.resourceWord
	case g.kept, was != nil && was.Field().Get("roleRef", "name").Text() != ref.Text():
		return g.binding.object, ref
	}
	return g.binding.object, g.to.at.Get("name")
}

// twin returns what an object of the root was at base, nil when it is new.
func (c *comparison) twin(o *manifests.Object) *manifests.Object {
	if c.base == nil {
		return nil
	}
	return c.base.Match(o)
}

// explain names what a gain follows from, of which the change may have touched any.
func (g gain) explain(c *comparison, d *review.Draft) {
	object, _ := g.place(c)
	if g.role != nil && object == g.role.object {
		d.Related(g.verbWord).Related(g.grant.Get("apiGroups")).Related(g.grant.Get("resourceNames")).
			Related(object.Field().Get("metadata", "labels")).CausedBy(object, g.grant.Field)
	}
	for _, r := range append(c.now.named(g.binding.role, g.binding.view), g.role) {
		if r != nil && r.view == c.root && r.object != object {
			d.CausedBy(r.object, r.object.Field().Get("aggregationRule"))
		}
	}
}

// whatOf says what gains let do, at most so many things, and where.
func whatOf(gains []gain, most int) string {
	if slices.ContainsFunc(gains, func(g gain) bool { return g.binding.namespace == everywhere && everything.givenBy(g.right) }) {
		return "do everything in every namespace"
	}
	var parts []string
	for _, here := range grouped(gains, gain.where) {
		var rights []right
		for _, g := range here {
			rights = append(rights, g.right)
		}
		var says []string
		for _, d := range deeds(rights) {
			says = append(says, d.says(max(most, 4)))
		}
		parts = append(parts, enumerate(says, most)+here[0].where())
	}
	return enumerate(parts, max(most, 4))
}

// where says in which namespaces a gain holds, nothing for what is in none.
func (g gain) where() string {
	switch {
	case g.url != "" || isOutside(g.group, g.resource):
		return ""
	case g.binding.namespace == everywhere:
		return " in every namespace"
	case g.binding.namespace == "":
		return " in its namespace"
	}
	return " in namespace " + g.binding.namespace
}

// routesOf names the bindings and roles that gains come by.
func routesOf(gains []gain) (routes []string) {
	for _, g := range gains {
		by := titleOf(g.binding)
		if g.role != nil {
			by = fmt.Sprintf("%s and %s %s", by, g.role.kind, g.role.name)
		}
		if !slices.Contains(routes, by) {
			routes = append(routes, by)
		}
	}
	return routes
}

// effectOf writes all that is gained, in an order of its own.
func effectOf(gains []gain) string {
	var lines []string
	for _, g := range gains {
		lines = append(lines, fmt.Sprintf("%s %s %+v", g.to.subject, g.binding.namespace, g.right))
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}
