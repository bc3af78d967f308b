package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var tokenCreate = powerRule(review.Rule{
	ID: "rbac-token-create", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A role can make tokens of service accounts",
}, "With a token of an account the holder can do all that the account may, from anywhere and for as long as it asks for, unless the API server limits that.",
	makeTokens)

var makeTokens = power{
	can: "make tokens of service accounts (%s)", verbs: []string{"create"}, named: review.Warning,
	on: []resources{{group: "", names: []string{"serviceaccounts/token"}}},
}
