package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var roleMissing = review.Rule{
	ID: "rbac-role-missing", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A binding names a role that is not there",
	Kinds:   onBindings(),
	Params:  func() any { return &elsewhereParams{} },
	Check:   checkRoleMissing,
}

// elsewhereParams says what lives outside of the repository.
type elsewhereParams struct {
	Elsewhere []string `yaml:"elsewhere"` // patterns of names, Kind/name or Kind/namespace/name
}

// has reports whether an object is said to live outside of the repository.
func (e *elsewhereParams) has(kind, namespace, name string) bool {
	return isNamed(e.Elsewhere, name) || isNamed(e.Elsewhere, kind+"/"+name) || isNamed(e.Elsewhere, kind+"/"+namespace+"/"+name)
}

func checkRoleMissing(p *review.Pass) {
	b := bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object))
	if b.role.name == "" || isOwn(b.role) || review.Params[elsewhereParams](p).has(b.role.kind, b.role.namespace, b.role.name) ||
		has(worldOf(p.Index).heard.named[[2]string{b.role.kind, b.role.name}], b.role.namespace) {
		return
	}
	p.Report(p.Object.Field().Get("roleRef", "name"), "%s %s names %s, which the repository does not have", p.Object.Kind, p.Object.Name, roleTitle(p.Object)).
		Related(p.Object.Field().Get("roleRef", "kind")).
		Detail("A binding to a role that does not exist is accepted and gives nothing, until somebody makes a role of that name, with whatever rights they choose.")
}
