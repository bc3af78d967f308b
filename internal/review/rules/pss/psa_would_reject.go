package pss

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

var psaWouldReject = review.Rule{
	ID: "psa-would-reject", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A namespace of the repository would refuse a workload's pods",
	Kinds:   []string{review.Workloads},
	Check:   checkPSAWouldReject,
}

func checkPSAWouldReject(p *review.Pass) {
	namespace := namespaceOf(p)
	if namespace == nil {
		return
	}
	level, ok := enforcedLevel(namespace)
	if !ok || level == standard.Privileged {
		return
	}
	version := enforcedVersion(namespace, p.Kube)
	violations := standard.Violations(p.Pod, level, version)
	if len(violations) == 0 {
		return
	}
	var reasons []string
	d := p.Report(p.Pod.Spec, "namespace %s, which enforces %s, refuses the pod", namespace.Name, level)
	for _, v := range violations {
		d.Related(v.Field)
		if !slices.Contains(reasons, v.Says) {
			reasons = append(reasons, v.Says)
		}
	}
	d.Detail("What carries the pod is accepted, and then no pod of it ever starts: %s.", strings.Join(reasons, "; "))
}

// namespaceOf returns the namespace that a workload lands in, as the root or else the repository declares it.
func namespaceOf(p *review.Pass) *manifests.Object {
	name := p.Root.Namespace(p.Object)
	if name == "" {
		return nil
	}
	for _, o := range p.Root.OfKind("Namespace") {
		if o.Name == name && o.Group() == "" {
			return o
		}
	}
	return p.Index.Find("Namespace", "", name)
}

// enforcedVersion returns the version that a namespace enforces, which is never newer than the cluster.
func enforcedVersion(namespace *manifests.Object, kube review.KubeVersion) api.Version {
	cluster := standard.Version(kube)
	text := namespace.Field().Get("metadata", "labels", api.EnforceVersionLabel).Text()
	version, err := api.ParseVersion(text)
	if err != nil || !version.Older(cluster) {
		return cluster
	}
	return version
}
