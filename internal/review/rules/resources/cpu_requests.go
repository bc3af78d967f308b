package resources

import "github.com/landwaiter/landwaiter/internal/review"

var cpuRequests = review.Rule{
	ID: "cpu-requests", Level: review.Warning, Guidelines: []string{"G3"},
	Summary: "A container requests no CPU",
	Kinds:   []string{review.Workloads},
	Check: checkMissing("requests", "cpu", "%s requests no cpu",
		"The scheduler counts it as needing none and puts it on nodes that are full. When CPU runs short there, it gets the smallest share."),
}
