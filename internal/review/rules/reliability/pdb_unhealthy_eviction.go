package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var pdbUnhealthyEviction = review.Rule{
	ID: "pdb-unhealthy-eviction", Level: review.Warning,
	Summary: "A disruption budget keeps broken pods from being evicted",
	Kinds:   []string{"PodDisruptionBudget"},
	Check:   checkPDBUnhealthyEviction,
}

func checkPDBUnhealthyEviction(p *review.Pass) {
	at := p.Object.Field().Get("spec", "unhealthyPodEvictionPolicy")
	if at.Text() == "AlwaysAllow" || !p.Kube.AtLeast(27) || p.Object.APIVersion != "policy/v1" {
		return
	}
	p.Report(at, "budget %s keeps broken pods from being evicted", p.Object.Name).
		Detail("Without AlwaysAllow a pod that crashes again and again counts against the budget, so that its node cannot be drained until somebody deletes the pod by hand.").
		Fix("let broken pods be evicted", review.Set(at, "AlwaysAllow")).Unsafe()
}
