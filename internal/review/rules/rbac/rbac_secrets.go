package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var secrets = powerRule(review.Rule{
	ID: "rbac-secrets", Level: review.Error, Guidelines: []string{"G7", "G27"},
	Summary: "A role can read Secrets that it does not name",
}, "Among the Secrets are other applications' credentials and the tokens of service accounts, with which the holder can do what those may. Listing shows the values as well as getting does.",
	readSecrets)

var readSecrets = power{
	can: "read Secrets", on: []resources{{group: "", names: []string{"secrets"}}},
	verbs: []string{"get", "list", "watch"}, inRole: review.Warning,
}
