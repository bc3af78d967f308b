package resources

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// claimants are the containers that can state resources: ephemeral ones cannot, the API server refuses it.
func claimants(pod *review.Workload) []review.Container {
	var found []review.Container
	for _, c := range pod.Containers {
		if c.Kind != review.EphemeralContainer {
			found = append(found, c)
		}
	}
	return found
}

// states reports whether resources give an amount: a limit without a request is a request too.
func states(resources manifests.Field, list, name string) bool {
	return resources.Get(list, name).IsSet() || list == "requests" && resources.Get("limits", name).IsSet()
}

// bounded reports whether a container's amount is given by itself, by the pod as a whole, or by a LimitRange's
// defaults, which the API server fills in.
func bounded(p *review.Pass, c review.Container, list, name string) bool {
	return states(c.Get("resources"), list, name) ||
		states(p.Pod.Get("resources"), list, name) ||
		defaulted(p, list, name)
}

// defaulted reports whether a LimitRange of the pod's namespace has a default for the amount.
func defaulted(p *review.Pass, list, name string) bool {
	for _, o := range p.Near("LimitRange", p.Object) {
		for _, limit := range o.Field().Get("spec", "limits").Items() {
			if limit.Get("type").Text() == "Container" && givesDefault(limit, list, name) {
				return true
			}
		}
	}
	return false
}

// givesDefault knows that a default limit is the default request too, and that a maximum is the default limit.
func givesDefault(limit manifests.Field, list, name string) bool {
	return limit.Get("default", name).IsSet() || limit.Get("max", name).IsSet() ||
		list == "requests" && limit.Get("defaultRequest", name).IsSet()
}

// checkMissing reports containers without an amount. The message gets the container's title.
func checkMissing(list, name, message, detail string) func(*review.Pass) {
	return func(p *review.Pass) {
		for _, c := range claimants(p.Pod) {
			if !bounded(p, c, list, name) {
				p.Report(c.Get("resources", list, name), message, c.Title()).Detail("%s", detail)
			}
		}
	}
}
