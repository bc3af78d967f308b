package admission

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var admissionUnevaluated = review.Rule{
	ID: "admission-unevaluated", Level: review.Info, Guidelines: []string{"G26"},
	Summary:   "A policy that is not evaluated here: of Kyverno or Gatekeeper, or one that changes objects",
	Kinds:     []string{review.AnyKind},
	Check:     checkAdmissionUnevaluated,
	CheckRoot: noteUnevaluated,
}

// engineOf names what evaluates an object that is a policy; "" for what is none, or is evaluated here.
func engineOf(o *manifests.Object) string {
	switch g := o.Group(); {
	case g == group && o.Kind == "MutatingAdmissionPolicy":
		return "the API server, which changes objects by it"
	case g == "kyverno.io" && (o.Kind == "ClusterPolicy" || o.Kind == "Policy"), g == "policies.kyverno.io" && strings.HasSuffix(o.Kind, "Policy"):
		return "Kyverno"
	case g == "templates.gatekeeper.sh" && o.Kind == "ConstraintTemplate", g == "constraints.gatekeeper.sh",
		g == "mutations.gatekeeper.sh":
		return "Gatekeeper"
	}
	return ""
}

func checkAdmissionUnevaluated(p *review.Pass) {
	engine := engineOf(p.Object)
	if engine == "" {
		return
	}
	p.Report(p.Object.Field(), "%s %s is not evaluated here, only by %s", p.Object.Kind, p.Object.Name, engine).
		Detail("%s", strings.TrimSpace("What the policy refuses or changes shows only in the cluster. "+does(p.Object)))
}

// unevaluatedKinds are those that are looked for in all of the repository.
var unevaluatedKinds = []string{"ClusterPolicy", "ConstraintTemplate", "MutatingAdmissionPolicy", "ValidatingPolicy", "ImageValidatingPolicy", "GeneratingPolicy"}

// noteUnevaluated names the policies elsewhere in the repository.
func noteUnevaluated(p *review.Pass) {
	for _, kind := range unevaluatedKinds {
		for _, o := range p.Index.Standing(kind) {
			if engineOf(o) != "" && p.Index.View(o) == nil {
				p.Omit("policies that are not evaluated here", o.Kind+" "+o.Name)
			}
		}
	}
}
