package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var controllerManagerCredentials = review.Rule{
	ID: "controller-manager-credentials", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "All controllers act with the rights of the controller manager",
	CheckRoot: expectation{
		component: controllerManager, flag: "use-service-account-credentials", good: is("true"),
		bad:     "all controllers act with the controller manager's own rights",
		missing: "all controllers act with the controller manager's own rights: --use-service-account-credentials is not set",
		detail:  "With an account for each controller, RBAC bounds what one of them can do, and the audit log says which one it was.",
		want:    true, title: "Give each controller its account",
	}.check,
}
