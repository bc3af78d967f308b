package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// powerRule makes a rule that finds powers in roles, each grant that gives one once. The consequence is said in full
// sentences.
func powerRule(rule review.Rule, consequence string, powers ...power) review.Rule {
	rule.Kinds = onRoles()
	rule.Check = func(p *review.Pass) {
		for _, g := range grantsOf(p.Object) {
			for _, w := range powers {
				if d := reportPower(p, g, w, w.hits(g)); d != nil {
					d.Detail("%s", consequence+" "+holdersOf(p))
				}
			}
		}
	}
	return rule
}

// reportPower reports that the role has a power by a grant, nil when hits give none.
func reportPower(p *review.Pass, g grant, w power, hits []hit) *review.Draft {
	if len(hits) == 0 || w.usual && isUsual(p) {
		return nil
	}
	inNamespaces := outsideLast(hits)
	role := p.Object
	if role.Kind == "Role" && inNamespaces == 0 {
		if hits[0].at.Text() == "*" {
			return nil
		}
		return p.Report(w.place(hits), "Role %s asks for %s, which only a ClusterRole can give", role.Name, hits[0].resource).
			Lower(review.Info)
	}
	if role.Kind == "Role" {
		hits = hits[:inNamespaces]
	}
	d := p.Report(w.place(hits), "%s %s can %s%s%s", role.Kind, role.Name, w.phrase(hits), where(p, w, hits), only(g))
	w.lower(d, g, role.Kind)
	explain(d, p.Object, g, w, hits)
	return d
}

// outsideLast sorts hits outside of namespaces behind the others, and counts those.
func outsideLast(hits []hit) (within int) {
	slices.SortStableFunc(hits, func(a, b hit) int {
		switch {
		case a.cluster == b.cluster:
			return 0
		case a.cluster:
			return 1
		}
		return -1
	})
	for within < len(hits) && !hits[within].cluster {
		within++
	}
	return within
}

// explain names all that a finding at the place of hits follows from: a change that wrote or removed one of it caused the
// finding.
func explain(d *review.Draft, role *manifests.Object, g grant, w power, hits []hit) {
	place := w.place(hits).Path()
	for _, h := range hits {
		if h.at.Path() != place {
			d.Related(h.at)
		}
	}
	for _, verb := range hits[0].verbs {
		if verb.Path() != place {
			d.Related(verb)
		}
	}
	d.CausedBy(role, g.Field)
}

// where says in which namespaces a role gives a power over hits; nothing for what is outside of them.
func where(p *review.Pass, w power, hits []hit) string {
	if w.nowhere || hits[0].cluster {
		return ""
	}
	if p.Object.Kind == "Role" {
		return " in its namespace"
	}
	if boundWithin(p) {
		return " in the namespaces where it is bound"
	}
	return " in every namespace"
}

// only says for which objects a grant is.
func only(g grant) string {
	if !g.named() {
		return ""
	}
	names := make([]string, 0, len(g.names))
	for _, name := range g.names {
		names = append(names, name.Text())
	}
	return " (only " + enumerate(names, 3) + ")"
}
