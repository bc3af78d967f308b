package admission

import (
	"slices"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	cluster "github.com/landwaiter/landwaiter/internal/review/admission"

	registration "k8s.io/api/admissionregistration/v1"
)

const group = "admissionregistration.k8s.io"

// Limits of one side of a review: whoever opens a pull request may write policies.
const (
	maxPolicies  = 300
	maxBindings  = 1000
	maxParams    = 50          // objects of parameters for one binding
	reviewBudget = 300_000_000 // in CEL's cost, of which about ten million are a second
	leastCost    = 200         // of one evaluation
)

// policies are the admission policies of one side of a review.
type policies struct {
	all []*policy

	mu       sync.Mutex // of programs, and of the budget
	budget   int64
	kinds    map[kindKey]*kindInfo
	plurals  map[kindKey]string
	spaces   map[string]namespace
	concerns map[kindKey][]*policy
}

// policy is a ValidatingAdmissionPolicy.
type policy struct {
	object   *manifests.Object
	spec     registration.ValidatingAdmissionPolicySpec
	source   *cluster.Policy
	program  *cluster.Program // nil where there are mistakes
	mistakes []cluster.Mistake
	bindings []binding
	added    bool // base has none of the name
}

// binding is a ValidatingAdmissionPolicyBinding.
type binding struct {
	object *manifests.Object
	spec   registration.ValidatingAdmissionPolicyBindingSpec
}

// policiesOf returns the policies that hold for what is judged.
func policiesOf(p *review.Pass) *policies {
	return review.OnceOf(p.Index, "admission", func(x *review.Index) *policies {
		var before *policies
		if p.Before != nil {
			before = review.OnceOf(p.Before, "admission", func(x *review.Index) *policies { return collect(p, x, nil) })
		}
		return collect(p, x, before)
	})
}

// collect reads and compiles the policies of an index. A text that base has as well is not compiled again.
func collect(p *review.Pass, x *review.Index, before *policies) *policies {
	all := &policies{budget: reviewBudget, kinds: map[kindKey]*kindInfo{}, spaces: map[string]namespace{}, concerns: map[kindKey][]*policy{}}
	compiled, names := map[string]*policy{}, map[string]bool{}
	if before != nil {
		for _, old := range before.all {
			compiled[string(old.object.Raw)], names[old.object.Name] = old, true
		}
	}
	bindings := bindingsOf(p, x)
	compiler := cluster.NewCompiler(p.Kube.Minor)
	seen := map[string]bool{}
	for _, o := range x.Standing("ValidatingAdmissionPolicy") {
		if o.Group() != group || seen[string(o.Raw)] {
			continue
		}
		if seen[string(o.Raw)] = true; len(all.all) == maxPolicies {
			p.Omit("there are too many admission policies, these are not evaluated", o.Name)
			continue
		}
		made := read(o, compiler, compiled[string(o.Raw)])
		made.bindings, made.added = bindings[o.Name], before != nil && !names[o.Name]
		if before != nil && compiled[string(o.Raw)] == nil && len(made.bindings) > 0 {
			p.Omit("admission policies that this change brings or changes were asked about the roots that it affects, not about the others", o.Name)
		}
		all.all = append(all.all, made)
	}
	if len(all.all) > 0 {
		all.plurals = pluralsOf(x)
	}
	return all
}

func read(o *manifests.Object, compiler *cluster.Compiler, known *policy) *policy {
	if known != nil {
		return &policy{object: o, spec: known.spec, source: known.source, program: known.program, mistakes: known.mistakes}
	}
	made, err := cluster.ReadPolicy(valueOf(o))
	if err != nil {
		return &policy{object: o, source: &cluster.Policy{}} // the rule schema says so
	}
	source := cluster.PolicyOf(&made.Spec)
	program, mistakes := compiler.Compile(source)
	return &policy{object: o, spec: made.Spec, source: source, program: program, mistakes: mistakes}
}

// bindingsOf returns the bindings of an index by the policies that they name.
func bindingsOf(p *review.Pass, x *review.Index) map[string][]binding {
	found, seen := map[string][]binding{}, map[string]bool{}
	for _, o := range x.Standing("ValidatingAdmissionPolicyBinding") {
		if o.Group() != group || seen[string(o.Raw)] {
			continue
		}
		if seen[string(o.Raw)] = true; len(seen) > maxBindings {
			p.Omit("there are too many bindings of admission policies, these are not evaluated", o.Name)
			continue
		}
		if made, err := cluster.ReadBinding(valueOf(o)); err == nil {
			found[made.Spec.PolicyName] = append(found[made.Spec.PolicyName], binding{o, made.Spec})
		}
	}
	return found
}

func valueOf(o *manifests.Object) map[string]any {
	value, _ := kubeapi.Value(o.Field().Node()).(map[string]any)
	return value
}

// namespace is what is known of a namespace.
type namespace struct {
	*cluster.Namespace
	whole bool // its labels are known, not only its name
}

// namespaceOf returns what the repository knows of a namespace.
func (all *policies) namespaceOf(p *review.Pass, name string) namespace {
	if known, ok := all.spaces[name]; ok {
		return known
	}
	made := namespace{Namespace: cluster.ReadNamespace(name, nil)}
	found := p.Index.In("Namespace", "")
	if i := slices.IndexFunc(found, func(o *manifests.Object) bool { return o.Name == name && o.APIVersion == "v1" }); i >= 0 {
		made = namespace{cluster.ReadNamespace(name, valueOf(found[i])), true}
	}
	all.spaces[name] = made
	return made
}
