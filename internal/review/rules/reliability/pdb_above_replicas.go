package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var pdbAboveReplicas = review.Rule{
	ID: "pdb-above-replicas", Level: review.Warning,
	Summary: "A disruption budget asks for more pods than there are",
	Kinds:   []string{"PodDisruptionBudget"},
	Check:   checkPDBAboveReplicas,
}

func checkPDBAboveReplicas(p *review.Pass) {
	least := p.Object.Field().Get("spec", "minAvailable")
	n, ok := least.Int()
	workloads := budgeted(p, p.Object)
	if !ok || len(workloads) == 0 {
		return
	}
	var all int64
	for _, o := range workloads {
		pods, known := steadyReplicas(p, o)
		if !known {
			return
		}
		all += pods
	}
	if n > all {
		o := workloads[0]
		p.Report(least, "budget %s asks for %d pods where %s %s has %d", p.Object.Name, n, o.Kind, o.Name, all).
			Detail("The budget can never be met, so no pod may ever be evicted and no node they are on can be drained.")
	}
}
