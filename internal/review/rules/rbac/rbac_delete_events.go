package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var deleteEvents = powerRule(review.Rule{
	ID: "rbac-delete-events", Level: review.Warning, Guidelines: []string{"G25"},
	Summary: "A role can delete events",
}, "Events show what happened to pods and nodes. Whoever may delete them can hide traces; they go by themselves, by default after an hour.",
	removeEvents)

var removeEvents = power{
	can: "delete %s", verbs: []string{"delete", "deletecollection"}, verbal: true,
	on: []resources{{group: "", names: []string{"events"}}, {group: "events.k8s.io", names: []string{"events"}}},
}
