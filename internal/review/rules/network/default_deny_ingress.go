package network

import "github.com/landwaiter/landwaiter/internal/review"

var defaultDenyIngress = review.Rule{
	ID: "default-deny-ingress", Level: review.Warning, Guidelines: []string{"G15", "G16"},
	Summary: "A namespace with workloads has no policy that closes it to what is not let in",
	CheckRoot: checkDefaultDeny(ingress,
		"A pod that no policy selects yet, such as the next one to be deployed, can be reached from every other pod in the cluster."),
}
