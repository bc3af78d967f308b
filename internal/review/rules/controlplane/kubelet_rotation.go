package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletRotation = review.Rule{
	ID: "kubelet-rotation", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "A kubelet does not renew its certificate",
	CheckRoot: expectation{
		component: kubelet, flag: "rotate-certificates", good: is("true"),
		bad:     "the kubelet does not renew its client certificate",
		missing: "the kubelet does not renew its client certificate: rotateCertificates is not set",
		detail:  "When it ends the node is lost, so that people make it last for years, and a stolen one does as well.",
		want:    true, title: "Renew the certificate",
	}.check,
}
