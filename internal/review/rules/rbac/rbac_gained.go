package rbac

import (
	"cmp"
	"slices"

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
	if o := first(p.Root); o != nil && (c.now.left < 0 || c.was.left < 0) {
		p.ReportOn(o, o.Field(), "who gains what could not be worked out: too many roles aggregate each other")
	}
	all := c.gains()
	slices.SortStableFunc(all, func(a, b gain) int { return cmp.Compare(a.rank(), b.rank()) })
	var told [][]gain // what one subject gains by one object
	for _, group := range grouped(all, func(g gain) subject { return g.to.subject }) {
		if !c.renamed(group[0].to.subject, group) {
			told = append(told, grouped(group, func(g gain) *manifests.Object { o, _ := g.place(c); return o })...)
		}
	}
	for _, same := range grouped(told, func(gains []gain) sentence { return c.sentenceOf(gains) }) {
		if len(same) > maxSentences {
			same = [][]gain{slices.Concat(same...)}
		}
		for _, gains := range same {
			reportGained(p, c, gains)
		}
	}
}

// first returns an object of the root that has to do with who may do what, nil when there is none.
func first(root *review.RootView) *manifests.Object {
	for _, kind := range []string{"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"} {
		if all := root.OfKind(kind); len(all) > 0 {
			return all[0]
		}
	}
	return nil
}

// maxSentences is how many subjects that gain the same at the same place have a finding each.
const maxSentences = 5
