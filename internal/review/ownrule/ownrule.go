// Package ownrule makes rules of what a repository's policy defines for itself: expressions in the Common Expression
// Language (CEL), as ValidatingAdmissionPolicies have them, over the objects as they are rendered.
package ownrule

import (
	"fmt"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/admission"
)

// Area is the area of all rules of one's own.
const Area = "own"

// Definition is a rule as a policy defines it.
type Definition struct {
	ID                string
	Place             string // where it is defined, as file:line
	Level             review.Level
	Kinds             []string // as in review.Rule
	Variables         []admission.Named
	Expression        string // true for what is right
	Message           string
	MessageExpression string
	Field             string         // where findings stand; "" for the object
	Detail            string         // why
	Params            map[string]any // the defaults of params; nil for none
}

// Rule makes a rule that is not compiled yet: it is what settings of rules are held against.
func (d *Definition) Rule() *review.Rule {
	r := &review.Rule{ID: d.ID, Area: Area, Level: d.Level, Kinds: d.Kinds, Summary: d.summary(), Doc: d.page(), Defined: d.Place}
	if d.Params != nil {
		r.Params = func() any { return d.params() }
	}
	return r
}

// params returns a copy of the parameters, which settings of the rule change.
func (d *Definition) params() *map[string]any {
	own := clone(d.Params)
	return &own
}

func clone(m map[string]any) map[string]any {
	own := make(map[string]any, len(m))
	for key, value := range m {
		if below, ok := value.(map[string]any); ok {
			value = clone(below)
		}
		own[key] = value
	}
	return own
}

func (d *Definition) summary() string {
	if d.Message != "" {
		return strings.Join(strings.Fields(d.Message), " ")
	}
	return "It does not meet a rule of the repository's own"
}

// page is the rule's documentation.
func (d *Definition) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\nA rule of the repository's own, defined in %s, for %s. What is right comes to true:\n\n```cel\n%s\n```\n",
		d.ID, firstOf(d.Detail, d.summary()+"."), d.Place, strings.Join(d.Kinds, ", "), strings.TrimSpace(d.Expression))
	return b.String()
}

func firstOf(a, b string) string {
	if a = strings.TrimSpace(a); a != "" {
		return a
	}
	return b
}

// policy is the rule as an admission policy. It always has params, so that expressions may ask for them.
func (d *Definition) policy() *admission.Policy {
	return &admission.Policy{Params: true, Variables: d.Variables,
		Validations: []admission.Validation{{Expression: d.Expression, Message: d.Message, MessageExpression: d.MessageExpression}}}
}

// Compiled is a rule that can be called.
type Compiled struct {
	*Definition
	mu      sync.Mutex // of the program
	program *admission.Program
}

// Compile compiles a rule for Kubernetes 1.minor. Where Kubernetes has a schema of its kinds, the expressions have to fit
// that. Where there are mistakes there is no rule.
func (d *Definition) Compile(compiler *admission.Compiler, minor int) (*Compiled, []admission.Mistake) {
	program, mistakes := compiler.Compile(d.policy())
	if mistakes != nil {
		return nil, mistakes
	}
	for _, kind := range d.Kinds {
		found, err := d.checkKind(compiler, kubeapi.For(minor), kind)
		if err != nil {
			return nil, []admission.Mistake{{Text: err.Error()}}
		}
		mistakes = append(mistakes, found...)
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return &Compiled{Definition: d, program: program}, nil
}

// checkKind holds the expressions against the schemas that Kubernetes has of a kind.
func (d *Definition) checkKind(compiler *admission.Compiler, api *kubeapi.Set, kind string) ([]admission.Mistake, error) {
	if all := builtIn(api, kind); len(all) > 0 {
		return d.checkTypes(compiler, all)
	}
	name, group, grouped := strings.Cut(kind, ".")
	if kind == review.AnyKind || kind == review.Workloads || kind == review.ImageUsers {
		return nil, nil
	}
	names := kindNames(api)
	if grouped {
		names = api.Names(group)
	}
	meant := kubeapi.Nearest(name, names)
	if meant == "" {
		return nil, nil
	}
	text := fmt.Sprintf("Kubernetes has no kind %s, %s is meant?", kind, meant)
	if !grouped {
		text += fmt.Sprintf(" A custom kind is written with its group, as %s.example.com", name)
	}
	return []admission.Mistake{{Part: "kinds", Text: text}}, nil
}

// typed is a version of a kind with its schema.
type typed struct {
	name   string
	schema *kubeapi.Schema
}

// builtIn returns the versions of a kind that Kubernetes itself has.
func builtIn(api *kubeapi.Set, kind string) (all []typed) {
	name, group, grouped := strings.Cut(kind, ".")
	for _, k := range api.Named(name) {
		if !grouped || k.Group() == group {
			all = append(all, typed{k.Name + " in " + k.APIVersion, api.Schema(k.APIVersion, k.Name)})
		}
	}
	return all
}

// checkTypes holds the expressions against the versions of a kind, of which one has to fit; the mistakes are of the first.
func (d *Definition) checkTypes(compiler *admission.Compiler, versions []typed) (first []admission.Mistake, err error) {
	for i, v := range versions {
		found, err := compiler.CheckTypes(d.policy(), v.schema)
		if err != nil || len(found) == 0 {
			return nil, err
		}
		for _, m := range found {
			if m.Text += " (of " + v.name + "; dyn(object) asks without types)"; i == 0 {
				first = append(first, m)
			}
		}
	}
	return first, nil
}

func kindNames(api *kubeapi.Set) (names []string) {
	for _, group := range []string{"", "apps", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "autoscaling", "storage.k8s.io",
		"admissionregistration.k8s.io", "apiextensions.k8s.io"} {
		names = append(names, api.Names(group)...)
	}
	return names
}

// Rule returns the rule with its function.
func (c *Compiled) Rule() *review.Rule {
	r := c.Definition.Rule()
	r.Check = c.check
	return r
}

// check holds an object against the rule.
func (c *Compiled) check(p *review.Pass) {
	all := reviewOf(p)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.budget < 0 {
		p.Omit("rules of the repository's own took too long, objects were not held against them", p.Object.Kind)
		return
	}
	request, around := all.request(p)
	if c.Params != nil {
		around.Params = plain(*review.Params[map[string]any](p))
	}
	out := c.evaluate(request, around)
	all.budget -= max(out.Cost, leastCost)
	if len(out.Denials) > 0 {
		c.report(p, out.Denials[0])
	}
}

func (c *Compiled) evaluate(request *admission.Request, around admission.Around) admission.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.program.Evaluate(request, around)
}

func (c *Compiled) report(p *review.Pass, denial admission.Denial) {
	at := p.Object.Field()
	if c.Field != "" {
		at = p.Object.Lookup(c.Field)
	}
	text := denial.Message
	if text == "" {
		text = "does not meet " + c.ID
	}
	d := p.Report(at, "%s", text)
	if denial.Failure != "" {
		d.Detail("The rule could not be evaluated: %s. %s", reasonFor(p.Object, denial.Failure), c.Detail)
	} else if c.Detail != "" {
		d.Detail("%s", strings.TrimSpace(c.Detail))
	}
}

// reasonFor leaves out of why an expression failed what may hold the value of a secret.
func reasonFor(o *manifests.Object, failure string) string {
	if o.Kind == "Secret" && !strings.HasPrefix(failure, "no such key") {
		return "it failed"
	}
	return failure
}
