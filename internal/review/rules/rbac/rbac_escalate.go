package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var escalate = powerRule(review.Rule{
	ID: "rbac-escalate", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can write roles that allow more than the holder may",
}, "The API server lets nobody put rights into a role that they do not have, but for those who may escalate: as soon as the holder can also change a role that it has, it can give itself everything.",
	escalateRoles)

var escalateRoles = power{
	can: "put rights into roles that it does not have itself (%s)", verbs: []string{"escalate"}, verbal: true, named: review.Error,
	on: []resources{{group: group, names: []string{"roles"}}, {group: group, names: []string{"clusterroles"}, cluster: true}},
}
