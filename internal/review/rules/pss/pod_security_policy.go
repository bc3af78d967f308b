package pss

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var podSecurityPolicy = review.Rule{
	ID: "pod-security-policy", Level: review.Error, Guidelines: []string{"G1", "G31"},
	Summary: "A PodSecurityPolicy, which Kubernetes no longer has",
	Kinds:   []string{"PodSecurityPolicy.policy", "PodSecurityPolicy.extensions"},
	Covers:  []string{"api-removed", "api-deprecated"},
	Check:   checkPodSecurityPolicy,
}

// policiesEnd is the minor version that no longer has PodSecurityPolicies.
const policiesEnd = 25

func checkPodSecurityPolicy(p *review.Pass) {
	level := standard.Restricted
	var lets []string
	for _, g := range gapsOf(p.Object.Field()) {
		lets = append(lets, g.lets)
		switch {
		case !g.strict:
			level = standard.Privileged
			p.Report(g.at, "policy %s lets pods %s", p.Object.Name, g.lets).
				Detail("The baseline standard, which holds for pods of every kind, does not allow that.")
		case level == standard.Restricted:
			level = standard.Baseline
		}
	}
	when := "is no longer read"
	if !p.Kube.AtLeast(policiesEnd) {
		when = "will not be read after Kubernetes 1.24"
	}
	detail := "It lets pods do nothing that the restricted standard does not allow."
	if len(lets) > 0 {
		detail = "It lets pods " + strings.Join(lets, ", ") + "."
	}
	p.Report(p.Object.Field().Get("kind"), "PodSecurityPolicy %s %s; what it allows is the %s standard", p.Object.Name, when, level).
		Detail("%s Kubernetes 1.25 removed the kind. In its place the namespaces of its pods carry the label pod-security.kubernetes.io/enforce, here with %s to keep everything running as it is, or a stricter level after the pods are mended.", detail, level)
}
