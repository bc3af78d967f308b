package change

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// labelsOf returns the labels of the pods that an object of a root runs.
func labelsOf(in *review.RootView, o *manifests.Object) manifests.Field {
	if pods := in.Workloads(o); len(pods) > 0 {
		return pods[0].Meta.Get("labels")
	}
	return manifests.Field{}
}

// selected lists the objects of a root whose pods, in a namespace, a test on their labels holds for.
func selected(in *review.RootView, namespace string, test func(labels manifests.Field) bool) (found []*manifests.Object) {
	for _, o := range in.Objects {
		if in.Namespace(o) == namespace && len(in.Workloads(o)) > 0 && test(labelsOf(in, o)) {
			found = append(found, o)
		}
	}
	return found
}

// budgetsOf lists the disruption budgets that select an object's pods.
func budgetsOf(p *review.Pass, in *review.RootView, o *manifests.Object) (found []*manifests.Object) {
	for _, budget := range p.Near("PodDisruptionBudget", o) {
		if review.Selects(budget.Field().Get("spec", "selector"), labelsOf(in, o)) {
			found = append(found, budget)
		}
	}
	return found
}

func checkBudgetRemoved(p *review.Pass) {
	if p.Object.Kind == "PodDisruptionBudget" {
		reportUnprotected(p, p.Object, p.Object.Field())
	}
}

// checkBudgetSelects looks at what a budget protects when its selector, or labels that it selects, changed.
func checkBudgetSelects(p *review.Pass, was *manifests.Object) {
	before, now := was.Field().Get("spec", "selector"), p.Object.Field().Get("spec", "selector")
	_, differs := (defaults{}).difference(before, now)
	if differs || touches(p, func(labels manifests.Field) bool { return review.Selects(before, labels) }) {
		reportUnprotected(p, was, now)
	}
}

// reportUnprotected finds workloads that a budget of base protected and that none protects at head. One pod alone gains
// nothing by a budget.
func reportUnprotected(p *review.Pass, was *manifests.Object, at manifests.Field) {
	if p.Base == nil {
		return
	}
	selector := was.Field().Get("spec", "selector")
	namespace := p.Root.Namespace(p.Object)
	for _, before := range selected(p.Base, namespace, func(labels manifests.Field) bool { return review.Selects(selector, labels) }) {
		o := p.Root.Match(before)
		if o == nil || replicas(o.Field()) < 2 && !autoscaled(p, o) || len(budgetsOf(p, p.Root, o)) > 0 {
			continue
		}
		for _, s := range p.Elsewhere("PodDisruptionBudget") {
			if s.In.Namespace(s.Object) == namespace && review.Selects(s.Field().Get("spec", "selector"), labelsOf(p.Root, o)) {
				return
			}
		}
		p.Report(at, "no budget protects the pods of %s %s any more", o.Kind, o.Name).
			Detail("PodDisruptionBudget %s did at base. Without one, draining nodes may evict all of them at the same time.", was.Name).
			Effect("%s|%s", p.Object.String(), o.String())
	}
}
