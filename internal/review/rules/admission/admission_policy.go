package admission

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	cluster "github.com/landwaiter/landwaiter/internal/review/admission"

	registration "k8s.io/api/admissionregistration/v1"
)

var admissionPolicy = review.Rule{
	ID: "admission-policy", Level: review.Error, Guidelines: []string{"G26"},
	Summary:     "A ValidatingAdmissionPolicy of the repository refuses the object",
	Kinds:       []string{review.AnyKind},
	Definitions: true,
	Check:       checkAdmissionPolicy,

	CheckRemoved: checkRemovalAdmitted,
}

func checkAdmissionPolicy(p *review.Pass) {
	all := policiesOf(p)
	if len(all.all) == 0 || review.IsHelmTest(p.Object) {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	refused := map[*policy]bool{}
	if concerned := all.concerning(p, p.Object.APIVersion, p.Object.Kind); len(concerned) > 0 {
		itself := all.subject(p)
		for _, one := range concerned {
			refused[one] = all.ask(p, one, itself)
		}
	}
	if p.Object.Kind != "Pod" || p.Object.APIVersion != "v1" {
		all.askOfPods(p, refused)
	}
}

// checkRemovalAdmitted asks the policies about the deletion of what head has no more, which is what pruning makes of it.
func checkRemovalAdmitted(p *review.Pass) {
	all := policiesOf(p)
	if len(all.all) == 0 || review.IsHelmTest(p.Object) {
		return
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	o := p.Object
	concerned := all.concerning(p, o.APIVersion, o.Kind)
	if len(concerned) == 0 {
		return
	}
	itself := all.place(p, p.Base, cluster.Subject{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, Old: valueOf(o), Operation: cluster.Delete, AsStored: true})
	for _, one := range concerned {
		all.ask(p, one, itself)
	}
}

// askOfPods asks the policies on pods about those that the object makes; those that refuse it already say nothing more.
func (all *policies) askOfPods(p *review.Pass, refused map[*policy]bool) {
	concerned := all.concerning(p, "v1", "Pod")
	if len(concerned) == 0 {
		return
	}
	for _, pod := range p.Root.Workloads(p.Object) {
		made := all.podSubject(p, pod)
		for _, one := range concerned {
			if !refused[one] {
				refused[one] = all.ask(p, one, made)
			}
		}
	}
}

// subject is what a policy is asked about: the object, or a pod that it makes.
type subject struct {
	*cluster.Request
	scope cluster.Scope
	space namespace
	known bool             // the namespace is
	kind  *kindInfo        //
	pod   *review.Workload // nil for the object itself
	spec  manifests.Field  // of the pod's template
	meta  manifests.Field  // likewise
}

// subject is the object of a pass on its way into the cluster: it updates what base has, else it is created.
func (all *policies) subject(p *review.Pass) *subject {
	o, before := p.Object, p.Object
	if !p.AtBase() {
		if before = nil; p.Base != nil {
			before = p.Base.Match(o)
		}
	}
	s := cluster.Subject{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, Object: valueOf(o), Operation: cluster.Create, AsStored: true}
	if before != nil && before.APIVersion == o.APIVersion {
		s.Old, s.Operation = valueOf(before), cluster.Update
	}
	return all.place(p, p.Root, s)
}

// podSubject is a pod that a workload makes.
func (all *policies) podSubject(p *review.Pass, pod *review.Workload) *subject {
	meta, _ := value(pod.Meta).(map[string]any)
	if meta == nil {
		meta = map[string]any{}
	}
	nameLikeMade(meta, p.Object)
	object := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": value(pod.Spec)}
	s := all.place(p, p.Root, cluster.Subject{APIVersion: "v1", Kind: "Pod", Object: object, Operation: cluster.Create, AsStored: true})
	s.pod, s.meta, s.spec = pod, pod.Meta, pod.Spec
	return s
}

// nameLikeMade gives a pod what its controller gives it: a name of which only the beginning is known, and an owner.
func nameLikeMade(meta map[string]any, by *manifests.Object) {
	apiVersion, kind, name := by.APIVersion, by.Kind, by.Name
	const random, hash = "bcdfg", "6b9f8c7d5"
	switch kind {
	case "Deployment":
		apiVersion, kind, name = "apps/v1", "ReplicaSet", name+"-"+hash
	case "CronJob":
		apiVersion, kind, name = "batch/v1", "Job", name+"-29000000"
	}
	meta["generateName"], meta["name"] = name+"-", name+"-"+random
	if kind == "StatefulSet" {
		meta["name"] = name + "-0"
	}
	meta["ownerReferences"] = []any{map[string]any{"apiVersion": apiVersion, "kind": kind, "name": name,
		"uid": "00000000-0000-4000-8000-000000000000", "controller": true, "blockOwnerDeletion": true}}
}

func value(f manifests.Field) any {
	if f.Node() == nil {
		return nil
	}
	return kubeapi.Value(f.Node())
}

// place finds out where an object of a root lands.
func (all *policies) place(p *review.Pass, root *review.RootView, s cluster.Subject) *subject {
	info := all.kindOf(p, s.APIVersion, s.Kind)
	made := &subject{kind: info, known: true}
	s.Resource = info.resource.Resource
	name := root.Namespace(p.Object)
	switch {
	case s.Kind == "Namespace" && s.APIVersion == "v1":
		s.Namespace = s.Name
	case info.known && !info.namespaced, !info.known && name == "":
	case name == "":
		made.known, s.Namespace = false, "default" // where kubectl would put it
		made.space = namespace{Namespace: cluster.ReadNamespace("default", nil)}
	default:
		s.Namespace, made.space = name, all.namespaceOf(p, name)
		setNamespace(s.Object, name)
		setNamespace(s.Old, name)
	}
	made.scope = cluster.Scope{Namespace: made.space.Namespace, Labelled: made.space.whole && made.known, Equivalent: info.equivalent}
	made.Request = cluster.NewRequest(s)
	return made
}

// setNamespace writes the namespace into an object, as the API server does.
func setNamespace(object map[string]any, name string) {
	if meta, ok := object["metadata"].(map[string]any); ok {
		meta["namespace"] = name
	}
}

// ask holds a subject against a policy and its bindings, and reports whether one of them has something against it.
func (all *policies) ask(p *review.Pass, one *policy, s *subject) (refused bool) {
	if s.Exempt() {
		return false
	}
	found, as, err := s.Match(one.spec.MatchConstraints, s.scope)
	switch {
	case err != nil || found == cluster.Elsewhere:
		return false
	case found == cluster.Unclear || !s.known && asksNamespace(one):
		p.Omit("admission policies that go by namespaces were not asked about objects whose namespace the repository does not describe", one.object.Name)
		return false
	case as.Version != s.kind.resource.Version && s.kind.own:
		p.Omit("admission policies for another version of a kind were not asked about it", one.object.Name+" about "+s.Kind)
		return false
	case !s.space.whole && s.space.Namespace != nil && mentions(one.source, "namespaceObject"):
		p.Omit("admission policies that look at the namespace were not asked where the repository does not describe it", one.object.Name)
		return false
	}
	for _, b := range one.bindings {
		refused = all.askBinding(p, one, b, s) || refused
	}
	return refused
}

// asksNamespace reports whether it matters for a policy in which namespace an object is.
func asksNamespace(one *policy) bool {
	if one.spec.MatchConstraints.NamespaceSelector != nil && selects(one.spec.MatchConstraints) || mentions(one.source, "namespaceObject", "request.namespace", "metadata.namespace") {
		return true
	}
	for _, b := range one.bindings {
		if b.spec.MatchResources != nil && selects(b.spec.MatchResources) {
			return true
		}
	}
	return false
}

func selects(m *registration.MatchResources) bool {
	s := m.NamespaceSelector
	return s != nil && len(s.MatchLabels)+len(s.MatchExpressions) > 0
}

func mentions(source *cluster.Policy, words ...string) bool {
	for _, text := range source.Text() {
		for _, word := range words {
			if strings.Contains(text, word) {
				return true
			}
		}
	}
	return false
}

// askBinding holds a subject against a policy as one of its bindings wants it.
func (all *policies) askBinding(p *review.Pass, one *policy, b binding, s *subject) (refused bool) {
	found, _, err := s.Match(b.spec.MatchResources, s.scope)
	if err != nil || found == cluster.Elsewhere {
		return false
	}
	if found == cluster.Unclear {
		p.Omit("admission policies that go by namespaces were not asked about objects whose namespace the repository does not describe", one.object.Name)
		return false
	}
	if wrong := all.misbound(p, one, b, s); wrong != "" {
		if !one.source.Lenient {
			report(p, s, verdict{one, b, cluster.Denial{Index: -1, Failure: wrong, Always: true}})
		}
		return !one.source.Lenient
	}
	params, ok := all.paramsFor(p, one, b, s)
	if !ok {
		return false
	}
	said := map[int]bool{}
	for _, param := range params {
		if all.budget < 0 {
			p.Omit("admission policies took too long, they were not asked about all objects", s.Kind)
			return refused
		}
		out := one.program.Evaluate(s.Request, cluster.Around{Namespace: s.space.Namespace, Params: param})
		all.budget -= max(out.Cost, leastCost)
		for _, part := range out.Unknown {
			p.Omit("parts of admission policies depend on who applies the object, which nobody knows here", one.object.Name+" "+part)
		}
		for _, d := range out.Denials {
			if refused = true; !said[d.Index] {
				said[d.Index] = true
				report(p, s, verdict{one, b, d})
			}
		}
	}
	return refused
}

// verdict is what a policy, by one of its bindings, has against a subject.
type verdict struct {
	policy  *policy
	binding binding
	denial  cluster.Denial
}

func report(p *review.Pass, s *subject, v verdict) {
	level, does := v.action()
	whom := "it"
	switch {
	case s.Operation == cluster.Delete:
		whom = "its deletion"
	case s.pod != nil:
		whom = "its pods"
	}
	d := p.Report(v.field(p, s), "admission policy %s (binding %s) %s %s: %s", v.policy.object.Name, v.binding.object.Name, does, whom, v.text(s))
	d.Lower(level)
	if kubeapi.HasPlaceholder(p.Object.Field()) {
		d.Lower(review.Warning)
	}
	d.Detail("%s", v.detail(s))
	d.RelatedTo(v.policy.object, v.policyField(), "admission policy "+v.policy.object.Name)
	d.RelatedTo(v.binding.object, v.binding.object.Field().Get("spec"), "binding "+v.binding.object.Name)
}

// action is the worst that the binding does, as a level and in words.
func (v verdict) action() (review.Level, string) {
	if v.denial.Always {
		return review.Error, "refuses"
	}
	level, does := review.Info, "notes of"
	for _, a := range v.binding.spec.ValidationActions {
		switch {
		case a == registration.Warn && level < review.Warning:
			level, does = review.Warning, "warns of"
		case a == registration.Deny:
			return review.Error, "refuses"
		}
	}
	if len(v.binding.spec.ValidationActions) == 0 {
		return review.Error, "refuses"
	}
	return level, does
}

// text is what the policy says, or what it wants.
func (v verdict) text(s *subject) string {
	switch {
	case v.denial.Message != "":
		return v.denial.Message
	case v.denial.Failure != "" && s.Kind == "Secret" && !strings.HasPrefix(v.denial.Failure, "no such key"):
		return "it cannot be evaluated"
	case v.denial.Failure != "":
		return v.denial.Failure
	case v.denial.Index >= 0:
		return "failed expression: " + strings.Join(strings.Fields(v.policy.source.Validations[v.denial.Index].Expression), " ")
	}
	return "it cannot be evaluated"
}

func (v verdict) detail(s *subject) string {
	text := "The API server asks the policy about every such object."
	if level, _ := v.action(); level == review.Error {
		text = "The API server refuses the object when it is applied."
		if s.Operation == cluster.Delete {
			text = "The API server refuses to delete the object: what prunes it fails, or it stays in the cluster though the repository has it no more."
		}
		if s.pod != nil {
			text = fmt.Sprintf("The API server takes the %s and refuses its pods, so that none of them starts.", s.pod.Object.Kind)
		}
	}
	if v.denial.Failure != "" && s.Kind != "Secret" {
		text += " The expression could not be evaluated: " + v.denial.Failure + "."
	}
	if v.policy.added {
		text += " The policy comes with this change."
	}
	return text
}

// policyField is the validation of the policy that says so.
func (v verdict) policyField() manifests.Field {
	validations := v.policy.object.Field().Get("spec", "validations")
	if v.denial.Index >= 0 {
		return validations.At(v.denial.Index)
	}
	return validations
}
