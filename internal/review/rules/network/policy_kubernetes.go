package network

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// readKubernetes reads a NetworkPolicy of Kubernetes.
func readKubernetes(o *manifests.Object, namespace string) *policy {
	spec := o.Field().Get("spec")
	p := &policy{object: o, chosen: spec.Get("podSelector"), space: namespace, rest: yes}
	p.pods = readSelector(p.chosen, nil)
	types := spec.Get("policyTypes").Items()
	for _, t := range types {
		p.closes[ingress] = p.closes[ingress] || t.Text() == "Ingress"
		p.closes[egress] = p.closes[egress] || t.Text() == "Egress"
	}
	if len(types) == 0 { // the API server's default
		p.closes = [2]bool{true, len(spec.Get("egress").Items()) > 0}
	}
	for d, keys := range [2][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for _, item := range spec.Get(keys[0]).Items() {
			p.rules[d] = append(p.rules[d], kubernetesRule(item, keys[1]))
		}
	}
	return p
}

// kubernetesRule reads a rule, whose peers stand under "from" or "to". Without peers it matches every address.
func kubernetesRule(at manifests.Field, peers string) rule {
	r := rule{at: at}
	for _, peer := range at.Get(peers).Items() {
		if block, ok := readBlock(peer.Get("ipBlock")); ok {
			r.places = append(r.places, block)
		}
	}
	if len(at.Get(peers).Items()) == 0 {
		r.places = anywhere(at)
	}
	for _, item := range at.Get("ports").Items() {
		port := item.Get("port")
		switch protocol := item.Get("protocol").Text(); {
		case protocol != "" && protocol != "TCP":
			r.ports = append(r.ports, noPorts)
		case !port.IsSet():
			r.ports = append(r.ports, allPorts)
		default:
			numbers, known := portRange(port.Text(), item.Get("endPort").Text())
			r.ports, r.unsure = append(r.ports, numbers), r.unsure || !known
		}
	}
	return r
}

// readBlock reads a mapping of a cidr and its exceptions.
func readBlock(block manifests.Field) (place, bool) {
	cidr := block.Get("cidr")
	net, ok := parseNet(cidr.Text())
	return place{cidr, net, parseNets(block.Get("except").Items()), block}, ok
}
