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
	holders := r.holders()
	switch {
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

// holders names who has what a role grants, and one more at most than sentences name.
func (r *role) holders() (names []string) {
	for _, r := range append([]*role{r}, r.into...) {
		for _, b := range r.bound {
			for _, s := range b.subjects {
				if who := s.String() + " (by " + titleOf(b) + ")"; !slices.Contains(names, who) {
					names = append(names, who)
				}
				if len(names) > maxNamed {
					return names
				}
			}
		}
	}
	return names
}

func titleOf(b *binding) string { return b.object.Kind + " " + b.object.Name }

// isUsual reports whether p.Object, a role, is there only to extend the roles edit or admin, which may change most of what
// a namespace holds anyway.
func isUsual(p *review.Pass) bool {
	r := worldOf(p.Index).byObject[p.Object]
	if r == nil || len(r.into) == 0 || len(r.bound) > 0 {
		return false
	}
	return !slices.ContainsFunc(r.into, func(other *role) bool { return !other.builtin || other.name != "edit" && other.name != "admin" })
}

// boundWithin reports whether p.Object, a ClusterRole, is bound in the repository, and only within namespaces.
func boundWithin(p *review.Pass) bool {
	bound, wide, _ := reachOf(p, "")
	return bound && !wide
}

// reachOf says whether the repository binds p.Object, a role, whether everywhere, and whether in a namespace.
func reachOf(p *review.Pass, namespace string) (bound, wide, in bool) {
	r := worldOf(p.Index).byObject[p.Object]
	if r == nil {
		return false, false, false
	}
	for _, r := range append([]*role{r}, r.into...) {
		bound, wide, in = bound || len(r.bound) > 0, wide || r.wide, in || r.in[namespace]
	}
	return bound, wide, in
}

func count(n int) string { return strconv.Itoa(n) }
