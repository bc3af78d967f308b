package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletReadOnlyPort = review.Rule{
	ID: "kubelet-read-only-port", Level: review.Error, Guidelines: []string{"G22"},
	Summary: "A kubelet's read-only port is open",
	CheckRoot: expectation{
		component: kubelet, flag: "read-only-port", good: is("0"),
		bad:     "the kubelet's read-only port is open",
		missing: "the kubelet's read-only port is open, since --read-only-port is not 0",
		detail:  "It tells whoever reaches the node, without asking who that is, which pods run there and with which settings.",
		want:    0, title: "Close the port",
	}.check,
}
