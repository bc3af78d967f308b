package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeAuthorization = review.Rule{
	ID: "change-authorization", Level: review.Warning, Guidelines: []string{"G6"},
	Summary:   "The authorization mode changes to RBAC while accounts that call the API are bound to nothing",
	CheckRoot: checkChangeAuthorization,
}

func checkChangeAuthorization(p *review.Pass) {
	if p.Base == nil {
		return
	}
	before := authorizations(p.Base)
	for id, now := range authorizations(p.Root) {
		was, ok := before[id]
		if !ok || was.modes == now.modes || !strings.Contains(now.modes, "RBAC") || isRBACOnly(was.modes) {
			continue
		}
		if lost := unbound(p); len(lost) > 0 {
			now.at.report(p, "authorization changes from %s to %s, and nothing is bound to %s", was.modes, now.modes, someOf(lost)).
				Detail("Up to now they may do what they do without a role. From then on every request of theirs is refused. Bind them first.")
		}
	}
}

// authorization is by which modes something decides, and where that is written.
type authorization struct {
	modes string
	at    place
}

// authorizations are the modes of the API servers and clusters of a root, by where they stand.
func authorizations(v *review.RootView) map[string]authorization {
	found := map[string]authorization{}
	for _, c := range surveyOf(v).components {
		if c.name == apiServer {
			at := c.where("authorization-mode")
			found[at.owner.String()+" "+c.home.field.Path()] = authorization{strings.Join(c.list("authorization-mode"), ","), at}
		}
	}
	for _, o := range v.OfKind("Cluster") {
		if !strings.HasPrefix(o.Group(), "kops.") {
			continue
		}
		at := o.Field().Get("spec", "authorization")
		modes := "RBAC"
		if at.Get("alwaysAllow").Exists() {
			modes = "AlwaysAllow"
		}
		found[o.String()] = authorization{modes, place{owner: o, field: at}}
	}
	return found
}

// isRBACOnly reports whether modes left nothing to others than RBAC and the node authorizer.
func isRBACOnly(modes string) bool {
	return !strings.Contains(modes, "AlwaysAllow") && !strings.Contains(modes, "ABAC")
}

// unbound are the accounts of the repository that pods run as with a token, and that no binding names.
func unbound(p *review.Pass) []string {
	bound := map[string]bool{}
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		for _, binding := range append(p.Root.OfKind(kind), p.Index.OfKind(kind)...) {
			for _, subject := range binding.Field().Get("subjects").Items() {
				bound[subject.Get("namespace").Text()+"/"+subject.Get("name").Text()] = true
			}
		}
	}
	var names []string
	for _, account := range append(p.Root.OfKind("ServiceAccount"), p.Index.OfKind("ServiceAccount")...) {
		name := account.Namespace + "/" + account.Name
		if !bound[name] && !bound["/"+account.Name] && !declines(account) && !boundByGroup(bound, account) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func declines(account *manifests.Object) bool {
	return account.Field().Get("automountServiceAccountToken").False()
}

func boundByGroup(bound map[string]bool, account *manifests.Object) bool {
	return bound["/system:serviceaccounts:"+account.Namespace] || bound["/system:serviceaccounts"]
}
