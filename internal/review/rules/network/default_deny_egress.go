package network

import "github.com/landwaiter/landwaiter/internal/review"

var defaultDenyEgress = review.Rule{
	ID: "default-deny-egress", Level: review.Warning, Guidelines: []string{"G15", "G16"},
	Summary: "A namespace with workloads has no policy that keeps its pods from connecting anywhere",
	CheckRoot: checkDefaultDeny(egress,
		"Whoever gets into one of its pods can load tools, carry data off to any address and ask the cloud's metadata service for the node's role."),
}
