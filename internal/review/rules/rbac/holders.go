package rbac

import (
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/review"
)

// holdersOf says in a sentence who has what p.Object, a role, grants, as far as the repository shows.
func holdersOf(p *review.Pass) string {
	r := worldOf(p.Index).byObject[p.Object]
	if r == nil {
		return ""
	}
	var holders []string
	for _, b := range r.bound {
		for _, s := range b.subjects {
			if who := s.String() + " (by " + titleOf(b) + ")"; !slices.Contains(holders, who) && len(holders) <= maxNamed {
				holders = append(holders, who)
			}
		}
	}
	switch {
	case len(holders) == 1:
		return "Who has it: " + holders[0] + "."
	case len(holders) > maxNamed:
		return "Among those who have it: " + enumerate(holders[:maxNamed], maxNamed) + "."
	case len(holders) > 0:
		return "Who has it: " + enumerate(holders, maxNamed) + "."
	case len(r.into) > 0:
		return "By its labels it becomes part of ClusterRole " + r.into[0].name + ", and goes to whoever has that one."
	}
	return "Nothing in the repository binds it yet."
}

// maxNamed is how many holders a sentence names.
const maxNamed = 3

func titleOf(b *binding) string { return b.object.Kind + " " + b.object.Name }

// isUsual reports whether p.Object, a role, is there only to extend the roles edit or admin, which may change most of what
// a namespace holds anyway.
func isUsual(p *review.Pass) bool {
	r := worldOf(p.Index).byObject[p.Object]
	if r == nil || len(r.into) == 0 {
		return false
	}
	extends := func(other *role) bool { return other.builtin && (other.name == "edit" || other.name == "admin") }
	directly := func(b *binding) bool { return b.role == r.roleName }
	return !slices.ContainsFunc(r.into, func(other *role) bool { return !extends(other) }) && !slices.ContainsFunc(r.bound, directly)
}

// boundWithin reports whether p.Object, a ClusterRole, is bound in the repository, and only within namespaces.
func boundWithin(p *review.Pass) bool {
	scopes := scopesOf(p)
	return len(scopes) > 0 && !slices.Contains(scopes, everywhere)
}

// scopesOf lists the namespaces in which the repository binds p.Object, a role.
func scopesOf(p *review.Pass) (scopes []string) {
	if r := worldOf(p.Index).byObject[p.Object]; r != nil {
		for _, b := range r.bound {
			scopes = append(scopes, b.namespace)
		}
	}
	return scopes
}

func count(n int) string { return strconv.Itoa(n) }
