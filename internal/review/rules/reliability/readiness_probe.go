package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var readinessProbe = review.Rule{
	ID: "readiness-probe", Level: review.Info,
	Summary: "A serving container has no readiness probe",
	Kinds:   []string{review.Workloads},
	Check: checkProbe("readinessProbe", "%s has no readiness probe",
		"It gets connections the moment its process starts, and a rollout goes on to the next pod before this one can answer."),
}
