package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var kubeletTLS = review.Rule{
	ID: "kubelet-tls", Level: review.Warning, Guidelines: []string{"G19", "G22"},
	Summary: "A kubelet speaks TLS weaker than Mozilla's intermediate configuration",
	CheckRoot: func(p *review.Pass) {
		for _, c := range of(p, kubelet) {
			checkProtocol(p, c, "the kubelet")
		}
	},
}
