package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var controllerManagerRootCA = review.Rule{
	ID: "controller-manager-root-ca", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "Pods get no authority to check the API server by",
	CheckRoot: expectation{
		component: controllerManager, flag: "root-ca-file", good: given,
		bad:     "pods get no certificate to check the API server by",
		missing: "pods get no certificate to check the API server by: --root-ca-file is not set",
		detail:  "The bundle is put beside every service account's token. Without it clients skip the check, and hand their token to whoever answers.",
	}.check,
}
