package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var ingressTLS = review.Rule{
	ID: "ingress-tls", Level: review.Warning, Guidelines: []string{"G19"},
	Summary: "A host is served without TLS, or without leading plain HTTP to it",
	Kinds:   []string{"Ingress", "Gateway", "HTTPRoute", "IngressRoute", "VirtualService", "HTTPProxy", "ConfigMap"},
	Params:  func() any { return &ingressTLSParams{} },
	Check:   checkIngressTLS,
}

// ingressTLSParams names the Ingress classes whose controller or load balancer has a certificate for every host; "*"
// stands for all of them.
type ingressTLSParams struct {
	DefaultCertificate []string `yaml:"defaultCertificate"`
}

const plainDetail = "Whoever is on the way reads and changes what goes over it: cookies, passwords, scripts."

func checkIngressTLS(p *review.Pass) {
	switch o := p.Object; {
	case isIngress(o):
		checkIngressPlain(p)
	case o.Group() == "gateway.networking.k8s.io" && o.Kind == "Gateway":
		checkGatewayPlain(p)
	case o.Group() == "gateway.networking.k8s.io" && o.Kind == "HTTPRoute":
		checkRoutePlain(p)
	case o.Group() == "networking.istio.io" && o.Kind == "Gateway":
		checkIstioPlain(p)
	case o.Group() == "networking.istio.io" && o.Kind == "VirtualService":
		checkVirtualServicePlain(p)
	case o.Kind == "IngressRoute" && strings.HasPrefix(o.Group(), "traefik."):
		checkTraefikPlain(p)
	case o.Kind == "HTTPProxy" && o.Group() == "projectcontour.io":
		checkContourPlain(p)
	case isNginxConfig(o):
		checkNginxRedirect(p)
	}
}

func checkIngressPlain(p *review.Pass) {
	o := p.Object
	if terminated(p, o) {
		return
	}
	checkRedirect(p)
	spec := o.Field().Get("spec")
	rules := spec.Get("rules").Items()
	for _, rule := range rules {
		host := rule.Get("host")
		if text := host.Text(); !coveredByTLS(spec, text) && !isLocalhost(text) {
			p.Report(host, "ingress %s serves %s without TLS", o.Name, orAll(text, "every host")).Detail(plainDetail)
		}
	}
	backend := spec.Get("defaultBackend")
	if len(rules) == 0 && backend.IsMap() && len(spec.Get("tls").Items()) == 0 {
		p.Report(backend, "ingress %s serves every host without TLS", o.Name).Detail(plainDetail)
	}
}

func isLocalhost(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// coveredByTLS reports whether an Ingress has TLS for a host; an entry without hosts is for all.
func coveredByTLS(spec manifests.Field, host string) bool {
	return slices.ContainsFunc(spec.Get("tls").Items(), func(entry manifests.Field) bool {
		hosts := entry.Get("hosts").Items()
		return len(hosts) == 0 || host == "" || slices.ContainsFunc(hosts, func(f manifests.Field) bool { return hostMatches(f.Text(), host) })
	})
}

// certificateBy are the annotations that give an Ingress a certificate outside its own fields.
var certificateBy = []string{
	"ingress.gcp.kubernetes.io/pre-shared-cert", "networking.gke.io/managed-certificates", "networking.gke.io/certmap",
	"appgw.ingress.kubernetes.io/appgw-ssl-certificate", "traefik.ingress.kubernetes.io/router.tls.certresolver",
	"zalando.org/aws-load-balancer-ssl-cert", "alb.ingress.kubernetes.io/certificate-arn", "route.openshift.io/termination",
}

// terminatingClasses are Ingress classes whose proxies or load balancers end TLS for every host.
var terminatingClasses = []string{"tailscale", "cloudflare-tunnel", "ngrok", "skipper", "openshift-default"}

// terminated reports whether something beside the fields of an Ingress ends TLS for it.
func terminated(p *review.Pass, o *manifests.Object) bool {
	class := ingressClass(o)
	known := slices.Concat(terminatingClasses, review.Params[ingressTLSParams](p).DefaultCertificate)
	has := func(key string) bool { return annotation(o, key).Text() != "" }
	entry := annotation(o, "traefik.ingress.kubernetes.io/router.entrypoints").Text()
	return slices.Contains(known, class) || slices.Contains(known, "*") || slices.ContainsFunc(certificateBy, has) ||
		annotation(o, "traefik.ingress.kubernetes.io/router.tls").Text() == "true" || securePoint(entry) ||
		annotation(o, "nginx.ingress.kubernetes.io/ssl-passthrough").Text() == "true" ||
		strings.Contains(annotation(o, "alb.ingress.kubernetes.io/listen-ports").Text(), "HTTPS") ||
		annotation(o, "nginx.ingress.kubernetes.io/force-ssl-redirect").Text() == "true" || // which is for TLS that ends before the controller
		leadsAway(p, o) || controllers(p).offloaded || (class == "" || strings.Contains(class, "nginx")) && controllers(p).certificate
}

// leadsAway reports whether all that an Ingress does is to lead to HTTPS.
func leadsAway(p *review.Pass, o *manifests.Object) bool {
	for _, key := range []string{"permanent-redirect", "temporal-redirect"} {
		if strings.HasPrefix(annotation(o, "nginx.ingress.kubernetes.io/"+key).Text(), "https://") {
			return true
		}
	}
	for _, name := range splitList(annotation(o, "traefik.ingress.kubernetes.io/router.middlewares").Text()) {
		if redirecting(p, strings.TrimSuffix(name, "@kubernetescrd")) {
			return true
		}
	}
	return false
}

// redirecting reports whether a middleware of Traefik leads to HTTPS: by its name, or as the repository has it. An
// annotation writes the namespace before the name.
func redirecting(p *review.Pass, name string) bool {
	return strings.Contains(name, "redirect") || strings.Contains(name, "https") || slices.ContainsFunc(p.Index.OfKind("Middleware"), func(o *manifests.Object) bool {
		return (o.Name == name || strings.HasSuffix(name, "-"+o.Name)) && o.Field().Get("spec", "redirectScheme", "scheme").Text() == "https"
	})
}

// securePoint reports whether all of Traefik's entry points in a list are ones for TLS by their names.
func securePoint(list string) bool {
	points := splitList(list)
	return len(points) > 0 && !slices.ContainsFunc(points, func(point string) bool {
		return !strings.Contains(point, "secure") && !strings.Contains(point, "https") && !strings.Contains(point, "tls")
	})
}

// around is what the repository's controllers do for every Ingress and route.
type around struct {
	certificate bool // an ingress-nginx is started with a certificate for every host
	redirect    bool // a Traefik leads all plain HTTP to HTTPS at its entry point
	offloaded   bool // a controller's load balancer ends TLS
}

// controllers looks at the Deployments, DaemonSets and Services of the repository.
func controllers(p *review.Pass) around {
	return review.OnceOf(p.Index, "network/controllers", func(x *review.Index) (a around) {
		for _, o := range append(x.OfKind("Deployment"), x.OfKind("DaemonSet")...) {
			for _, f := range fieldsAt(o.Field(), "spec.template.spec.containers.*.args.*") {
				arg := strings.ToLower(f.Text())
				a.certificate = a.certificate || strings.HasPrefix(arg, "--default-ssl-certificate=")
				a.redirect = a.redirect || strings.Contains(arg, "entrypoint") && strings.Contains(arg, "redirect")
			}
		}
		a.offloaded = slices.ContainsFunc(x.OfKind("Service"), offloads)
		return a
	})
}

// controllerNames are the labels by which the Services of ingress controllers are known.
var controllerNames = []string{"ingress-nginx", "nginx-ingress", "nginx-ingress-controller", "traefik", "haproxy-ingress", "kubernetes-ingress"}

// offloads reports whether a Service is an ingress controller's whose load balancer ends TLS.
func offloads(o *manifests.Object) bool {
	name := o.Field().Get("metadata", "labels", "app.kubernetes.io/name").Text()
	return isBalancer(o) && (slices.Contains(controllerNames, name) || slices.Contains(controllerNames, o.Name)) &&
		slices.ContainsFunc(ending, func(cloud tlsEnding) bool { return annotation(o, cloud.certificate).Text() != "" })
}

// redirectBy are the annotations that switch the redirect to HTTPS off.
var redirectBy = []string{
	"nginx.ingress.kubernetes.io/ssl-redirect", "ingress.kubernetes.io/ssl-redirect", "haproxy.org/ssl-redirect",
	"haproxy-ingress.github.io/ssl-redirect", "nginx.org/redirect-to-https",
}

// checkRedirect reports an Ingress with TLS that does not lead plain HTTP to it.
func checkRedirect(p *review.Pass) {
	o := p.Object
	if len(o.Field().Get("spec", "tls").Items()) == 0 || annotation(o, "nginx.ingress.kubernetes.io/force-ssl-redirect").Text() == "true" {
		return
	}
	for _, key := range redirectBy {
		if at := annotation(o, key); strings.EqualFold(at.Text(), "false") {
			p.Report(at, "ingress %s answers in plain HTTP as well: the redirect is switched off", o.Name).Detail(plainDetail).
				Fix("redirect to HTTPS", review.Remove(at)).Unsafe()
		}
	}
}

// checkNginxRedirect reports the ConfigMap of an ingress-nginx that leads nobody to HTTPS, unless something before it ends
// TLS, which it is then told in headers or by the PROXY protocol.
func checkNginxRedirect(p *review.Pass) {
	data := p.Object.Field().Get("data")
	for _, key := range []string{"force-ssl-redirect", "use-forwarded-headers", "use-proxy-protocol", "http-snippet", "server-snippet"} {
		if text := data.Get(key).Text(); text != "" && text != "false" {
			return
		}
	}
	if at := data.Get("ssl-redirect"); strings.EqualFold(at.Text(), "false") && !controllers(p).offloaded {
		p.Report(at, "the controller answers in plain HTTP for every host: the redirect is switched off").Detail(plainDetail).
			Fix("redirect to HTTPS", review.Remove(at)).Unsafe()
	}
}
