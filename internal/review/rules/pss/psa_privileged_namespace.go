package pss

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var psaPrivilegedNamespace = review.Rule{
	ID: "psa-privileged-namespace", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A namespace enforces the privileged level, which is none",
	Kinds:   []string{"Namespace"},
	Params:  func() any { return &privilegedParams{Namespaces: []string{"kube-system"}} },
	Check:   checkPSAPrivilegedNamespace,
}

type privilegedParams struct {
	Namespaces []string `yaml:"namespaces"` // where the privileged level is meant
}

func checkPSAPrivilegedNamespace(p *review.Pass) {
	level, ok := enforcedLevel(p.Object)
	if p.Object.Group() != "" || !ok || level != standard.Privileged ||
		slices.Contains(review.Params[privilegedParams](p).Namespaces, p.Object.Name) {
		return
	}
	d := p.Report(enforceLabel(p.Object), "namespace %s enforces privileged, which allows everything", p.Object.Name).
		Detail("Who may create a pod in it may take over the node that the pod lands on. The policy names the namespaces in which that is meant.")
	offerLevel(p, d)
}
