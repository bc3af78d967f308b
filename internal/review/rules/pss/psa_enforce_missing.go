package pss

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var psaEnforceMissing = review.Rule{
	ID: "psa-enforce-missing", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A namespace enforces no Pod Security Standard",
	Kinds:   []string{"Namespace"},
	Check:   checkPSAEnforceMissing,
}

func checkPSAEnforceMissing(p *review.Pass) {
	if p.Object.Group() != "" || strings.HasPrefix(p.Object.Name, "kube-") || labelsAreSynced(p.Object) {
		return
	}
	if _, ok := enforcedLevel(p.Object); ok {
		return
	}
	message := "namespace %s enforces no Pod Security Standard"
	if enforceLabel(p.Object).Text() != "" {
		message = "namespace %s enforces a level that does not exist"
	}
	d := p.Report(enforceLabel(p.Object), message, p.Object.Name).
		Detail("Without the label pod-security.kubernetes.io/enforce the API server takes any pod in it, a privileged one too, whatever a review of these manifests says.")
	offerLevel(p, d)
}

// labelsAreSynced reports whether OpenShift is told to set the labels by itself.
func labelsAreSynced(namespace *manifests.Object) bool {
	return namespace.Field().Get("metadata", "labels", "security.openshift.io/scc.podSecurityLabelSync").Text() == "true"
}
