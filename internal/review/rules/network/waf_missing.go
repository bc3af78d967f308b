package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var wafMissing = review.Rule{
	ID: "waf-missing", Level: review.Info, Off: true, Guidelines: []string{"G18"},
	Summary: "What faces the internet has no web application firewall before it",
	Kinds:   []string{"Ingress", "Service"},
	Check:   checkWAFMissing,
}

// firewallBy are the annotations that put a web application firewall before an Ingress.
var firewallBy = []string{
	"alb.ingress.kubernetes.io/wafv2-acl-arn", "alb.ingress.kubernetes.io/wafv2-acl-name", "alb.ingress.kubernetes.io/waf-acl-id",
	"nginx.ingress.kubernetes.io/enable-modsecurity", "appgw.ingress.kubernetes.io/waf-policy-for-path", "haproxy-ingress.github.io/waf",
	"appprotect.f5.com/app-protect-enable", "zalando.org/aws-waf-web-acl-id", "ingress.kubernetes.io/waf",
}

func checkWAFMissing(p *review.Pass) {
	const detail = "The policy asks for one: it keeps known attacks from applications that are not mended yet."
	o := p.Object
	switch {
	case isBalancer(o) && !isInternal(p, o) && !isLimited(o):
		p.Report(o.Field().Get("spec", "type"), "the load balancer of service %s has no web ACL", o.Name).
			Detail(detail + " Those for single services have none to choose; put it behind an Ingress or a Gateway that has.")
	case isIngress(o) && !insideOnly(o) && !hasFirewall(p, o):
		p.Report(o.Field().Get("metadata", "annotations"), "ingress %s has no web ACL", o.Name).Detail(detail)
	}
}

// insideOnly reports whether an Ingress is only reached from a network of one's own, by its class or scheme.
func insideOnly(o *manifests.Object) bool {
	class, scheme := ingressClass(o), annotation(o, "alb.ingress.kubernetes.io/scheme").Text()
	return strings.Contains(class, "internal") || class == "tailscale" || scheme == "internal" || class == "alb" && scheme == "" || onlyPrivateHosts(o)
}

// hasFirewall reports whether annotations of an Ingress, or the BackendConfig of one of its services, name a firewall.
func hasFirewall(p *review.Pass, o *manifests.Object) bool {
	if slices.ContainsFunc(firewallBy, func(key string) bool { v := annotation(o, key).Text(); return v != "" && v != "false" }) {
		return true
	}
	return slices.ContainsFunc(p.Near("BackendConfig", o), func(b *manifests.Object) bool {
		return b.Field().Get("spec", "securityPolicy", "name").Text() != ""
	})
}
