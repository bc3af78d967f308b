package pss

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var pspUseRole = review.Rule{
	ID: "psp-use-role", Level: review.Warning, Guidelines: []string{"G1", "G31"},
	Summary: "A role grants the use of PodSecurityPolicies",
	Kinds:   []string{"Role.rbac.authorization.k8s.io", "ClusterRole.rbac.authorization.k8s.io"},
	Check:   checkPSPUseRole,
}

func checkPSPUseRole(p *review.Pass) {
	for _, rule := range p.Object.Field().Get("rules").Items() {
		if !holds(rule.Get("verbs"), "use", "*") || !holds(rule.Get("apiGroups"), "policy", "extensions", "*") {
			continue
		}
		resources := rule.Get("resources").Items()
		for _, item := range resources {
			if item.Text() != "podsecuritypolicies" {
				continue
			}
			removed := item
			if len(resources) == 1 {
				removed = rule
			}
			d := p.Report(item, "%s grants the use of PodSecurityPolicies", p.Object).
				Detail("Kubernetes 1.25 removed them, so nothing asks for this right any more. What it was for is now the label pod-security.kubernetes.io/enforce on the namespaces of the pods concerned.").
				Fix("Remove the grant", review.Remove(removed))
			if !p.Kube.AtLeast(policiesEnd) {
				d.Unsafe()
			}
		}
	}
}

// holds reports whether a list has one of the words.
func holds(list manifests.Field, words ...string) bool {
	return slices.ContainsFunc(list.Items(), func(item manifests.Field) bool { return slices.Contains(words, item.Text()) })
}
