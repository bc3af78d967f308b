package api

import (
	"github.com/landwaiter/landwaiter/internal/review"
)

var roleRef = review.Rule{
	ID: "role-ref", Level: review.Warning,
	Summary: "A binding names its role in a way that cannot be",
	Kinds:   []string{"RoleBinding.rbac.authorization.k8s.io", "ClusterRoleBinding.rbac.authorization.k8s.io"},
	Covers:  []string{"rbac-role-missing"},
	Check:   checkRoleRef,
}

func checkRoleRef(p *review.Pass) {
	ref := p.Object.Field().Get("roleRef")
	kind, group, name := ref.Get("kind"), ref.Get("apiGroup"), ref.Get("name")
	if !ref.IsMap() {
		return
	}
	if text := group.Text(); text != "" && text != "rbac.authorization.k8s.io" {
		p.Report(group, "the role is of group %s, it can only be of rbac.authorization.k8s.io", clip(text)).
			Detail("The API server refuses the binding.").
			Fix("Name the group of roles", review.Set(group, "rbac.authorization.k8s.io"))
	}
	switch text := kind.Text(); {
	case text == "Role" && p.Object.Kind == "ClusterRoleBinding":
		p.Report(kind, "a ClusterRoleBinding cannot bind a Role").
			Detail("Roles are of one namespace, and the API server refuses to bind one in all of them. Bind a ClusterRole, or use a RoleBinding in the namespace.")
	case text != "" && text != "Role" && text != "ClusterRole":
		p.Report(kind, "a binding cannot bind a %s", clip(text)).Detail("The API server refuses anything but Role and ClusterRole.")
	default:
		checkRoleKind(p, text, name.Text())
	}
}

// checkRoleKind finds a role that is there as the other kind only.
func checkRoleKind(p *review.Pass, kind, name string) {
	other := map[string]string{"Role": "ClusterRole", "ClusterRole": "Role"}[kind]
	if other == "" || p.Object.Kind != "RoleBinding" {
		return
	}
	ref := p.Object.Field().Get("roleRef")
	is := func(kind string) bool {
		return reference{ref.Get("name"), kind, name, ""}.target(p) != nil
	}
	if is(kind) || !is(other) && (kind != "Role" || !builtInRole(name)) {
		return
	}
	p.Report(ref.Get("name"), "there is no %s %s, but a %s of the name", kind, name, other).Related(ref.Get("kind")).
		Detail("The binding gives nothing until a %s of the name is made.", kind).
		Fix("Bind the "+other, review.Set(ref.Get("kind"), other)).Unsafe()
}

// builtInRole reports whether each cluster has a ClusterRole of the name.
func builtInRole(name string) bool {
	return name == "cluster-admin" || name == "admin" || name == "edit" || name == "view"
}
