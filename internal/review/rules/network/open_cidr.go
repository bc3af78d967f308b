package network

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var openCIDR = review.Rule{
	ID: "open-cidr", Level: review.Error, Guidelines: []string{"G17"},
	Summary: "A list of addresses that are let in holds all of them",
	Kinds: []string{"Service", "Ingress", "ConfigMap", "Route", "Middleware", "MiddlewareTCP", "AuthorizationPolicy", "HTTPProxy", "SecurityPolicy",
		"Policy.k8s.nginx.org", "KongPlugin", "KongClusterPlugin", "TargetGroupBinding", "IngressClassParams"},
	Check: checkOpenCIDR,
}

func checkOpenCIDR(p *review.Pass) {
	for _, list := range allowLists(p.Object) {
		reportEverybody(p, list)
	}
}

// reportEverybody reports what a list lets in of each IP version, if that is all of it.
func reportEverybody(p *review.Pass, list allowList) {
	for _, at := range list.everybody() {
		d := p.Report(at, "%s %s lets in every address by its list of allowed ones", p.Object.Kind, p.Object.Name).
			Detail("The list then limits nothing. Write the blocks that clients come from; if everybody shall be let in, leave the list away.")
		if net, _ := parseNet(at.Text()); list.removable && len(list.items) > 1 && net.Bits() == 0 {
			d.Fix("take the open block from the list", review.Remove(at)).Unsafe()
		}
	}
}

// allowList is a list of addresses that are let in: items, or one text with several in it.
type allowList struct {
	items     []manifests.Field
	removable bool // the items stand in a list, not each in a mapping
	text      manifests.Field
}

// everybody returns where the widest block is written of each IP version of which the list holds all addresses.
func (l allowList) everybody() (found []manifests.Field) {
	if l.items == nil {
		if wide(splitList(l.text.Text())) {
			found = append(found, l.text)
		}
		return found
	}
	for _, all := range []netip.Prefix{allIPv4, allIPv6} {
		var nets []netip.Prefix
		var widest manifests.Field
		fewest := all.Addr().BitLen() + 1
		for _, f := range l.items {
			net, ok := parseNet(f.Text())
			if !ok || net.Addr().Is4() != all.Addr().Is4() {
				continue
			}
			if net.Bits() < fewest {
				widest, fewest = f, net.Bits()
			}
			nets = append(nets, net)
		}
		if covers(nets, all) {
			found = append(found, widest)
		}
	}
	return found
}

// wide reports whether blocks together are all addresses of an IP version.
func wide(blocks []string) bool {
	var nets []netip.Prefix
	for _, text := range blocks {
		if net, ok := parseNet(text); ok {
			nets = append(nets, net)
		}
	}
	return covers(nets, allIPv4) || covers(nets, allIPv6)
}

// allowedBy are the annotations that list addresses which are let in.
var allowedBy = []string{
	"service.beta.kubernetes.io/load-balancer-source-ranges", "service.beta.kubernetes.io/azure-allowed-ip-ranges",
	"nginx.ingress.kubernetes.io/whitelist-source-range", "nginx.ingress.kubernetes.io/allowlist-source-range",
	"ingress.kubernetes.io/whitelist-source-range", "traefik.ingress.kubernetes.io/whitelist-source-range",
	"haproxy-ingress.github.io/whitelist-source-range", "haproxy-ingress.github.io/allowlist-source-range",
	"haproxy.org/whitelist", "haproxy.org/allow-list", "alb.ingress.kubernetes.io/inbound-cidrs",
	"haproxy.router.openshift.io/ip_whitelist", "haproxy.router.openshift.io/ip_allowlist", "router.deis.io/whitelist",
	"appgw.ingress.kubernetes.io/whitelist-source-range",
}

// allowedAt are the lists in fields, by kind. "*" stands for every item.
var allowedAt = map[string][]string{
	"Service":             {"spec.loadBalancerSourceRanges"},
	"Middleware":          {"spec.ipWhiteList.sourceRange", "spec.ipAllowList.sourceRange"},
	"MiddlewareTCP":       {"spec.ipWhiteList.sourceRange", "spec.ipAllowList.sourceRange"},
	"Policy":              {"spec.accessControl.allow"},
	"KongPlugin":          {"config.allow", "config.whitelist"},
	"KongClusterPlugin":   {"config.allow", "config.whitelist"},
	"IngressClassParams":  {"spec.inboundCIDRs"},
	"HTTPProxy":           {"spec.virtualhost.ipAllowPolicy.*.cidr", "spec.routes.*.ipAllowPolicy.*.cidr"},
	"TargetGroupBinding":  {"spec.networking.ingress.*.from.*.ipBlock.cidr"},
	"AuthorizationPolicy": {"spec.rules.*.from.*.source.ipBlocks", "spec.rules.*.from.*.source.remoteIpBlocks"},
	"SecurityPolicy":      {"spec.authorization.rules.*.principal.clientCIDRs"},
}

// allowLists are the lists of an object, where it lets in by them.
func allowLists(o *manifests.Object) (lists []allowList) {
	if o.Kind == "ConfigMap" {
		data := o.Field().Get("data")
		return []allowList{{text: data.Get("whitelist-source-range")}, {text: data.Get("allowlist-source-range")}}
	}
	if annotations := o.Field().Get("metadata", "annotations"); annotations.IsMap() {
		for _, key := range allowedBy {
			if f := annotations.Get(key); f.IsSet() {
				lists = append(lists, allowList{text: f})
			}
		}
	}
	if !letsIn(o) {
		return lists
	}
	for _, path := range allowedAt[o.Kind] {
		var single []manifests.Field
		for _, f := range fieldsAt(o.Field(), path) {
			if f.IsList() {
				lists = append(lists, allowList{items: f.Items(), removable: true})
			} else if f.IsSet() {
				single = append(single, f)
			}
		}
		if len(single) > 0 {
			lists = append(lists, allowList{items: single})
		}
	}
	return lists
}

// letsIn reports whether the lists in an object's fields are of those who are let in.
func letsIn(o *manifests.Object) bool {
	switch o.Kind {
	case "Service":
		return isService(o)
	case "AuthorizationPolicy":
		action := o.Field().Get("spec", "action").Text()
		return action == "" || action == "ALLOW"
	case "SecurityPolicy":
		denied := func(f manifests.Field) bool { return f.Text() == "Deny" }
		return !slices.ContainsFunc(fieldsAt(o.Field(), "spec.authorization.rules.*.action"), denied)
	}
	return true
}

// fieldsAt returns the fields at a path, in which "*" stands for every item of a list or entry of a mapping.
func fieldsAt(f manifests.Field, path string) []manifests.Field {
	at := []manifests.Field{f}
	for _, key := range strings.Split(path, ".") {
		var next []manifests.Field
		for _, f := range at {
			if key != "*" {
				next = append(next, f.Get(key))
				continue
			}
			next = append(next, f.Items()...)
			for _, e := range f.Entries() {
				next = append(next, e.Value)
			}
		}
		at = next
	}
	return at
}
