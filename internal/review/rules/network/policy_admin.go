package network

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// adminKinds are the policies of the cluster's administrators, which hold before NetworkPolicies do, or where there is
// none (SIG Network's policy.networking.k8s.io: v1alpha1, and v1alpha2, which has one kind for both).
var adminKinds = []string{"AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"}

// readAdmin reads an administrators' policy. It closes nothing by itself: its rules decide in their order, and what none
// of them matches goes on to the namespaces' policies.
func readAdmin(o *manifests.Object) *policy {
	spec := o.Field().Get("spec")
	p := &policy{object: o, chosen: spec.Get("subject"), wide: true, rest: yes}
	at, pods := p.chosen.Get("namespaces"), p.chosen.Get("pods")
	if pods.IsMap() {
		at = pods.Get("namespaceSelector")
	}
	p.spaces, p.pods = readSelector(at, nil), readSelector(pods.Get("podSelector"), nil)
	for d, keys := range [2][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for _, item := range spec.Get(keys[0]).Items() {
			p.closes[d] = true
			p.rules[d] = append(p.rules[d], adminRule(item, item.Get(keys[1]).Items()))
		}
	}
	return p
}

// isBaseline reports whether an administrators' policy holds only where no NetworkPolicy selects the pod.
func isBaseline(o *manifests.Object) bool {
	return o.Kind == "BaselineAdminNetworkPolicy" || o.Kind == "ClusterNetworkPolicy" && o.Field().Get("spec", "tier").Text() == "Baseline"
}

// adminRule reads a rule with its peers, of which it has at least one. Addresses are known of networks only.
func adminRule(at manifests.Field, peers []manifests.Field) rule {
	r := rule{at: at, action: pass}
	switch at.Get("action").Text() {
	case "Allow", "Accept":
		r.action = allow
	case "Deny":
		r.action = deny
	}
	for _, peer := range peers {
		for _, f := range peer.Get("networks").Items() {
			if net, ok := parseNet(f.Text()); ok {
				r.places = append(r.places, place{at: f, net: net})
			}
		}
	}
	for _, item := range at.Get("ports").Items() {
		r.addAdminPort(item.Get("portNumber"), item.Get("portRange"), item.Get("portNumber", "protocol").Text()+item.Get("portRange", "protocol").Text())
	}
	for _, item := range at.Get("protocols").Items() {
		for _, e := range item.Entries() {
			to := e.Value.Get("destinationPort")
			r.addAdminPort(to, to.Get("range"), map[string]string{"tcp": "TCP"}[e.Key])
		}
	}
	return r
}

// addAdminPort adds a port or a range of ports. Those of other protocols than TCP, and names, are not known.
func (r *rule) addAdminPort(single, several manifests.Field, protocol string) {
	if protocol != "TCP" {
		r.ports, r.unsure = append(r.ports, noPorts), true
		return
	}
	first, last := several.Get("start").Text(), several.Get("end").Text()
	for _, key := range []string{"port", "number"} {
		if at := single.Get(key); at.IsSet() {
			first, last = at.Text(), ""
		}
	}
	if first == "" && !single.IsSet() && !several.IsSet() {
		r.ports = append(r.ports, allPorts)
		return
	}
	numbers, known := portRange(first, last)
	r.ports, r.unsure = append(r.ports, numbers), r.unsure || !known
}

// adminSpan reads a peer of an administrators' policy: whether it is every pod of the cluster.
func adminSpan(peer manifests.Field) span {
	pods := peer.Get("pods")
	switch {
	case isEmpty(peer.Get("namespaces")):
		return cluster
	case isEmpty(pods.Get("namespaceSelector")) && isEmpty(pods.Get("podSelector")):
		return cluster
	}
	return some
}
