package protection

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// alertKinds hold the rules by which Prometheus, and what follows it, call people.
var alertKinds = []string{"PrometheusRule.monitoring.coreos.com", "VMRule.operator.victoriametrics.com"}

// readAlerts reads the alerts of an object. What they ask for is tuned all the time, so that only their going counts.
func readAlerts(_ side, o *manifests.Object) (all []*guard) {
	for _, at := range o.Field().All("spec.groups[*].rules[*].alert") {
		if at.Text() != "" {
			all = append(all, &guard{key: "alert|" + at.Text(), does: "the alert " + quoted(at.Text()), at: at, mild: review.Warning})
		}
	}
	return all
}

// watchedGone reports whether the root lost, with the object, a workload that goes by its name or by its application's.
func watchedGone(p *review.Pass) bool {
	of := applicationOf(p.Object)
	for _, o := range p.Base.Objects {
		if len(p.Base.Workloads(o)) == 0 || p.Root.Match(o) != nil {
			continue
		}
		if strings.Contains(p.Object.Name, o.Name) || of != "" && applicationOf(o) == of {
			return true
		}
	}
	return false
}

// applicationOf is what an object's labels say that it belongs to, "" when they do not.
func applicationOf(o *manifests.Object) string {
	labels := o.Field().Get("metadata", "labels")
	for _, key := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/name", "app"} {
		if name := labels.Get(key).Text(); name != "" {
			return name
		}
	}
	return ""
}
