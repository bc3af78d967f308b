package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// wildcardRule makes a rule that finds "*" in a list of each grant.
func wildcardRule(rule review.Rule, list, consequence string) review.Rule {
	rule.Kinds = onRoles()
	rule.Check = func(p *review.Pass) {
		for _, g := range grantsOf(p.Object) {
			at, ok := wordFor(g.Get(list).Items(), "*")
			if !ok || list == "resources" && namesMetrics(g) {
				continue
			}
			d := p.Report(at, "%s %s grants %s", p.Object.Kind, p.Object.Name, extent(g)).
				Detail("%s", consequence+" "+holdersOf(p))
			if len(g.resources) == 0 || g.named() {
				d.Lower(review.Warning)
			}
		}
	}
	return rule
}

// namesMetrics reports whether a grant is for metrics only, which are resources of any name in their groups.
func namesMetrics(g grant) bool {
	return len(g.groups) > 0 && !slices.ContainsFunc(g.groups, func(of manifests.Field) bool {
		return of.Text() != "custom.metrics.k8s.io" && of.Text() != "external.metrics.k8s.io"
	})
}

// extent says what a grant allows on what.
func extent(g grant) string {
	verbs := titles(g.verbs, "every verb")
	if len(g.resources) == 0 {
		return verbs + " on the API server's paths (" + titles(g.urls, "all") + ")"
	}
	text := verbs + " on " + titles(g.resources, "every resource")
	if _, core := wordFor(g.groups, ""); core && len(g.groups) == 1 {
		return text + only(g)
	}
	return text + " of " + titles(g.groups, "every API group") + only(g)
}

// titles names the words of a list, or says all when one of them stands for that.
func titles(list []manifests.Field, all string) string {
	words := make([]string, 0, len(list))
	for _, item := range list {
		switch word := item.Text(); word {
		case "*":
			return all
		case "":
			words = append(words, "the core group")
		default:
			words = append(words, word)
		}
	}
	return enumerate(words, 4)
}
