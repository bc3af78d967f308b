package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var wildcardVerbs = wildcardRule(review.Rule{
	ID: "rbac-wildcard-verbs", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role grants every verb",
}, "verbs",
	"It also takes in the verbs that hardly anybody means, such as deletecollection, escalate, bind and impersonate, and those that Kubernetes is still to get.")
