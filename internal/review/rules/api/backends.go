package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// backend is a Service of the object's own namespace that a route leads to, with the port: a number, or of Ingress and
// IngressRoute a name.
type backend struct{ name, port manifests.Field }

// backendsOf lists the Services of the object's own namespace that a route leads to.
func backendsOf(o *manifests.Object) []backend {
	spec := o.Field().Get("spec")
	switch {
	case o.Kind == "Ingress":
		return ingressBackends(spec)
	case o.Group() == "gateway.networking.k8s.io":
		return gatewayBackends(spec)
	case o.Kind == "VirtualService":
		return istioBackends(spec)
	}
	return traefikBackends(spec)
}

func ingressBackends(spec manifests.Field) (found []backend) {
	places := []manifests.Field{spec.Get("defaultBackend"), spec.Get("backend")}
	for _, rule := range spec.Get("rules").Items() {
		for _, path := range rule.Get("http", "paths").Items() {
			places = append(places, path.Get("backend"))
		}
	}
	for _, at := range places {
		if service := at.Get("service"); service.IsMap() {
			port := service.Get("port", "number")
			if !port.IsSet() {
				port = service.Get("port", "name")
			}
			found = append(found, backend{service.Get("name"), port})
		} else if at.Get("serviceName").IsSet() {
			found = append(found, backend{at.Get("serviceName"), at.Get("servicePort")})
		}
	}
	return found
}

func gatewayBackends(spec manifests.Field) (found []backend) {
	for _, rule := range spec.Get("rules").Items() {
		for _, ref := range rule.Get("backendRefs").Items() {
			if isService(ref) && ref.Get("group").Text() == "" {
				found = append(found, backend{ref.Get("name"), ref.Get("port")})
			}
		}
	}
	return found
}

func traefikBackends(spec manifests.Field) (found []backend) {
	for _, route := range spec.Get("routes").Items() {
		for _, service := range route.Get("services").Items() {
			if isService(service) && !strings.Contains(service.Get("name").Text(), "@") {
				found = append(found, backend{service.Get("name"), service.Get("port")})
			}
		}
	}
	return found
}

// istioBackends reads hosts that are written as the short name of a Service; longer ones may be of any registry.
func istioBackends(spec manifests.Field) (found []backend) {
	for _, protocol := range []string{"http", "tcp", "tls"} {
		for _, route := range spec.Get(protocol).Items() {
			for _, to := range route.Get("route").Items() {
				if host := to.Get("destination", "host"); !strings.ContainsAny(host.Text(), ".*") {
					found = append(found, backend{host, to.Get("destination", "port", "number")})
				}
			}
		}
	}
	return found
}

// isService reports whether a reference is to a Service of the own namespace.
func isService(ref manifests.Field) bool {
	kind := ref.Get("kind").Text()
	return (kind == "" || kind == "Service") && !ref.Get("namespace").IsSet()
}
