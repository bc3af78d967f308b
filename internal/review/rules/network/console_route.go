package network

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// routeServiceFields are the fields by which routes of other kinds than Ingress name their services.
var routeServiceFields = map[string]string{
	"HTTPRoute": "spec.rules.*.backendRefs.*.name", "IngressRoute": "spec.routes.*.services.*.name",
	"HTTPProxy": "spec.routes.*.services.*.name", "Route": "spec.to.name",
}

// routeServices are the services that a route leads to.
func routeServices(o *manifests.Object) []manifests.Field {
	if at := routeServiceFields[o.Kind]; at != "" {
		return fieldsAt(o.Field(), at)
	}
	return nil
}

// guardFields are fields of routes by which addresses, certificates or people are looked at before, or may be.
var guardFields = map[string][]string{
	"HTTPRoute":    {"spec.rules.*.filters.*.extensionRef"},
	"IngressRoute": {"spec.routes.*.middlewares", "spec.tls.options"},
	"HTTPProxy": {"spec.virtualhost.ipAllowPolicy", "spec.virtualhost.ipDenyPolicy", "spec.virtualhost.authorization", "spec.virtualhost.jwtProviders",
		"spec.virtualhost.tls.clientValidation", "spec.routes.*.ipAllowPolicy", "spec.routes.*.ipDenyPolicy", "spec.routes.*.authPolicy"},
}

// routePolicies are kinds of objects that are laid over HTTPRoutes and Gateways, or over the pods behind them, and may guard them.
var routePolicies = []string{"SecurityPolicy", "AuthorizationPolicy", "GCPBackendPolicy", "RequestAuthentication"}

// routeGuarded reports whether something stands before the console that a route leads to, as far as can be told, or the
// route is not reached from outside.
func routeGuarded(p *review.Pass) bool {
	o := p.Object
	for _, at := range guardFields[o.Kind] {
		if slices.ContainsFunc(fieldsAt(o.Field(), at), manifests.Field.IsSet) {
			return true
		}
	}
	if inward(o) || isGuarded(o) || !routePublic(o) {
		return true
	}
	return o.Kind == "HTTPRoute" && slices.ContainsFunc(routePolicies, func(kind string) bool {
		return len(p.Root.OfKind(kind))+len(p.Index.OfKind(kind)) > 0
	})
}

// inward reports whether a route's entry points or Gateways are for the inside by their names.
func inward(o *manifests.Object) bool {
	points := slices.Concat(fieldsAt(o.Field(), "spec.entryPoints.*"), fieldsAt(o.Field(), "spec.parentRefs.*.name"), fieldsAt(o.Field(), "spec.parentRefs.*.namespace"))
	points = append(points, o.Field().Get("spec", "ingressClassName"))
	return slices.ContainsFunc(points, func(f manifests.Field) bool {
		text := strings.ToLower(f.Text())
		return slices.ContainsFunc([]string{"internal", "private", "local", "admin", "vpn", "mesh", "tailscale"}, func(word string) bool { return strings.Contains(text, word) })
	})
}

// hostRule matches the hosts of a rule of Traefik.
var hostRule = regexp.MustCompile(`Host\(([^)]*)\)`)

// routePublic reports whether a route has a host that the internet may know; without any it has.
func routePublic(o *manifests.Object) bool {
	hosts := slices.Concat(fieldsAt(o.Field(), "spec.hostnames.*"), []manifests.Field{o.Field().Get("spec", "virtualhost", "fqdn"), o.Field().Get("spec", "host")})
	var names []string
	for _, f := range hosts {
		names = append(names, splitList(f.Text())...)
	}
	for _, f := range fieldsAt(o.Field(), "spec.routes.*.match") {
		for _, match := range hostRule.FindAllStringSubmatch(f.Text(), -1) {
			for _, name := range splitList(match[1]) {
				names = append(names, strings.Trim(name, "`\"'"))
			}
		}
	}
	return len(names) == 0 || slices.ContainsFunc(names, func(name string) bool { return !isPrivateName(name) })
}
