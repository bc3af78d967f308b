package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var wildcardAPIGroups = wildcardRule(review.Rule{
	ID: "rbac-wildcard-api-groups", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role is for every API group",
}, "apiGroups",
	"Resources of the same name in groups that are still to be installed count too, whatever they do.")
