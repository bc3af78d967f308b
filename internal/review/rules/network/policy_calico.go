package network

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// readCalico reads a NetworkPolicy or GlobalNetworkPolicy of Calico.
func readCalico(o *manifests.Object, namespace string) *policy {
	spec := o.Field().Get("spec")
	p := &policy{object: o, chosen: spec.Get("selector"), space: namespace, wide: o.Kind == "GlobalNetworkPolicy", rest: yes}
	p.pods = calicoSelector(p.chosen.Text())
	p.spaces = calicoSelector(spec.Get("namespaceSelector").Text())
	if accounts := spec.Get("serviceAccountSelector"); accounts.Text() != "" && strings.TrimSpace(accounts.Text()) != "all()" {
		p.rest = maybe
	}
	if spec.Get("preDNAT").True() || spec.Get("doNotTrack").True() {
		p.rest = no // it is about hosts only
	}
	p.closes = calicoTypes(spec)
	for d, sides := range [2][2]string{{"ingress", "source"}, {"egress", "destination"}} {
		for _, item := range spec.Get(sides[0]).Items() {
			p.rules[d] = append(p.rules[d], calicoRule(item, sides[1]))
		}
	}
	return p
}

// calicoTypes are the directions that a policy is about: those it names, or else those it has rules for, or ingress.
func calicoTypes(spec manifests.Field) (closes [2]bool) {
	types := spec.Get("types").Items()
	for _, t := range types {
		closes[ingress] = closes[ingress] || strings.EqualFold(t.Text(), "ingress")
		closes[egress] = closes[egress] || strings.EqualFold(t.Text(), "egress")
	}
	if len(types) == 0 {
		closes[egress] = len(spec.Get("egress").Items()) > 0
		closes[ingress] = len(spec.Get("ingress").Items()) > 0 || !closes[egress]
	}
	return closes
}

// calicoRule reads a rule, whose other side stands under peer.
func calicoRule(at manifests.Field, peer string) rule {
	r := rule{at: at, action: calicoAction(at.Get("action").Text())}
	side := at.Get(peer)
	r.places = calicoPlaces(at, side)
	destination := at.Get("destination")
	r.ports, r.unsure = calicoPorts(at, destination.Get("ports"))
	for _, f := range []manifests.Field{
		at.Get("http"), at.Get("icmp"), at.Get("notICMP"), at.Get("notProtocol"), at.Get("source", "ports"), at.Get("source", "notPorts"),
		destination.Get("notPorts"),
	} {
		r.limited = r.limited || f.IsSet()
	}
	own := at.Get("source")
	if peer == "source" {
		own = destination
	}
	for _, key := range []string{"nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts", "services"} {
		r.limited = r.limited || own.Get(key).IsSet()
	}
	return r
}

func calicoAction(name string) action {
	switch strings.ToLower(name) {
	case "allow":
		return allow
	case "deny":
		return deny
	}
	return pass
}

// calicoPlaces are the addresses of a rule's other side. Where it is chosen by selector it has none that are known.
func calicoPlaces(at, side manifests.Field) []place {
	for _, key := range []string{"selector", "namespaceSelector", "serviceAccounts", "services", "domains"} {
		if side.Get(key).IsSet() && side.Get(key).Text() != "all()" {
			return nil
		}
	}
	except := parseNets(side.Get("notNets").Items())
	if side.Get("notSelector").IsSet() {
		return nil
	}
	nets := side.Get("nets").Items()
	if len(nets) == 0 && side.Get("net").IsSet() { // as Calico's first version has it
		nets = []manifests.Field{side.Get("net")}
	}
	if len(nets) == 0 {
		return []place{{at: at, net: allIPv4, except: except}, {at: at, net: allIPv6, except: except}}
	}
	var places []place
	for _, f := range nets {
		if net, ok := parseNet(f.Text()); ok {
			places = append(places, place{at: f, net: net, except: except})
		}
	}
	return places
}

// calicoPorts are the TCP ports of a rule: numbers, ranges as 80:90, and names, which are not known.
func calicoPorts(at, list manifests.Field) (all []ports, unsure bool) {
	switch protocol := strings.ToUpper(at.Get("protocol").Text()); {
	case protocol != "" && protocol != "TCP" && protocol != "6":
		return []ports{noPorts}, false
	case protocol != "" && len(list.Items()) == 0:
		return []ports{allPorts}, false
	}
	for _, item := range list.Items() {
		first, last, _ := strings.Cut(item.Text(), ":")
		numbers, known := portRange(first, last)
		all, unsure = append(all, numbers), unsure || !known
	}
	return all, unsure
}
