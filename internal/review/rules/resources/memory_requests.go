package resources

import "github.com/landwaiter/landwaiter/internal/review"

var memoryRequests = review.Rule{
	ID: "memory-requests", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A container requests no memory",
	Kinds:   []string{review.Workloads},
	Check: checkMissing("requests", "memory", "%s requests no memory",
		"The scheduler counts it as needing none, and when memory runs short on its node the pod is among the first to be evicted."),
}
