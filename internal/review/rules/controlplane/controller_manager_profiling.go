package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var controllerManagerProfiling = review.Rule{
	ID: "controller-manager-profiling", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "The controller manager offers its profiler",
	CheckRoot: expectation{
		component: controllerManager, flag: "profiling", good: is("false"),
		bad:     "the controller manager offers its profiler",
		missing: "the controller manager offers its profiler, which is on unless profiling is switched off",
		detail:  "The profiler's pages give away how the program works inside, and whoever may ask for a profile can keep it busy.",
		want:    false, title: "Switch profiling off", mild: review.Info,
	}.check,
}
