package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/cel-go/common/types"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	plugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	apiservercel "k8s.io/apiserver/pkg/cel"
)

// Around is what a request is evaluated with, beside its object.
type Around struct {
	Namespace *Namespace     // of the object; nil for kinds without
	Params    map[string]any // nil for none
}

// Evaluate holds a request against the policy. What could not be evaluated denies it, unless the policy is lenient. It
// costs no more than what Kubernetes allows a policy on a request.
func (p *Program) Evaluate(r *Request, around Around) Outcome {
	started := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), maxTime)
	defer cancel()
	e := evaluation{ctx: ctx, left: celconfig.RuntimeCELCostBudget, request: r,
		review: plugin.CreateAdmissionRequest(r.bare, metav1.GroupVersionResource(r.resource), metav1.GroupVersionKind(r.kind))}
	if around.Namespace != nil {
		e.namespace = plugin.CreateNamespaceObject(around.Namespace.object)
	}
	e.bindings.Authorizer = nobody{}
	if around.Params != nil {
		e.bindings.VersionedParams = &unstructured.Unstructured{Object: around.Params}
	}
	if p.matches(&e) {
		p.validate(&e)
	}
	e.out.Cost = celconfig.RuntimeCELCostBudget - max(e.left, 0)
	if took := time.Since(started); took > slow {
		e.out.Cost = max(e.out.Cost, int64(took.Seconds()*costPerSecond))
	}
	if p.policy.Lenient {
		kept := e.out.Denials[:0]
		for _, d := range e.out.Denials {
			if d.Failure == "" {
				kept = append(kept, d)
			}
		}
		e.out.Denials = kept
	}
	return e.out
}

// Lists that a macro makes take the longer the more there is in them already, which CEL's cost does not say. An evaluation
// ends after maxTime, and one that is slow counts by its time.
const (
	maxTime       = 5 * time.Second
	slow          = 200 * time.Millisecond
	costPerSecond = 10_000_000
)

// evaluation is a request being held against a policy.
type evaluation struct {
	ctx       context.Context // of this evaluation only
	request   *Request
	review    *admissionv1.AdmissionRequest
	namespace *corev1.Namespace
	bindings  plugin.OptionalVariableBindings
	left      int64
	out       Outcome
}

// matches evaluates the conditions. One that is false goes before one that cannot be evaluated, as in the API server.
func (p *Program) matches(e *evaluation) bool {
	failure := ""
	for _, c := range p.conditions {
		result, err := e.evaluate(c.check)
		switch {
		case err != nil:
			failure = err.Error()
		case result != types.True && c.personal:
			e.out.Unknown = append(e.out.Unknown, c.name)
			return false
		case result != types.True:
			return false
		}
	}
	if failure != "" {
		e.out.Denials = append(e.out.Denials, Denial{Index: -1, Failure: failure})
		return false
	}
	return true
}

func (p *Program) validate(e *evaluation) {
	for i, v := range p.validations {
		if v.personal {
			e.out.Unknown = append(e.out.Unknown, v.name)
			continue
		}
		result, err := e.evaluate(v.check)
		switch {
		case err != nil:
			e.out.Denials = append(e.out.Denials, Denial{Index: i, Message: inLine(p.policy.Validations[i].Message), Failure: err.Error()})
		case result != types.True:
			e.out.Denials = append(e.out.Denials, Denial{Index: i, Message: p.message(e, i)})
		}
	}
	for _, a := range p.annotations { // of a policy that fails, one that cannot be evaluated denies
		if a.personal {
			continue
		}
		if _, err := e.evaluate(a.check); err != nil {
			e.out.Denials = append(e.out.Denials, Denial{Index: -1, Failure: a.name + ": " + err.Error(), Always: true})
		}
	}
}

// message returns what a validation says: what its expression for that comes to, else its text, else nothing.
func (p *Program) message(e *evaluation, i int) string {
	own := inLine(p.policy.Validations[i].Message)
	expression := p.validations[i].message
	if expression == nil || e.request.Kind == "Secret" { // its values are not shown
		return own
	}
	result, err := e.evaluate(expression)
	if err != nil {
		return own
	}
	made, ok := result.(types.String)
	said := strings.TrimSpace(string(made))
	if !ok || said == "" || strings.Contains(said, "\n") || len(said) > celconfig.MaxEvaluatedMessageExpressionSizeBytes {
		return own
	}
	return inLine(said)
}

// evaluate evaluates an expression. The error says why it has no value.
func (e *evaluation) evaluate(check plugin.ConditionEvaluator) (any, error) {
	if e.left < 0 {
		return nil, errTooExpensive
	}
	results, left, err := check.ForInput(e.ctx, e.request.versioned(), e.review, e.bindings, e.namespace, e.left)
	e.left = left
	switch {
	case errors.Is(err, apiservercel.ErrOutOfBudget), e.ctx.Err() != nil:
		return nil, errTooExpensive
	case err != nil:
		return nil, errors.New(inLine(err.Error()))
	case len(results) != 1:
		return nil, fmt.Errorf("it came to %d values", len(results))
	case results[0].Error != nil:
		return nil, errors.New(reason(results[0]))
	}
	return results[0].EvalResult, nil
}

var errTooExpensive = errors.New("it costs more than Kubernetes allows")

// reason is why an expression could not be evaluated, without the expression.
func reason(r plugin.EvaluationResult) string {
	text := r.Error.Error()
	if _, cause, ok := strings.Cut(text, "' resulted in error: "); ok {
		text = cause
	}
	if strings.HasSuffix(text, "actual cost limit exceeded") {
		return errTooExpensive.Error()
	}
	for strings.HasPrefix(text, "composited variable ") { // what a variable fails by is said of each that uses it
		_, cause, ok := strings.Cut(text, " fails to evaluate: ")
		if !ok {
			break
		}
		text = cause
	}
	return inLine(text)
}

func inLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// nobody may do nothing. What asks it is not evaluated anyway.
type nobody struct{}

// Authorize has no opinion.
func (nobody) Authorize(context.Context, authorizer.Attributes) (authorizer.Decision, string, error) {
	return authorizer.DecisionNoOpinion, "", nil
}
