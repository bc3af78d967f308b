package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var impersonate = powerRule(review.Rule{
	ID: "rbac-impersonate", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can act as other users, groups or service accounts",
}, "Requests in another's name are allowed whatever that one may do, and the group system:masters may do everything.",
	actAsOthers)

var actAsOthers = power{
	can: "act as others (%s)", verbs: []string{"impersonate"}, verbal: true,
	named: review.Warning, worst: []string{"system:masters"},
	on: []resources{
		{group: "", names: []string{"serviceaccounts"}},
		{group: "", names: []string{"users", "groups"}, cluster: true},
	},
}
