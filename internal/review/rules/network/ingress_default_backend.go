package network

import "github.com/landwaiter/landwaiter/internal/review"

var ingressDefaultBackend = review.Rule{
	ID: "ingress-default-backend", Level: review.Warning, Guidelines: []string{"G17"},
	Summary: "An Ingress sends whatever no rule is for to a service",
	Kinds:   []string{"Ingress"},
	Check:   checkIngressDefaultBackend,
}

func checkIngressDefaultBackend(p *review.Pass) {
	if !isIngress(p.Object) || ingressClass(p.Object) == "tailscale" {
		return // or each has a name and a proxy of its own
	}
	for _, key := range []string{"defaultBackend", "backend"} {
		if at := p.Object.Field().Get("spec", key); at.IsMap() {
			p.Report(at, "ingress %s takes the requests for every host that no rule is for", p.Object.Name).
				Detail("With most controllers that holds for the whole cluster, not for this namespace only: scans, wrong names and what is left over in DNS all reach the service.")
		}
	}
}
