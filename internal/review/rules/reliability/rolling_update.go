package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var rollingUpdate = review.Rule{
	ID: "rolling-update", Level: review.Info,
	Summary: "A new version stops all pods of the old one first, or none is rolled out",
	Kinds:   []string{"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps"},
	Check:   checkRollingUpdate,
}

func checkRollingUpdate(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	strategy := spec.Get("strategy")
	if p.Object.Kind != "Deployment" {
		strategy = spec.Get("updateStrategy")
	}
	kind, unavailable := strategy.Get("type"), strategy.Get("rollingUpdate", "maxUnavailable")
	switch {
	case kind.Text() == "Recreate" && replicas(p.Object) > 0 && !keepsVolume(p):
		p.Report(kind, "Deployment %s stops all pods before it starts new ones", p.Object.Name).
			Detail("Every rollout is an outage as long as the new pods take to get ready, or for good when they do not.").
			Fix("roll pods one by one", review.Set(kind, "RollingUpdate")).Unsafe()
	case kind.Text() == "OnDelete":
		p.Report(kind, "%s %s does not roll out changes", p.Object.Kind, p.Object.Name).
			Detail("Pods keep the old version until somebody deletes them, so that what is merged is not what runs.")
	case unavailable.Text() == "100%":
		p.Report(unavailable, "%s %s may stop all pods at once", p.Object.Kind, p.Object.Name).
			Detail("A rollout takes every old pod away without waiting for a new one to get ready.")
	}
}
