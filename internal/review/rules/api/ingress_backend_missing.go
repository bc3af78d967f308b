package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressBackendMissing = review.Rule{
	ID: "ingress-backend-missing", Level: review.Warning,
	Summary: "A route leads to a Service, or to a port of one, that is not there, or loses its certificate",
	Kinds: []string{"Ingress.networking.k8s.io", "Ingress.extensions", "HTTPRoute.gateway.networking.k8s.io", "GRPCRoute.gateway.networking.k8s.io",
		"TCPRoute.gateway.networking.k8s.io", "TLSRoute.gateway.networking.k8s.io", "UDPRoute.gateway.networking.k8s.io",
		"VirtualService.networking.istio.io", "IngressRoute.traefik.io", "IngressRouteTCP.traefik.io", "IngressRouteUDP.traefik.io",
		"IngressRoute.traefik.containo.us", "IngressRouteTCP.traefik.containo.us", "IngressRouteUDP.traefik.containo.us"},
	Params: newElsewhere,
	Check:  checkIngressBackendMissing,
}

func checkIngressBackendMissing(p *review.Pass) {
	checkCertificateGone(p)
	for _, b := range backendsOf(p.Object) {
		r := reference{b.name, "Service", b.name.Text(), ""}
		if b.port.Text() == "use-annotation" { // the AWS load balancer controller does something else
			continue
		}
		if r.missing(p) {
			p.Report(b.name, "%s %s leads to service %s, which is not there%s", p.Object.Kind, p.Object.Name, r.name, r.meant(p)).
				Detail("Nothing of what is rendered with it has the name in the namespace, so that requests are answered with an error.")
		} else if service := r.target(p); service != nil {
			checkBackendPort(p, r, b, service)
		}
	}
}

// checkCertificateGone finds the Secrets with an Ingress's certificates that the change takes away. Of others nobody
// knows who makes them: cert-manager does so for annotations of many kinds.
func checkCertificateGone(p *review.Pass) {
	if p.Object.Kind != "Ingress" {
		return
	}
	for _, tls := range p.Object.Field().Get("spec", "tls").Items() {
		at := tls.Get("secretName")
		r := reference{at, "Secret", at.Text(), ""}
		if r.known(p) && r.gone(p) && !r.replaced(p) && r.find(p, true) == nil {
			p.Report(at, "Ingress %s takes its certificate from Secret %s, which is not there any more", p.Object.Name, r.name).
				Detail("Controllers then answer with a certificate of their own, which no client trusts.")
		}
	}
}

// checkBackendPort compares the port with those of the Service: by its number, or by its name.
func checkBackendPort(p *review.Pass, r reference, b backend, service *manifests.Object) {
	spec := service.Field().Get("spec")
	want := b.port.Text()
	if want == "" || !r.known(p) || len(spec.Get("ports").Items()) == 0 || spec.Get("type").Text() == "ExternalName" ||
		kubeapi.HasPlaceholder(b.port) || kubeapi.HasPlaceholder(spec.Get("ports")) {
		return
	}
	var have []string
	for _, port := range spec.Get("ports").Items() {
		number, name := port.Get("port").Text(), port.Get("name").Text()
		if number == want || name != "" && name == want {
			return
		}
		have = append(have, strings.TrimSuffix(number+" "+name, " "))
	}
	p.Report(b.port, "%s %s leads to port %s of service %s, which has no such port", p.Object.Kind, p.Object.Name, clip(want), service.Name).
		Detail("The Service has %s. The controller finds no endpoints for the port, and requests are answered with an error.", strings.Join(have[:min(len(have), 8)], ", "))
}
