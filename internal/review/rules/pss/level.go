package pss

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

// checkLevel reports every field at which a pod fails a level of the standards.
func checkLevel(p *review.Pass, level api.Level) {
	for _, v := range standard.Violations(p.Pod, level, standard.Version(p.Kube)) {
		p.Report(v.Field, "%s fails the check %s of the %s standard", v.Subject, v.Check, level).
			Detail("A namespace that enforces %s at Kubernetes %s refuses the pod: %s.", level, p.Kube, v.Says)
	}
}

// enforceLabel returns the label by which a namespace enforces a level, which may be absent.
func enforceLabel(namespace *manifests.Object) manifests.Field {
	return namespace.Field().Get("metadata", "labels", api.EnforceLevelLabel)
}

// enforcedLevel returns the level that a namespace enforces; ok is false when it names none.
func enforcedLevel(namespace *manifests.Object) (level api.Level, ok bool) {
	text := enforceLabel(namespace).Text()
	if text == "" {
		return standard.Privileged, false
	}
	level, err := api.ParseLevel(text)
	return level, err == nil
}

// strictestFor returns the strictest level that the root's pods in a namespace meet; privileged when there are none
// to judge by.
func strictestFor(p *review.Pass, namespace string) api.Level {
	var pods []*review.Workload
	for _, o := range p.Root.Objects {
		if p.Root.Namespace(o) == namespace {
			pods = append(pods, p.Root.Workloads(o)...)
		}
	}
	if len(pods) == 0 {
		return standard.Privileged
	}
	return standard.Strictest(pods, standard.Version(p.Kube))
}

// offerLevel offers to enforce the strictest level that the pods of the namespace meet, where that is one at all.
func offerLevel(p *review.Pass, d *review.Draft) {
	if level := strictestFor(p, p.Object.Name); level != standard.Privileged {
		d.Fix("Enforce "+string(level)+", which the namespace's pods here meet",
			review.Set(enforceLabel(p.Object), string(level))).Unsafe()
	}
}
