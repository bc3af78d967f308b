package admission

import (
	registration "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// ReadPolicy reads a ValidatingAdmissionPolicy of any version: they differ in nothing that is read here.
func ReadPolicy(object map[string]any) (*registration.ValidatingAdmissionPolicy, error) {
	made := &registration.ValidatingAdmissionPolicy{}
	return made, runtime.DefaultUnstructuredConverter.FromUnstructured(object, made)
}

// ReadBinding reads a ValidatingAdmissionPolicyBinding of any version.
func ReadBinding(object map[string]any) (*registration.ValidatingAdmissionPolicyBinding, error) {
	made := &registration.ValidatingAdmissionPolicyBinding{}
	return made, runtime.DefaultUnstructuredConverter.FromUnstructured(object, made)
}

// PolicyOf returns the expressions of a ValidatingAdmissionPolicy.
func PolicyOf(spec *registration.ValidatingAdmissionPolicySpec) *Policy {
	p := &Policy{Params: spec.ParamKind != nil, Lenient: spec.FailurePolicy != nil && *spec.FailurePolicy == registration.Ignore}
	for _, v := range spec.Variables {
		p.Variables = append(p.Variables, Named(v))
	}
	for _, c := range spec.MatchConditions {
		p.Conditions = append(p.Conditions, Named(c))
	}
	for _, v := range spec.Validations {
		p.Validations = append(p.Validations, Validation{v.Expression, v.Message, v.MessageExpression})
	}
	for _, a := range spec.AuditAnnotations {
		p.Annotations = append(p.Annotations, Named{a.Key, a.ValueExpression})
	}
	return p
}

// Text returns all expressions, to look for what they ask for.
func (p *Policy) Text() (all []string) { return p.expressions() }
