package pss

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
	"k8s.io/pod-security-admission/api"
)

var psaVersionUnpinned = review.Rule{
	ID: "psa-version-unpinned", Level: review.Info, Guidelines: []string{"G1"},
	Summary: "A namespace enforces a standard at no fixed version",
	Kinds:   []string{"Namespace"},
	Check:   checkPSAVersionUnpinned,
}

func checkPSAVersionUnpinned(p *review.Pass) {
	level, ok := enforcedLevel(p.Object)
	if p.Object.Group() != "" || !ok || level == standard.Privileged {
		return
	}
	field := p.Object.Field().Get("metadata", "labels", api.EnforceVersionLabel)
	if version := field.Text(); version != "" && version != "latest" {
		return
	}
	p.Report(field, "namespace %s enforces %s at the cluster's version, whatever that is", p.Object.Name, level).
		Detail("The standards grow with Kubernetes: pods that were accepted may be refused after the cluster is upgraded.").
		Fix("Pin the version reviewed for", review.Set(field, "v"+p.Kube.String()))
}
