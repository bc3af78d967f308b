package rbac

import (
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var user = review.Rule{
	ID: "rbac-user", Level: review.Warning, Off: true, Guidelines: []string{"G9"},
	Summary: "A binding names a person rather than a group",
	Kinds:   onBindings(),
	Params:  func() any { return &userParams{} },
	Check:   checkUser,
}

// userParams says which users may be named.
type userParams struct {
	Allow []string `yaml:"allow"` // patterns of names
}

func checkUser(p *review.Pass) {
	allow := review.Params[userParams](p).Allow
	for _, s := range bindingOf(p.Object, p.Root, p.Root.Namespace(p.Object)).subjects {
		if s.kind != "User" || s.name == "" || strings.HasPrefix(s.name, "system:") || isNamed(allow, s.name) {
			continue
		}
		p.Report(s.at.Get("name"), "%s %s gives %s to the user %s", p.Object.Kind, p.Object.Name, roleTitle(p.Object), s.name).
			Detail("People come and go, and their rights stay in bindings that name them. A group of the identity provider is kept up to date where people are.")
	}
}

// isNamed reports whether one of the patterns, with "*" and "?" in them, matches a name.
func isNamed(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(strings.ReplaceAll(pattern, "/", ":"), strings.ReplaceAll(name, "/", ":"))
		return ok && err == nil
	})
}
