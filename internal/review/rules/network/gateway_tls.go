package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// isPlain reports whether a listener of a Gateway speaks HTTP without TLS.
func isPlain(listener manifests.Field) bool { return listener.Get("protocol").Text() == "HTTP" }

func isSecure(listener manifests.Field) bool {
	protocol := listener.Get("protocol").Text()
	return protocol == "HTTPS" || protocol == "TLS"
}

// checkGatewayPlain reports the listeners for plain HTTP of a Gateway that has none for TLS.
func checkGatewayPlain(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	listeners := spec.Get("listeners").Items()
	if slices.ContainsFunc(listeners, isSecure) || staysInside(p.Object) {
		return
	}
	for _, l := range listeners {
		if isPlain(l) {
			p.Report(l.Get("protocol"), "gateway %s listens in plain HTTP, and nowhere with TLS", p.Object.Name).Detail(plainDetail)
		}
	}
}

// staysInside reports whether a Gateway is not reached from outside the cluster, or behind a load balancer that ends TLS.
func staysInside(o *manifests.Object) bool {
	spec := o.Field().Get("spec")
	class := spec.Get("gatewayClassName").Text()
	if slices.ContainsFunc([]string{"waypoint", "mesh", "tailscale", "cloudflare"}, func(word string) bool { return strings.Contains(class, word) }) ||
		annotation(o, "networking.gke.io/certmap").Text() != "" ||
		annotation(o, "networking.istio.io/service-type").Text() == "ClusterIP" {
		return true
	}
	return slices.ContainsFunc(spec.Get("infrastructure", "annotations").Entries(), func(e manifests.Entry) bool {
		return strings.Contains(e.Key, "ssl-cert") || strings.Contains(e.Key, "certificate") || e.Value.Text() == "ClusterIP"
	})
}

// checkRoutePlain reports the listeners for plain HTTP that a route is attached to, of Gateways that have TLS as well.
func checkRoutePlain(p *review.Pass) {
	if redirects(p.Object) {
		return
	}
	for _, parent := range p.Object.Field().Get("spec", "parentRefs").Items() {
		gateway := findGateway(p, parent)
		if gateway == nil {
			continue
		}
		listeners := gateway.Field().Get("spec", "listeners").Items()
		if !slices.ContainsFunc(listeners, isSecure) || staysInside(gateway) {
			continue
		}
		for _, l := range listeners {
			if isPlain(l) && attaches(parent, l) && (named(parent) || !redirected(p, gateway, l)) {
				p.Report(parent, "route %s answers in plain HTTP as well, on listener %s", p.Object.Name, l.Get("name").Text()).Detail(plainDetail)
			}
		}
	}
}

// findGateway returns the Gateway that a route's parent names, nil when it is not known.
func findGateway(p *review.Pass, parent manifests.Field) *manifests.Object {
	if kind := parent.Get("kind").Text(); kind != "" && kind != "Gateway" {
		return nil
	}
	namespace := parent.Get("namespace").Text()
	if namespace == "" {
		namespace = landing(p.Root, p.Object)
	}
	for _, o := range append(p.Root.OfKind("Gateway"), p.Index.In("Gateway", namespace)...) {
		lands := o.Namespace == namespace || landing(p.Root, o) == namespace
		if lands && o.Name == parent.Get("name").Text() && o.Group() == "gateway.networking.k8s.io" {
			return o
		}
	}
	return nil
}

// named reports whether a route says which of a Gateway's listeners it wants.
func named(parent manifests.Field) bool {
	return parent.Get("sectionName").IsSet() || parent.Get("port").IsSet()
}

// attaches reports whether a route's parent takes in a listener.
func attaches(parent, listener manifests.Field) bool {
	for _, keys := range [2][2]string{{"sectionName", "name"}, {"port", "port"}} {
		if want := parent.Get(keys[0]); want.IsSet() && want.Text() != listener.Get(keys[1]).Text() {
			return false
		}
	}
	return true
}

// redirects reports whether a route does nothing but lead to HTTPS.
func redirects(route *manifests.Object) bool {
	rules := route.Field().Get("spec", "rules").Items()
	return len(rules) > 0 && !slices.ContainsFunc(rules, func(rule manifests.Field) bool { return !leadsToHTTPS(rule) })
}

func leadsToHTTPS(rule manifests.Field) bool {
	return slices.ContainsFunc(rule.Get("filters").Items(), func(f manifests.Field) bool {
		return f.Get("requestRedirect", "scheme").Text() == "https"
	})
}

// redirected reports whether a route leads what comes to a listener to HTTPS.
func redirected(p *review.Pass, gateway *manifests.Object, listener manifests.Field) bool {
	leading := review.OnceOf(p.Index, "network/redirects", func(x *review.Index) []*manifests.Object {
		return slices.DeleteFunc(slices.Clone(x.OfKind("HTTPRoute")), func(o *manifests.Object) bool { return !redirects(o) })
	})
	return slices.ContainsFunc(leading, func(o *manifests.Object) bool {
		return slices.ContainsFunc(o.Field().Get("spec", "parentRefs").Items(), func(parent manifests.Field) bool {
			return parent.Get("name").Text() == gateway.Name && attaches(parent, listener)
		})
	})
}

// checkTraefikPlain reports an IngressRoute that is for plain HTTP and does not lead to HTTPS.
func checkTraefikPlain(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	points := spec.Get("entryPoints")
	var names []string
	for _, f := range points.Items() {
		if name := f.Text(); name != "traefik" && name != "metrics" && name != "ping" {
			names = append(names, name)
		}
	}
	if spec.Get("tls").Exists() || securePoint(strings.Join(names, ",")) || len(points.Items()) > 0 && len(names) == 0 || controllers(p).redirect {
		return
	}
	for _, f := range fieldsAt(spec, "routes.*.middlewares.*.name") {
		if redirecting(p, f.Text()) {
			return
		}
	}
	p.Report(points, "route %s answers in plain HTTP", p.Object.Name).Detail(plainDetail)
}

// checkContourPlain reports a virtual host without TLS, and routes that answer in plain HTTP beside it.
func checkContourPlain(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	host := spec.Get("virtualhost")
	if !host.IsMap() {
		return // it is included by another
	}
	if !host.Get("tls").IsMap() {
		p.Report(host.Get("fqdn"), "proxy %s serves %s without TLS", p.Object.Name, host.Get("fqdn").Text()).Detail(plainDetail)
		return
	}
	for _, f := range fieldsAt(spec, "routes.*.permitInsecure") {
		if f.True() {
			p.Report(f, "proxy %s answers in plain HTTP as well: the redirect is switched off", p.Object.Name).Detail(plainDetail).
				Fix("redirect to HTTPS", review.Set(f, false)).Unsafe()
		}
	}
}
