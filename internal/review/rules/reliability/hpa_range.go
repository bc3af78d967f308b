package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var hpaRange = review.Rule{
	ID: "hpa-range", Level: review.Warning,
	Summary: "An autoscaler has no room to scale",
	Kinds:   []string{"HorizontalPodAutoscaler"},
	Check:   checkHPARange,
}

func checkHPARange(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	most, ok := spec.Get("maxReplicas").Int()
	if !ok {
		return
	}
	least := orDefault(spec.Get("minReplicas"), 1)
	at := spec.Get("maxReplicas")
	switch {
	case least > most:
		p.Report(at, "autoscaler %s may have at most %d pods and needs at least %d", p.Object.Name, most, least).
			Detail("The API server refuses it.").Related(spec.Get("minReplicas"))
	case least == most:
		p.Report(at, "autoscaler %s always keeps %d pods", p.Object.Name, most).
			Detail("Its least and its most are the same, so that it never scales, however high the load is.").Related(spec.Get("minReplicas"))
	}
}
