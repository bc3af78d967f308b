package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var controllerManagerBind = review.Rule{
	ID: "controller-manager-bind", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "The controller manager listens on more than the loopback address",
	CheckRoot: expectation{
		component: controllerManager, flag: "bind-address", good: is("127.0.0.1", "::1", "localhost"),
		bad:     "the controller manager listens beyond the loopback address",
		missing: "the controller manager listens on every address of the node: --bind-address is not set",
		detail:  "Its metrics, its health and, where that is on, its profiler answer whoever reaches the node.",
		want:    "127.0.0.1", title: "Listen on the loopback address",
		bound: true,
	}.check,
}
