package protection

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// readKyverno reads the rules of a ClusterPolicy or Policy that refuse something, check images or make what protects.
func readKyverno(s side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	where := scope{}
	if o.Kind == "Policy" {
		where.only("namespace", o.Field().Get("metadata", "namespace"), s.Namespace(o))
	}
	for _, rule := range spec.Get("rules").Items() {
		g := guard{does: "rule " + rule.Get("name").Text(), at: rule, scope: where.with(kyvernoScope(rule))}
		for _, override := range spec.Get("validationFailureActionOverrides").Items() {
			g.overridden(override)
		}
		all = append(all, kyvernoGuards(spec, rule, g)...)
	}
	return all
}

// kyvernoGuards makes the guards of one rule.
func kyvernoGuards(spec, rule manifests.Field, g guard) (all []*guard) {
	add := func(key string, grades ...grade) {
		made := g
		made.key, made.grades = key, grades
		all = append(all, &made)
	}
	validate, generate := rule.Get("validate"), rule.Get("generate")
	if validate.IsMap() {
		key := canonical(validate, "message", "failureAction", "failureActionOverrides", "allowExistingViolations")
		add("kyverno validate|"+key, failureAction(spec, validate), failureOf(spec))
	}
	for _, verify := range rule.Get("verifyImages").Items() {
		add("kyverno verify|"+canonical(verify.Get("imageReferences"))+canonical(verify.Get("image")), failureAction(spec, verify), failureOf(spec), requiredOf(verify))
	}
	if kind := path.Base(generate.Get("kind").Text()); kind == "NetworkPolicy" || kind == "ResourceQuota" || kind == "LimitRange" || strings.HasPrefix(kind, "Cilium") {
		add("kyverno generate|" + canonical(generate, "generateExisting"))
	}
	return all
}

// failureAction returns what a rule does with what fails it: its own word, else its policy's, else Audit.
func failureAction(spec, rule manifests.Field) grade {
	at := rule.Get("failureAction")
	if !at.IsSet() {
		at = spec.Get("validationFailureAction")
	}
	if strings.EqualFold(at.Text(), "enforce") {
		return grade{2, "Enforce", at}
	}
	return grade{1, "Audit", at}
}

func requiredOf(verify manifests.Field) grade {
	at := verify.Get("required")
	if at.False() {
		return grade{1, "optional", at}
	}
	return grade{2, "required", at}
}

// overridden takes the namespaces out in which a policy only audits.
func (g *guard) overridden(override manifests.Field) {
	if strings.EqualFold(override.Get("action").Text(), "enforce") {
		return
	}
	for _, namespace := range override.Get("namespaces").Items() {
		g.except("audit "+namespace.Text(), "namespace "+namespace.Text()+", which is only audited", namespace)
	}
	if selector := override.Get("namespaceSelector"); selector.IsSet() {
		g.except("audit "+canonical(selector), "namespaces that are only audited", selector)
	}
}

// kyvernoScope reads what a rule matches and excludes.
func kyvernoScope(rule manifests.Field) (s scope) {
	match, exclude := rule.Get("match"), rule.Get("exclude")
	filters := match.Get("any").Items()
	if len(filters) == 0 {
		filters = match.Get("all").Items()
	}
	if len(filters) == 0 && match.Get("resources").IsSet() {
		filters = []manifests.Field{match}
	}
	if len(filters) > 0 {
		var values []string
		for _, f := range filters {
			values = append(values, matched(f)...)
		}
		s.only("kinds", match, values...)
	}
	for _, f := range append(exclude.Get("any").Items(), exclude.Get("all").Items()...) {
		s.excluded(f)
	}
	s.excluded(exclude)
	if conditions := rule.Get("preconditions"); conditions.IsSet() {
		s.except(canonical(conditions), "what does not meet its preconditions", conditions)
	}
	for _, c := range rule.Get("celPreconditions").Items() {
		s.except(canonical(c, "name"), "what does not meet its preconditions", c)
	}
	return s
}

// matched lists the kinds that a filter matches, each with what else it asks for.
func matched(filter manifests.Field) (values []string) {
	rest := canonical(filter.Get("resources"), "kinds", "operations") + canonical(filter, "resources", "any", "all")
	if rest = strings.ReplaceAll(rest, " ", ""); rest == "{}{}" {
		rest = ""
	}
	for _, kind := range orAll(texts(filter.Get("resources", "kinds"))) {
		values = append(values, kind[strings.LastIndexByte(kind, '/')+1:]+" "+rest)
	}
	return values
}

// excluded takes out of a scope what a filter matches, namespace by namespace where it names those alone.
func (s *scope) excluded(filter manifests.Field) {
	resources := filter.Get("resources")
	if only := canonical(resources, "kinds", "namespaces"); only == "{}" && len(resources.Get("namespaces").Items()) > 0 {
		for _, namespace := range resources.Get("namespaces").Items() {
			s.except("namespace "+namespace.Text()+canonical(resources.Get("kinds")), "namespace "+namespace.Text(), namespace)
		}
		return
	}
	if resources.IsSet() || filter.Get("subjects").IsSet() || filter.Get("clusterRoles").IsSet() || filter.Get("roles").IsSet() {
		s.except(canonical(filter, "any", "all"), "what is excluded here", filter)
	}
}

// exceptionKinds are objects that keep a policy from what they match.
var exceptionKinds = []string{"PolicyException.kyverno.io", "PolicyException.policies.kyverno.io"}

// reportExceptions reports what an exception newly takes out of policies.
func reportExceptions(p *review.Pass) {
	known := make(map[string]bool)
	was, _ := p.Was()
	if was != nil {
		for _, e := range exceptionsOf(was) {
			known[e] = true
		}
	}
	if p.Base != nil {
		for _, o := range p.Base.OfKind(p.Object.Kind) { // it may be called otherwise now
			if p.Root.Match(o) == nil {
				for _, e := range exceptionsOf(o) {
					known[e] = true
				}
			}
		}
	}
	spec := p.Object.Field().Get("spec")
	for _, e := range exceptionsOf(p.Object) {
		if known[e] {
			continue
		}
		d := p.Report(spec, "exception %s keeps policies from what it matches", p.Object.Name).Effect("%s", canonical(spec)).
			Detail("What it takes out is not held to the policies that it names. Match by namespace and name, no wider than the one workload needs, and say why.")
		if isNarrow(spec) {
			d.Lower(review.Warning)
		}
		return
	}
}

// exceptionsOf lists what an exception takes out of which rules.
func exceptionsOf(o *manifests.Object) (all []string) {
	spec := o.Field().Get("spec")
	matches := append(spec.Get("match", "any").Items(), spec.Get("match", "all").Items()...)
	var what []string
	for _, m := range matches {
		what = append(what, canonical(m))
	}
	what = append(what, canonical(spec.Get("matchConditions"))+canonical(spec.Get("conditions"))+canonical(spec.Get("podSecurity")))
	for _, e := range spec.Get("exceptions").Items() {
		for _, rule := range orAll(texts(e.Get("ruleNames"))) {
			for _, w := range what {
				all = append(all, e.Get("policyName").Text()+" "+rule+" "+w)
			}
		}
	}
	for _, e := range spec.Get("policyRefs").Items() {
		for _, w := range what {
			all = append(all, canonical(e)+" "+w)
		}
	}
	return all
}

// isNarrow reports whether everything that an exception matches is named, in a namespace.
func isNarrow(spec manifests.Field) bool {
	filters := append(spec.Get("match", "any").Items(), spec.Get("match", "all").Items()...)
	for _, f := range filters {
		resources := f.Get("resources")
		if !areNames(resources.Get("namespaces")) || !areNames(resources.Get("names")) {
			return false
		}
	}
	return len(filters) > 0
}

func areNames(list manifests.Field) bool {
	for _, item := range list.Items() {
		if strings.Trim(item.Text(), "*?") == "" || strings.HasPrefix(item.Text(), "*") {
			return false
		}
	}
	return len(list.Items()) > 0
}
