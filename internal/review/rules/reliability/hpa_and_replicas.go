package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var hpaAndReplicas = review.Rule{
	ID: "hpa-and-replicas", Level: review.Warning,
	Summary: "A workload that is scaled by an autoscaler also fixes its number of pods",
	Kinds:   replicated,
	Check:   checkHPAAndReplicas,
}

func checkHPAAndReplicas(p *review.Pass) {
	at := p.Object.Field().Get("spec", "replicas")
	if !isInt(at) || replicas(p.Object) == 0 {
		return
	}
	s := scaler(p, p.Object)
	if s == nil {
		return
	}
	p.Report(at, "%s %s fixes its replicas, which %s %s sets", p.Object.Kind, p.Object.Name, s.Kind, s.Name).
		Detail("Each time the manifest is applied the number falls back to the written one, in the middle of the load that the autoscaler had answered.").
		Fix("leave the number to the autoscaler", review.Remove(at)).Unsafe()
}
