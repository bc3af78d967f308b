package rbac

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var authenticated = subjectRule(review.Rule{
	ID: "rbac-authenticated", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A binding gives rights to everyone who signs in, to all service accounts, or to system:masters",
}, "Everything that runs, or whoever signs in by any of the ways that the cluster knows, has the role, and so has what is still to come. Name those who need it.",
	wholeGroup)

// wholeGroup says who is in one of the groups that somebody belongs to without being put there.
func wholeGroup(s subject) string {
	if s.kind != "Group" {
		return ""
	}
	switch s.name {
	case "system:authenticated":
		return "everybody who signs in, service accounts too (system:authenticated)"
	case "system:serviceaccounts":
		return "every service account of the cluster (system:serviceaccounts)"
	case "system:masters":
		return "system:masters, a group that may do everything and that nobody can be taken out of"
	}
	if namespace, ok := strings.CutPrefix(s.name, "system:serviceaccounts:"); ok {
		return "every service account of namespace " + namespace
	}
	return ""
}
