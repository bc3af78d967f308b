package admission

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var admissionPolicyInvalid = review.Rule{
	ID: "admission-policy-invalid", Level: review.Error, Guidelines: []string{"G26"},
	Summary: "An expression of a ValidatingAdmissionPolicy does not compile",
	Kinds:   []string{"ValidatingAdmissionPolicy." + group},
	Check:   checkAdmissionPolicyInvalid,
}

func checkAdmissionPolicyInvalid(p *review.Pass) {
	for _, one := range policiesOf(p).all {
		if string(one.object.Raw) != string(p.Object.Raw) {
			continue
		}
		for _, m := range one.mistakes {
			where := ""
			if m.Line > 0 {
				where = fmt.Sprintf(" at %d:%d", m.Line, m.Column)
			}
			d := p.Report(p.Object.Lookup(strings.TrimSuffix("spec."+m.Part, ".")), "%s does not compile%s: %s", orWhole(m.Part), where, strings.Join(strings.Fields(m.Text), " "))
			d.Detail("The API server of Kubernetes %s refuses a policy with such an expression, and nothing here was held against the policy.", p.Kube)
		}
		return
	}
}

func orWhole(part string) string {
	if part == "" {
		return "the policy"
	}
	return part
}
