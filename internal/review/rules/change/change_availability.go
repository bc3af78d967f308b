package change

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeAvailability = review.Rule{
	ID: "change-availability", Level: review.Warning,
	Summary:      "The change takes pods, probes, a budget or traffic away from a workload",
	Kinds:        []string{review.Workloads, "PodDisruptionBudget.policy", "Service.", "NetworkPolicy.networking.k8s.io"},
	Check:        checkChangeAvailability,
	CheckRemoved: checkBudgetRemoved,
}

func checkChangeAvailability(p *review.Pass) {
	was, in := p.Was()
	if was == nil {
		return
	}
	if p.Pod != nil {
		if string(was.Raw) != string(p.Object.Raw) {
			checkReplicas(p, was)
			checkStrategy(p, was)
			checkProbes(p, in.Workloads(was))
		}
		return
	}
	switch p.Object.Kind {
	case "PodDisruptionBudget":
		checkBudgetSelects(p, was)
	case "Service":
		checkServiceSelects(p, was)
	case "NetworkPolicy":
		checkPolicySelects(p, was)
	}
}

// checkReplicas finds workloads that are scaled to nothing, or below what a budget asks for.
func checkReplicas(p *review.Pass, was *manifests.Object) {
	if !scales(p.Object) || scaledByEvents(p) {
		return
	}
	before, after := replicas(was.Field()), replicas(p.Object.Field())
	at := p.Object.Field().Get("spec", "replicas")
	if after >= before || after > 0 && autoscaled(p, p.Object) {
		return
	}
	if after == 0 {
		p.Report(at, "%s %s is scaled to 0 pods", p.Object.Kind, p.Object.Name).
			Detail("It ran %d at base. After merging nothing of it runs, and no autoscaler changes that: with 0 written here it is switched off.", before)
		return
	}
	for _, budget := range budgetsOf(p, p.Root, p.Object) {
		least, ok := budget.Field().Get("spec", "minAvailable").Int()
		if ok && least > after && least <= before {
			p.Report(at, "%s %s is scaled to %d pods, of which budget %s asks for %d", p.Object.Kind, p.Object.Name, after, budget.Name, least).
				Detail("The budget cannot be met any more: no pod of it is evicted again, so that nodes cannot be drained, and fewer pods are there than somebody thought necessary.")
		}
	}
}

// scales reports whether an object runs the number of pods that it says.
func scales(o *manifests.Object) bool {
	switch o.Kind {
	case "Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "DeploymentConfig", "Rollout":
		return true
	}
	return false
}

// autoscaled reports whether an autoscaler chooses the number of an object's pods.
func autoscaled(p *review.Pass, o *manifests.Object) bool {
	for _, scaler := range p.Near("HorizontalPodAutoscaler", o) {
		target := scaler.Field().Get("spec", "scaleTargetRef")
		if target.Get("kind").Text() == o.Kind && target.Get("name").Text() == o.Name {
			return true
		}
	}
	return false
}

// scaledByEvents reports whether KEDA chooses the number, for which nothing is a number as well.
func scaledByEvents(p *review.Pass) bool {
	for _, scaler := range p.Near("ScaledObject", p.Object) {
		if scaler.Field().Get("spec", "scaleTargetRef", "name").Text() == p.Object.Name {
			return true
		}
	}
	return false
}

// checkStrategy finds Deployments that from now on stop all pods before they start new ones.
func checkStrategy(p *review.Pass, was *manifests.Object) {
	before, now := was.Field().Get("spec", "strategy", "type"), p.Object.Field().Get("spec", "strategy", "type")
	if p.Object.Kind == "Deployment" && now.Text() == "Recreate" && before.Text() != "Recreate" {
		p.Report(now, "Deployment %s stops all its pods before it starts new ones", p.Object.Name).
			Detail("With the strategy Recreate every rollout, this one included, leaves nothing running until the new pods are ready. That is right only where two versions must not run side by side.")
	}
}

// probes are what a container can lose, and what follows.
var probes = []struct{ key, name, detail string }{
	{"readinessProbe", "readiness probe", "Its pods get traffic as soon as the container runs, ready or not, and a rollout goes on though the new version does not work."},
	{"livenessProbe", "liveness probe", "A container that hangs is not restarted any more."},
	{"startupProbe", "startup probe", "A container that is slow to start may be killed by its liveness probe before it is up."},
}

// checkProbes finds containers that had a probe and have it no longer. Jobs run to their end and are not asked.
func checkProbes(p *review.Pass, before []*review.Workload) {
	if p.Object.Kind == "Job" || p.Object.Kind == "CronJob" {
		return
	}
	for _, pod := range before {
		for _, was := range pod.Containers {
			for _, now := range p.Pod.Containers {
				if was.Name != now.Name || pod.Spec.Path() != p.Pod.Spec.Path() {
					continue
				}
				for _, probe := range probes {
					if gone := now.Get(probe.key); was.Get(probe.key).IsMap() && !gone.IsSet() {
						p.Report(gone, "%s loses its %s", now.Title(), probe.name).Detail("%s", probe.detail)
					}
				}
			}
		}
	}
}
