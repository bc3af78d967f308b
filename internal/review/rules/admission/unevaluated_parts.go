package admission

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// maxNamed is how many rules of a policy are named.
const maxNamed = 10

// does says what a policy that is not evaluated does, as far as it says so itself; "" where it does not.
func does(o *manifests.Object) string {
	switch o.Group() {
	case "kyverno.io":
		return kyvernoRules(o)
	case "templates.gatekeeper.sh":
		if kind := o.Field().Get("spec", "crd", "spec", "names", "kind").Text(); kind != "" {
			return "It defines the constraint " + kind + "."
		}
	case "constraints.gatekeeper.sh":
		return "Objects that it finds fault with: " + cmp.Or(o.Field().Get("spec", "enforcementAction").Text(), "deny") + "."
	case "policies.kyverno.io":
		var actions []string
		for _, action := range o.Field().Get("spec", "validationActions").Items() {
			actions = append(actions, action.Text())
		}
		if len(actions) > 0 {
			return "Objects that it finds fault with: " + strings.Join(actions, ", ") + "."
		}
	}
	return ""
}

// kyvernoRules names the rules of a Kyverno policy with what each of them does.
func kyvernoRules(o *manifests.Object) string {
	rules := o.Field().Get("spec", "rules").Items()
	var all []string
	for _, rule := range rules {
		for _, verb := range []string{"validate", "mutate", "generate", "verifyImages"} {
			if rule.Get(verb).Exists() && len(all) < maxNamed {
				all = append(all, rule.Get("name").Text()+" ("+verb+")")
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	more := ""
	if len(rules) > maxNamed {
		more = fmt.Sprintf(" and more, %d in all", len(rules))
	}
	return "Its rules: " + strings.Join(all, ", ") + more + "."
}
