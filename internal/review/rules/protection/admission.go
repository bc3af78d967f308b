package protection

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// readAdmissionPolicy reads the checks of a ValidatingAdmissionPolicy.
func readAdmissionPolicy(_ side, o *manifests.Object) []*guard {
	return readChecks(o, "check|", scopeOfMatch(o.Field().Get("spec", "matchConstraints")))
}

// readValidatingPolicy reads those of a ValidatingPolicy of Kyverno, which says itself what is done.
func readValidatingPolicy(_ side, o *manifests.Object) []*guard {
	spec := o.Field().Get("spec")
	all := readChecks(o, "kyverno check|", scopeOfMatch(spec.Get("matchConstraints")))
	for _, g := range all {
		g.grades = append(g.grades, actionOf(spec.Get("validationActions")))
	}
	return all
}

// readChecks reads the expressions of an object that has them as ValidatingAdmissionPolicy does.
func readChecks(o *manifests.Object, sort string, narrowed scope) (all []*guard) {
	spec := o.Field().Get("spec")
	for _, c := range spec.Get("matchConditions").Items() {
		narrowed.except(oneLine(c.Get("expression").Text()), "what does not meet condition "+quoted(c.Get("expression").Text()), c)
	}
	for _, v := range spec.Get("validations").Items() {
		expression := v.Get("expression")
		all = append(all, &guard{key: sort + oneLine(expression.Text()), does: "the check " + quoted(expression.Text()), at: v,
			grades: []grade{failureOf(spec)}, scope: narrowed})
	}
	return all
}

// failureOf says what becomes of a request that could not be judged.
func failureOf(f manifests.Field) grade {
	at := f.Get("failurePolicy")
	if at.Text() == "Ignore" {
		return grade{1, "failure policy Ignore", at}
	}
	return grade{2, "failure policy Fail", at}
}

// actions are what is done with an object that fails a check.
var actions = map[string]int{"Audit": 1, "Warn": 2, "Deny": 3}

// actionOf returns the strictest of a list of actions; Deny when there is none.
func actionOf(list manifests.Field) grade {
	worst := grade{0, "nothing", list}
	for _, item := range list.Items() {
		if n := actions[item.Text()]; n > worst.n {
			worst = grade{n, item.Text(), item}
		}
	}
	if len(list.Items()) == 0 {
		return grade{actions["Deny"], "Deny", list}
	}
	return worst
}

// scopeOfMatch reads what an admission policy or its binding is for.
func scopeOfMatch(match manifests.Field) (s scope) {
	if rules := match.Get("resourceRules"); len(rules.Items()) > 0 {
		s.only("requests", rules, requests(rules)...)
	}
	for _, rule := range match.Get("excludeResourceRules").Items() {
		for _, request := range requestsOf(rule) {
			s.except("not "+request, request, rule)
		}
	}
	s.narrowBy("namespaces", match.Get("namespaceSelector"))
	s.narrowBy("objects", match.Get("objectSelector"))
	return s
}

// readAdmissionBinding reads what a binding does with the checks of its policy, which may be called otherwise at head.
func readAdmissionBinding(s side, o *manifests.Object) []*guard {
	spec := o.Field().Get("spec")
	name := spec.Get("policyName")
	key := "binding|" + name.Text()
	if policy := s.find("ValidatingAdmissionPolicy", name.Text()); policy != nil {
		key = "binding|" + canonical(policy.Field().Get("spec", "validations"))
	}
	g := &guard{key: key, does: "what policy " + name.Text() + " refuses", at: name, scope: scopeOfMatch(spec.Get("matchResources"))}
	g.grades = []grade{actionOf(spec.Get("validationActions"))}
	missing := spec.Get("paramRef", "parameterNotFoundAction")
	if missing.Text() == "Allow" {
		g.grades = append(g.grades, grade{1, "refusing to allowing without parameters", missing})
	} else {
		g.grades = append(g.grades, grade{2, "refusing", missing})
	}
	return []*guard{g}
}

// find returns an object of the cluster, of the root or else of the repository.
func (s side) find(kind, name string) *manifests.Object {
	for _, o := range s.OfKind(kind) {
		if o.Name == name {
			return o
		}
	}
	return s.index.Find(kind, "", name)
}

// policyGone reports whether the policy of a binding is gone as well, which is said of that one.
func policyGone(p *review.Pass) bool {
	name := p.Object.Field().Get("spec", "policyName").Text()
	return side{p.Base, p.Before}.find("ValidatingAdmissionPolicy", name) != nil && side{p.Root, p.Index}.find("ValidatingAdmissionPolicy", name) == nil
}

// readWebhooks reads the webhooks of a configuration, each by the path that it is asked at: names of servers follow the
// release that they are installed by.
func readWebhooks(_ side, o *manifests.Object) (all []*guard) {
	for _, w := range o.Field().Get("webhooks").Items() {
		client := w.Get("clientConfig")
		g := &guard{key: strings.Join([]string{"webhook", o.Kind, client.Get("service", "path").Text(), client.Get("url").Text()}, " "),
			does: "webhook " + w.Get("name").Text(), at: w, grades: []grade{failureOf(w), matchingOf(w)}}
		if strings.HasPrefix(o.Kind, "Mutating") {
			g.mild = review.Warning // it fills in more often than it guards
		}
		rules := w.Get("rules")
		g.only("requests", rules, requests(rules)...)
		g.narrowBy("namespaces", w.Get("namespaceSelector"))
		g.narrowBy("objects", w.Get("objectSelector"))
		for _, c := range w.Get("matchConditions").Items() {
			g.except(oneLine(c.Get("expression").Text()), "what does not meet condition "+quoted(c.Get("expression").Text()), c)
		}
		g.idle = len(rules.Items()) == 0 || client.Get("service").IsSet() && !client.Get("service", "name").IsSet()
		all = append(all, g)
	}
	return all
}

// matchingOf says whether a webhook is asked about other versions of what its rules name.
func matchingOf(w manifests.Field) grade {
	at := w.Get("matchPolicy")
	if at.Text() == "Exact" {
		return grade{1, "exact versions only", at}
	}
	return grade{2, "all versions", at}
}

// serverGone reports whether a webhook configuration is for kinds of its own program only, and the server goes as well.
func serverGone(p *review.Pass) bool {
	for _, w := range p.Object.Field().Get("webhooks").Items() {
		if guardsKubernetes(w) {
			return false
		}
		name := w.Get("clientConfig", "service", "name").Text()
		if name == "" || slices.ContainsFunc(p.Root.OfKind("Service"), func(o *manifests.Object) bool { return o.Name == name }) {
			return false
		}
	}
	return true
}

// guardsKubernetes reports whether a webhook is asked about objects of Kubernetes itself.
func guardsKubernetes(w manifests.Field) bool {
	for _, rule := range w.Get("rules").Items() {
		for _, group := range orAll(texts(rule.Get("apiGroups"))) {
			if group == "*" || !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") && strings.Count(group, ".") == 2 {
				return true
			}
		}
	}
	return false
}
