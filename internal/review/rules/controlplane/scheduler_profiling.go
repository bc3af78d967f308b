package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var schedulerProfiling = review.Rule{
	ID: "scheduler-profiling", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "The scheduler offers its profiler",
	CheckRoot: expectation{
		component: scheduler, flag: "profiling", good: is("false"),
		bad:     "the scheduler offers its profiler",
		missing: "the scheduler offers its profiler, which is on unless profiling is switched off",
		detail:  "The profiler's pages give away how the program works inside, and whoever may ask for a profile can keep it busy.",
		want:    false, title: "Switch profiling off", mild: review.Info,
	}.check,
}
