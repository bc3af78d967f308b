package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostNetwork = review.Rule{
	ID: "host-network", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod uses the node's network",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check: forbidTrue("hostNetwork", "the pod uses the node's network",
		"No network policy holds for it, it reaches what listens on the node's loopback address and the cloud's metadata, and its ports are the node's."),
}
