package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// subjectRule makes a rule on who a binding names. What the function says of a subject, "" for nothing, completes the
// sentence "… gives ClusterRole view to".
func subjectRule(rule review.Rule, consequence string, to func(subject) string) review.Rule {
	rule.Kinds = onBindings()
	rule.Check = func(p *review.Pass) {
		for _, s := range bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object)).subjects {
			if isDefault(p.Object, s.subject) {
				continue
			}
			if whom := to(s.subject); whom != "" {
				p.Report(s.at.Get("name"), "%s %s gives %s to %s", p.Object.Kind, p.Object.Name, roleTitle(p.Object), whom).
					Detail("%s", consequence).Related(p.Object.Field().Get("roleRef", "name"))
			}
		}
	}
	return rule
}

// roleTitle names the role that a binding gives.
func roleTitle(binding *manifests.Object) string {
	return roleKind(binding) + " " + binding.Field().Get("roleRef", "name").Text()
}

// defaults are the roles that the API server, or kubeadm, itself binds to whom it lets in: what repeats them gives
// nothing.
var defaults = map[string][]string{
	"cluster-admin":                           {"system:masters"},
	"system:basic-user":                       {"system:authenticated"},
	"system:discovery":                        {"system:authenticated"},
	"system:public-info-viewer":               {"system:authenticated", "system:unauthenticated"},
	"system:service-account-issuer-discovery": {"system:serviceaccounts"},
	"kubeadm:bootstrap-signer-clusterinfo":    {"system:anonymous"},
}

// isDefault reports whether a binding gives a subject only what every cluster gives it.
func isDefault(binding *manifests.Object, s subject) bool {
	return slices.Contains(defaults[binding.Field().Get("roleRef", "name").Text()], s.name)
}
