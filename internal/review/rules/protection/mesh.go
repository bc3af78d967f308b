package protection

import (
	"strconv"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// meshRoot is where policies of Istio hold for the whole mesh, unless it is installed elsewhere.
const meshRoot = "istio-system"

// meshScope reads for which workloads a policy of Istio holds.
func meshScope(s side, o *manifests.Object) (narrowed scope) {
	selector := o.Field().Get("spec", "selector")
	if namespace := s.Namespace(o); namespace != meshRoot {
		narrowed.only("namespace", o.Field().Get("metadata", "namespace"), namespace)
	}
	narrowed.narrowBy("workloads", selector)
	for _, ref := range append(o.Field().Get("spec", "targetRefs").Items(), o.Field().Get("spec", "targetRef")) {
		if ref.IsSet() {
			narrowed.except(canonical(ref), "all but "+ref.Get("kind").Text()+" "+ref.Get("name").Text(), ref)
		}
	}
	return narrowed
}

// mutual are the modes of mutual TLS, from none to the strictest.
var mutual = map[string]int{"DISABLE": 0, "PERMISSIVE": 1, "STRICT": 2}

// readPeerAuthentication reads whether connections have to be by mutual TLS.
func readPeerAuthentication(s side, o *manifests.Object) []*guard {
	mtls := o.Field().Get("spec", "mtls", "mode")
	n, known := mutual[mtls.Text()]
	g := &guard{key: "mutual TLS", does: "mutual TLS", at: o.Field().Get("spec"), scope: meshScope(s, o), idle: n < mutual["STRICT"]}
	if known {
		g.grades = []grade{{n, mtls.Text(), mtls}}
	} else {
		g.grades = []grade{{mutual["PERMISSIVE"], "what is inherited", mtls}}
	}
	for _, e := range o.Field().Get("spec", "portLevelMtls").Entries() {
		if mode := e.Value.Get("mode"); mode.Text() == "PERMISSIVE" || mode.Text() == "DISABLE" {
			g.except("port "+e.Key+" "+mode.Text(), "port "+e.Key, mode)
		}
	}
	return []*guard{g}
}

// readMeshAuthorization reads what an AuthorizationPolicy refuses: what a rule of a denying one matches, or whatever no
// rule of an allowing one does.
func readMeshAuthorization(s side, o *manifests.Object) (all []*guard) {
	spec := o.Field().Get("spec")
	where := meshScope(s, o)
	rules := spec.Get("rules").Items()
	switch action := spec.Get("action").Text(); action {
	case "DENY", "CUSTOM":
		for i, rule := range rules {
			all = append(all, &guard{key: "deny|" + action + canonical(rule), does: "what its rule " + strconv.Itoa(i+1) + " refuses", at: rule, scope: where})
		}
	case "", "ALLOW":
		g := &guard{key: "allow", does: "the refusal of what no rule allows", at: spec, scope: where, grades: []grade{{2, "named callers only", spec.Get("rules")}}}
		for _, rule := range rules {
			if len(rule.Entries()) == 0 {
				g.grades[0], g.idle = grade{1, "everybody", rule}, true
			}
		}
		all = append(all, g)
	}
	return all
}

// readRequestAuthentication reads whose tokens are checked.
func readRequestAuthentication(s side, o *manifests.Object) (all []*guard) {
	for _, rule := range o.Field().Get("spec", "jwtRules").Items() {
		all = append(all, &guard{key: "tokens|" + rule.Get("issuer").Text(), does: "the check of tokens of " + rule.Get("issuer").Text(), at: rule, scope: meshScope(s, o)})
	}
	return all
}
