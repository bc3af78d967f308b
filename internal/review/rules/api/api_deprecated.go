package api

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var apiDeprecated = review.Rule{
	ID: "api-deprecated", Level: review.Warning, Guidelines: []string{"G31"},
	Summary:     "The object's API version is deprecated in the target Kubernetes version",
	Kinds:       []string{review.AnyKind},
	Definitions: true,
	Check:       checkAPIDeprecated,
}

func checkAPIDeprecated(p *review.Pass) {
	o := p.Object
	switch is, _ := standingOf(p, o); is {
	case served, known:
		if life, ok := kubeapi.LifecycleOf(o.APIVersion, o.Kind); ok && life.Deprecated > 0 && life.Deprecated <= p.Kube.Minor && !unknownToHelm(p, o) && !asksForKind(p, o) {
			reportDeprecated(p, life)
		}
	case defined:
		for _, d := range definitionsOf(p, o) {
			if v := d.Version(versionOf(o)); v != nil && v.Served && v.Deprecated {
				p.Report(o.Field().Get("apiVersion"), "%s is deprecated by its definition", title(o)).
					Detail("A later version of the definition may not serve it any more.")
				return
			}
		}
	}
}

func reportDeprecated(p *review.Pass, life kubeapi.Lifecycle) {
	until := "A later version will not serve it any more."
	if life.Removed > 0 {
		until = fmt.Sprintf("Kubernetes 1.%d will not serve it any more, and an upgrade to that version breaks what is applied from here.", life.Removed)
	}
	message := fmt.Sprintf("%s is deprecated since Kubernetes 1.%d", title(p.Object), life.Deprecated)
	instead, ok := replacement(api(p), p.Object)
	if !ok {
		p.Report(p.Object.Field().Get("kind"), "%s", message).Detail("%s", until)
		return
	}
	d := p.Report(p.Object.Field().Get("apiVersion"), "%s: write %s", message, nameOf(instead, p.Object.Kind)).Detail("%s", until)
	fixVersion(p, d, instead)
}
