package api

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var hpaTargetMissing = review.Rule{
	ID: "hpa-target-missing", Level: review.Warning,
	Summary: "An autoscaler scales a workload that is not there",
	Kinds:   []string{"HorizontalPodAutoscaler", "ScaledObject.keda.sh", "VerticalPodAutoscaler.autoscaling.k8s.io"},
	Params:  newElsewhere,
	Check:   checkHPATargetMissing,
}

func checkHPATargetMissing(p *review.Pass) {
	target := p.Object.Field().Get("spec", "scaleTargetRef")
	if p.Object.Kind == "VerticalPodAutoscaler" {
		target = p.Object.Field().Get("spec", "targetRef")
	}
	kind := target.Get("kind").Text()
	if kind == "" && p.Object.Kind == "ScaledObject" {
		kind = "Deployment"
	}
	r := reference{target.Get("name"), kind, target.Get("name").Text(), ""}
	if !slices.Contains(podKinds(), kind) || !r.known(p) || r.find(p, true) != nil {
		return
	}
	if other := r.otherKind(p); other != "" {
		p.Report(target.Get("kind"), "%s %s scales %s %s, which is a %s", p.Object.Kind, p.Object.Name, kind, r.name, other).Related(r.at).
			Detail("Nothing is scaled: the workload that is meant stays at the size it has.")
	} else if r.missing(p) {
		p.Report(r.at, "%s %s scales %s %s, which is not there%s", p.Object.Kind, p.Object.Name, kind, r.name, r.meant(p)).
			Detail("Nothing is scaled: the workload that is meant stays at the size it has.")
	}
}

// otherKind returns the kind of the root's workload that has the name but is of another kind, "" when there is none.
func (r reference) otherKind(p *review.Pass) string {
	for _, kind := range podKinds() {
		if kind == "Job" || kind == "CronJob" || kind == "Pod" {
			continue
		}
		if (reference{r.at, kind, r.name, ""}).target(p) != nil {
			return kind
		}
	}
	return ""
}
