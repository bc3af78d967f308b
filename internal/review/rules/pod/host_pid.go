package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostPID = review.Rule{
	ID: "host-pid", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod shares the node's process namespace",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check: forbidTrue("hostPID", "the pod shares the node's process namespace",
		"It sees every process of the node with its environment, where secrets often are, and may be able to signal or trace it."),
}
