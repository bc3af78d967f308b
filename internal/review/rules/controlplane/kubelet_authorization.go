package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletAuthorization = review.Rule{
	ID: "kubelet-authorization", Level: review.Error, Guidelines: []string{"G22"},
	Summary:   "A kubelet allows its callers everything",
	CheckRoot: checkKubeletAuthorization,
}

func checkKubeletAuthorization(p *review.Pass) {
	expectation{
		component: kubelet, flag: "authorization-mode", good: is("Webhook"),
		bad:     "the kubelet allows its callers everything",
		missing: "the kubelet allows its callers everything, since --authorization-mode is not Webhook",
		detail:  "Whoever it knows, and anonymous callers where they are let in, may run commands in every container of the node.",
		want:    "Webhook", title: "Ask the API server",
	}.check(p)
	for _, c := range of(p, kubelet) {
		if f, ok := c.get("authentication-token-webhook"); ok && f.value == "false" {
			d := f.at.report(p, "the kubelet knows no callers by their tokens").Lower(review.Warning).
				Detail("Without that, metrics are collected anonymously or not at all.")
			if ops := c.ops("authentication-token-webhook", true); len(ops) > 0 {
				d.Fix("Have tokens reviewed by the API server", ops...).Unsafe()
			}
		}
	}
}
