package rbac

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// sentence is what is said of a gain, but for the subject and the namespaces.
type sentence struct {
	object     *manifests.Object
	path, says string
}

func (c *comparison) sentenceOf(gains []gain) sentence {
	o, at := gains[0].place(c)
	return sentence{o, at.Path(), deedsOf(gains, maxRights)}
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

// grouped splits a list by a key, keeping its order.
func grouped[T any, K comparable](all []T, key func(T) K) (groups [][]T) {
	at := make(map[K]int)
	for _, item := range all {
		k := key(item)
		i, known := at[k]
		if !known {
			i = len(groups)
			at[k], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], item)
	}
	return groups
}

// reportGained says in one sentence what a subject, or several, gain by one object of the root.
func reportGained(p *review.Pass, c *comparison, gains []gain) {
	object, at := gains[0].place(c)
	d := p.ReportOn(object, at, "%s can now %s", whoOf(gains), whatOf(gains, 3)).
		Detail("It comes by %s. All that is new: %s.", enumerate(waysOf(gains), 4), whatOf(gains, maxRights)).
		Effect("%s", effectOf(gains))
	if gains[0].rank() == harmless {
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

// whoOf names who gains.
func whoOf(gains []gain) string {
	var who []string
	for _, of := range grouped(gains, func(g gain) subject { return g.to.subject }) {
		who = append(who, of[0].to.String())
	}
	return enumerate(who, maxNamed)
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
		d.Related(g.verbWord).CausedBy(object, g.grant.Field).CausedBy(object, object.Field().Get("metadata", "labels"))
	}
	for _, r := range append(c.now.named(g.binding.role, g.binding.view), g.role) {
		if r != nil && r.view == c.root && r.object != object {
			d.CausedBy(r.object, r.object.Field().Get("aggregationRule"))
		}
	}
}

// whatOf says what gains let do, at most so many things at a place, and where.
func whatOf(gains []gain, most int) string {
	if slices.ContainsFunc(gains, func(g gain) bool { return g.binding.namespace == everywhere && everything.givenBy(g.right) }) {
		return "do everything in every namespace"
	}
	places := grouped(gains, gain.where)
	if len(places) > 1 && whoOf(gains) != gains[0].to.String() {
		return deedsOf(gains, most) + ", each where it is bound"
	}
	var parts []string
	for _, here := range places {
		parts = append(parts, deedsOf(here, most)+here[0].where())
	}
	return enumerate(parts, max(most, 4))
}

// deedsOf says what gains let do, wherever.
func deedsOf(gains []gain, most int) string {
	rights := make([]right, 0, len(gains))
	for _, g := range gains {
		rights = append(rights, g.right)
	}
	var says []string
	for _, d := range deeds(rights) {
		says = append(says, d.says(max(most, 4)))
	}
	return enumerate(says, most)
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

// waysOf names the bindings and roles that gains come by.
func waysOf(gains []gain) (ways []string) {
	for _, g := range gains {
		by := titleOf(g.binding)
		if g.role != nil {
			by = fmt.Sprintf("%s and %s %s", by, g.role.kind, g.role.name)
		}
		if !slices.Contains(ways, by) {
			ways = append(ways, by)
		}
	}
	return ways
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
