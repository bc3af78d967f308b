package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var tlsPlaintextBackend = review.Rule{
	ID: "tls-plaintext-backend", Level: review.Info, Guidelines: []string{"G19"},
	Summary: "A load balancer ends TLS and goes on in the clear",
	Kinds:   []string{"Service"},
	Check:   checkTLSPlaintextBackend,
}

// tlsEnding is, of a cloud, the annotation by which a load balancer ends TLS and the one for how it goes on, with what
// means that it encrypts again.
type tlsEnding struct {
	certificate, backend string
	encrypted            []string
}

var ending = []tlsEnding{
	{"service.beta.kubernetes.io/aws-load-balancer-ssl-cert", "service.beta.kubernetes.io/aws-load-balancer-backend-protocol", []string{"ssl", "https"}},
	{"service.beta.kubernetes.io/do-loadbalancer-certificate-id", "service.beta.kubernetes.io/do-loadbalancer-tls-passthrough", []string{"true"}},
	{"service.beta.kubernetes.io/oci-load-balancer-tls-secret", "service.beta.kubernetes.io/oci-load-balancer-tls-backendset-secret", nil},
}

func checkTLSPlaintextBackend(p *review.Pass) {
	if !isBalancer(p.Object) {
		return
	}
	for _, cloud := range ending {
		certificate, backend := annotation(p.Object, cloud.certificate), annotation(p.Object, cloud.backend)
		if certificate.Text() == "" || cloud.encrypted == nil && backend.Text() != "" || slices.Contains(cloud.encrypted, strings.ToLower(backend.Text())) {
			continue
		}
		at := backend
		if !at.IsSet() {
			at = certificate
		}
		reportPlainBackend(p, at)
	}
}

func reportPlainBackend(p *review.Pass, at manifests.Field) {
	p.Report(at, "the load balancer of service %s ends TLS and goes on in the clear", p.Object.Name).
		Detail("Between it and the pods the traffic can be read in the cloud's network. Have the pods take TLS too, and the load balancer speak it to them.")
}
