package resources

import "github.com/landwaiter/landwaiter/internal/review"

var memoryLimits = review.Rule{
	ID: "memory-limits", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A container has no memory limit",
	Kinds:   []string{review.Workloads},
	Check: checkMissing("limits", "memory", "%s has no memory limit",
		"A leak, or a request made to use memory up, takes all that the node has, and its neighbours are killed for it."),
}
