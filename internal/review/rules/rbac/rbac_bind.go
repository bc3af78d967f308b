package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var bind = powerRule(review.Rule{
	ID: "rbac-bind", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can bind roles that allow more than the holder may",
}, "The API server lets nobody bind a role with rights that they do not have, but for those who may bind it: as soon as the holder can also write a binding, it can give itself any role there is, cluster-admin among them. Name in resourceNames the roles that it may hand out.",
	bindRoles)

var bindRoles = power{
	can: "bind roles with rights that it does not have itself (%s)", verbs: []string{"bind"}, verbal: true,
	on:    []resources{{group: group, names: []string{"clusterroles", "roles"}}},
	worst: []string{"cluster-admin"},
}
