package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// plainProtocols are the protocols of an Istio server that have no TLS.
var plainProtocols = []string{"HTTP", "HTTP2", "GRPC", "GRPC-WEB"}

// servesPlain reports whether a server of an Istio Gateway answers in plain HTTP.
func servesPlain(server manifests.Field) bool {
	return slices.Contains(plainProtocols, strings.ToUpper(server.Get("port", "protocol").Text())) && !server.Get("tls", "httpsRedirect").True()
}

// checkIstioPlain reports the servers of a Gateway for plain HTTP that do not lead to HTTPS.
func checkIstioPlain(p *review.Pass) {
	o := p.Object
	if insideMesh(o) || leadsByVirtualService(p, o) {
		return
	}
	servers := o.Field().Get("spec", "servers").Items()
	for _, server := range servers {
		if !servesPlain(server) || insideHosts(server) {
			continue
		}
		secured := slices.ContainsFunc(servers, func(other manifests.Field) bool {
			return !slices.Contains(plainProtocols, strings.ToUpper(other.Get("port", "protocol").Text())) && sharesHost(server, other)
		})
		at := server.Get("port", "protocol")
		if !secured {
			p.Report(at, "gateway %s serves %s without TLS", o.Name, hostsOf(server)).Detail(plainDetail)
			continue
		}
		redirect := server.Get("tls", "httpsRedirect")
		p.Report(at, "gateway %s answers for %s in plain HTTP as well, without a redirect", o.Name, hostsOf(server)).Detail(plainDetail).
			Related(redirect).Fix("redirect to HTTPS", review.Set(redirect, true)).Unsafe()
	}
}

// insideMesh reports whether a Gateway is for traffic within the cluster, or out of it, and not from outside.
func insideMesh(o *manifests.Object) bool {
	names := []string{o.Name}
	for _, e := range o.Field().Get("spec", "selector").Entries() {
		names = append(names, e.Value.Text())
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return strings.Contains(name, "local") || strings.Contains(name, "egress") || strings.Contains(name, "eastwest") || strings.Contains(name, "internal")
	})
}

func insideHosts(server manifests.Field) bool {
	hosts := server.Get("hosts").Items()
	return len(hosts) > 0 && !slices.ContainsFunc(hosts, func(f manifests.Field) bool {
		return !strings.HasSuffix(f.Text(), ".local") && !strings.HasSuffix(f.Text(), ".svc") && !strings.HasSuffix(f.Text(), ".localhost")
	})
}

// istioHost is a server's host without the namespace that may stand before it.
func istioHost(f manifests.Field) string {
	host := f.Text()
	if i := strings.IndexByte(host, '/'); i >= 0 {
		host = host[i+1:]
	}
	return host
}

// sharesHost reports whether two servers are for some host both.
func sharesHost(a, b manifests.Field) bool {
	for _, f := range a.Get("hosts").Items() {
		for _, other := range b.Get("hosts").Items() {
			if x, y := istioHost(f), istioHost(other); x == "*" || y == "*" || hostMatches(x, y) || hostMatches(y, x) {
				return true
			}
		}
	}
	return false
}

// hostsOf names a server's hosts.
func hostsOf(server manifests.Field) string {
	var names []string
	for _, f := range server.Get("hosts").Items() {
		if host := istioHost(f); host == "*" {
			return "every host"
		} else {
			names = append(names, host)
		}
	}
	if len(names) == 0 {
		return "its hosts"
	}
	return few(names)
}

// leadsByVirtualService reports whether a VirtualService leads what comes to a Gateway to HTTPS.
func leadsByVirtualService(p *review.Pass, gateway *manifests.Object) bool {
	leading := review.OnceOf(p.Index, "network/virtual services", func(x *review.Index) []*manifests.Object {
		return slices.DeleteFunc(slices.Clone(x.OfKind("VirtualService")), func(o *manifests.Object) bool {
			return !slices.ContainsFunc(fieldsAt(o.Field(), "spec.http.*.redirect.scheme"), func(f manifests.Field) bool { return f.Text() == "https" })
		})
	})
	return slices.ContainsFunc(leading, func(o *manifests.Object) bool {
		return slices.ContainsFunc(o.Field().Get("spec", "gateways").Items(), func(f manifests.Field) bool {
			return f.Text() == gateway.Name || strings.HasSuffix(f.Text(), "/"+gateway.Name)
		})
	})
}

// checkVirtualServicePlain reports the hosts of a VirtualService that a Gateway of another root serves in plain HTTP only.
// Of a Gateway in the same root its own violation speaks.
func checkVirtualServicePlain(p *review.Pass) {
	hosts := p.Object.Field().Get("spec", "hosts").Items()
	for _, f := range p.Object.Field().Get("spec", "gateways").Items() {
		gateway := istioGateway(p, f.Text())
		if gateway == nil || insideMesh(gateway) || leadsByVirtualService(p, gateway) {
			continue
		}
		for _, host := range hosts {
			if onlyPlain(gateway, host.Text()) {
				p.Report(host, "virtual service %s has %s served without TLS, by gateway %s", p.Object.Name, orAll(host.Text(), "*"), gateway.Name).Detail(plainDetail)
			}
		}
	}
}

// istioGateway returns the Gateway of another root that is called name, or namespace/name.
func istioGateway(p *review.Pass, name string) *manifests.Object {
	namespace, own, qualified := strings.Cut(name, "/")
	if !qualified {
		namespace, own = landing(p.Root, p.Object), name
	}
	for _, o := range p.Root.OfKind("Gateway") {
		if o.Name == own {
			return nil
		}
	}
	for _, o := range p.Index.In("Gateway", namespace) {
		if o.Name == own && o.Group() == "networking.istio.io" && namespace != "" {
			return o
		}
	}
	return nil
}

// onlyPlain reports whether a Gateway serves a host in plain HTTP and not with TLS.
func onlyPlain(gateway *manifests.Object, host string) bool {
	plain := false
	for _, server := range gateway.Field().Get("spec", "servers").Items() {
		for _, f := range server.Get("hosts").Items() {
			if pattern := istioHost(f); pattern != "*" && host != "*" && !hostMatches(pattern, host) && !hostMatches(host, pattern) {
				continue
			}
			if !servesPlain(server) {
				return false
			}
			plain = true
		}
	}
	return plain
}
