package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletClientCA = review.Rule{
	ID: "kubelet-client-ca", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "A kubelet knows no authority for its callers",
	CheckRoot: expectation{
		component: kubelet, flag: "client-ca-file", good: given,
		bad:     "the kubelet checks no client certificates",
		missing: "the kubelet checks no client certificates: no client CA file is set",
		detail:  "The API server then cannot prove to the kubelet that it is the API server.",
	}.check,
}
