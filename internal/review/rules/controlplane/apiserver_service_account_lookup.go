package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverServiceAccountLookup = review.Rule{
	ID: "apiserver-service-account-lookup", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "The API server believes tokens of service accounts that are gone",
	CheckRoot: expectation{
		component: apiServer, flag: "service-account-lookup", good: isNot("false"),
		bad:    "tokens of deleted service accounts stay valid",
		detail: "A token counts as long as its signature does, though the account, the Secret or the pod that it was made for has been deleted: nobody can take it back.",
		want:   true, title: "Look accounts up",
	}.check,
}
