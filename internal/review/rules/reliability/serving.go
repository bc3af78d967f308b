package reliability

import (
	"cmp"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// replicated are the kinds that run several equal pods.
var replicated = []string{"Deployment.apps", "StatefulSet.apps", "Rollout.argoproj.io"}

// serving returns the containers that other programs connect to: regular ones and sidecars with a port, in pods that
// are meant to run on. Jobs end by themselves, and Knative probes its services without being told to.
func serving(p *review.Pass) []review.Container {
	if p.Object.Kind == "Job" || p.Object.Kind == "CronJob" || p.Object.Group() == "serving.knative.dev" || p.Object.Group() == "argoproj.io" && p.Object.Kind != "Rollout" {
		return nil
	}
	if policy := p.Pod.Get("restartPolicy").Text(); policy != "" && policy != "Always" {
		return nil
	}
	var found []review.Container
	for _, c := range p.Pod.Containers {
		if (c.Kind == review.RegularContainer || c.Kind == review.SidecarContainer) && len(c.Get("ports").Items()) > 0 {
			found = append(found, c)
		}
	}
	return found
}

// checkProbe reports serving containers without a probe of a kind.
func checkProbe(key, message, detail string) func(*review.Pass) {
	return func(p *review.Pass) {
		for _, c := range serving(p) {
			if probe := c.Get(key); !probe.IsSet() {
				p.Report(probe, message, c.Title()).Detail("%s", detail)
			}
		}
	}
}

// replicas returns how many pods an object asks for: what is written, or the default of one.
func replicas(o *manifests.Object) int64 {
	at := o.Field().Get("spec", "replicas")
	if n, ok := at.Int(); ok {
		return n
	}
	return 1
}

// scaled is a kind of workload and its name.
type scaled struct{ kind, name string }

// scaler returns what scales an object in its own namespace, a HorizontalPodAutoscaler or KEDA's ScaledObject, nil for none.
func scaler(p *review.Pass, o *manifests.Object) *manifests.Object {
	all := review.Once(p.Root, "reliability scalers|"+p.Root.Namespace(o), func(*review.RootView) map[scaled]*manifests.Object {
		first := map[scaled]*manifests.Object{}
		for _, kind := range []string{"HorizontalPodAutoscaler", "ScaledObject"} {
			for _, s := range p.Near(kind, o) {
				target := s.Field().Get("spec", "scaleTargetRef")
				of := scaled{cmp.Or(target.Get("kind").Text(), "Deployment"), target.Get("name").Text()}
				if first[of] == nil {
					first[of] = s
				}
			}
		}
		return first
	})
	return all[scaled{o.Kind, o.Name}]
}

// steadyReplicas returns how many pods an object has at the least, an autoscaler considered; ok is false when it is
// switched off or nobody can tell.
func steadyReplicas(p *review.Pass, o *manifests.Object) (n int64, ok bool) {
	s := scaler(p, o)
	if s == nil {
		n = replicas(o)
		return n, n > 0
	}
	if s.Kind != "HorizontalPodAutoscaler" {
		return 0, false
	}
	least := s.Field().Get("spec", "minReplicas")
	if n, ok := least.Int(); ok {
		return n, n > 0
	}
	return 1, !least.IsSet()
}

// nameOf returns an object's name, or what the API server makes one from.
func nameOf(o *manifests.Object) string {
	if o.Name != "" {
		return o.Name
	}
	return o.Field().Get("metadata", "generateName").Text()
}

// isInt reports whether a field is a whole number.
func isInt(at manifests.Field) bool {
	_, ok := at.Int()
	return ok
}
