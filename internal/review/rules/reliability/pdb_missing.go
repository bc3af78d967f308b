package reliability

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var pdbMissing = review.Rule{
	ID: "pdb-missing", Level: review.Info,
	Summary: "Several pods of a workload may be drained at once",
	Kinds:   replicated,
	Check:   checkPDBMissing,
}

func checkPDBMissing(p *review.Pass) {
	pods := p.Root.Workloads(p.Object)
	n, ok := steadyReplicas(p, p.Object)
	if len(pods) == 0 || !ok || n < 2 {
		return
	}
	for _, budget := range p.Near("PodDisruptionBudget", p.Object) {
		if review.Selects(budget.Field().Get("spec", "selector"), pods[0].Meta.Get("labels")) {
			return
		}
	}
	p.Report(p.Object.Field().Get("metadata", "name"), "%s %s has no disruption budget for its %d pods", p.Object.Kind, p.Object.Name, n).
		Detail("Draining nodes for an upgrade may take all of them away at the same time.")
}

// budgeted lists the workloads of the root and the repository whose pods a disruption budget selects.
func budgeted(p *review.Pass, budget *manifests.Object) []*manifests.Object {
	var found []*manifests.Object
	for _, kind := range []string{"Deployment", "StatefulSet", "Rollout"} {
		for _, o := range p.Near(kind, budget) {
			labels := o.Field().Get("spec", "template", "metadata", "labels")
			if review.Selects(budget.Field().Get("spec", "selector"), labels) {
				found = append(found, o)
			}
		}
	}
	return found
}
