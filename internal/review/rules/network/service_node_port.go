package network

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceNodePort = review.Rule{
	ID: "service-node-port", Level: review.Warning, Guidelines: []string{"G17"},
	Summary: "A service opens a port on every node",
	Kinds:   []string{"Service"},
	Check:   checkServiceNodePort,
}

func checkServiceNodePort(p *review.Pass) {
	kind := p.Object.Field().Get("spec", "type")
	if !isService(p.Object) || kind.Text() != "NodePort" || servesBalancer(p) {
		return
	}
	p.Report(kind, "service %s opens a port on every node", p.Object.Name).
		Detail("Whoever reaches a node's address reaches the service, past Ingress, TLS and the load balancer's limits. A ClusterIP behind an Ingress or a Gateway does without.")
}

// nodePortClasses are the Ingress classes of clouds whose load balancers go to a service by its node port.
var nodePortClasses = []string{"alb", "gce", "gce-internal"}

// servesBalancer reports whether an Ingress of such a class has the service for a backend.
func servesBalancer(p *review.Pass) bool {
	return slices.ContainsFunc(p.Near("Ingress", p.Object), func(o *manifests.Object) bool {
		return slices.Contains(nodePortClasses, ingressClass(o)) && slices.ContainsFunc(backends(o), func(f manifests.Field) bool {
			return f.Text() == p.Object.Name
		})
	})
}
