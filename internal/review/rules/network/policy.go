package network

import (
	"net/netip"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// policyKinds are the kinds of network policies that are understood.
var policyKinds = []string{"NetworkPolicy", "GlobalNetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}

// policy is a network policy, or one of the several that a Cilium object holds: which pods it selects, in which
// directions it closes them, and what it lets through.
type policy struct {
	object *manifests.Object
	chosen manifests.Field // where it says which pods it selects
	space  string          // the namespace it selects in; "" when that is not known
	wide   bool            // it selects in all namespaces

	pods   selector // by a pod's labels
	spaces selector // by a namespace's labels
	rest   truth    // whether what else is asked of a pod holds: its account

	closes [2]bool   // the directions that are closed to pods it selects, but for what rules let through
	rules  [2][]rule // in the order in which the first that matches decides
}

// readPolicies reads the policies of an object that lands in a namespace; none for other kinds.
func readPolicies(o *manifests.Object, namespace string) []*policy {
	switch o.Group() {
	case "networking.k8s.io", "extensions":
		if o.Kind == "NetworkPolicy" {
			return []*policy{readKubernetes(o, namespace)}
		}
	case "projectcalico.org", "crd.projectcalico.org":
		if o.Kind == "NetworkPolicy" || o.Kind == "GlobalNetworkPolicy" {
			return []*policy{readCalico(o, namespace)}
		}
	case "cilium.io":
		if o.Kind == "CiliumNetworkPolicy" || o.Kind == "CiliumClusterwideNetworkPolicy" {
			return readCilium(o, namespace)
		}
	case "policy.networking.k8s.io":
		if slices.Contains(adminKinds, o.Kind) {
			return []*policy{readAdmin(o)}
		}
	}
	return nil
}

// selects reports whether the policy selects a pod.
func (p *policy) selects(pod pod) truth {
	within := yes
	switch {
	case p.wide:
		within = p.spaces.test(pod.spaceLabels)
	case p.space == "" || pod.space == "":
		if p.space != pod.space {
			within = maybe // what names no namespace may well be meant for the other's
		}
	case p.space != pod.space:
		return no
	}
	return min(within, p.rest, p.pods.test(pod.labels))
}

// lets returns the places by which traffic with an address on a TCP port is let through.
func (p *policy) lets(d direction, addr netip.Addr, port int) (found []place) {
	if !p.closes[d] {
		return nil
	}
	for _, r := range p.rules[d] {
		places := r.reaches(addr, port)
		switch {
		case r.action == allow:
			found = append(found, places...)
		case len(places) > 0 && r.action == deny && !r.limited && !r.unsure:
			return found
		}
	}
	return found
}

// letsAll returns where the policy lets through everything in a direction.
func (p *policy) letsAll(d direction) (manifests.Field, bool) {
	if !p.closes[d] {
		return manifests.Field{}, false
	}
	for _, r := range p.rules[d] {
		if r.action == deny {
			break // what comes after it is not everything
		}
		if at, all := r.everywhere(); all && r.action == allow {
			return at, true
		}
	}
	return manifests.Field{}, false
}

// letsCluster returns where the policy lets every pod of the cluster in, on all ports.
func (p *policy) letsCluster() (manifests.Field, bool) {
	if !p.closes[ingress] {
		return manifests.Field{}, false
	}
	for _, r := range p.rules[ingress] {
		if r.action == deny {
			break // what comes after it is not everything
		}
		if p.widthOf(r, ingress).all != cluster {
			continue
		}
		for _, peer := range r.at.Get("from").Items() {
			if peerSpan(peer) == cluster {
				return peer, true
			}
		}
	}
	return manifests.Field{}, false
}

// blocks reports whether the policy forbids pods it selects traffic with an address on a port, whatever others allow.
func (p *policy) blocks(d direction, addr netip.Addr, port int) bool {
	for _, r := range p.rules[d] {
		if len(r.reaches(addr, port)) > 0 && !r.limited && r.action != pass {
			return r.action == deny
		}
	}
	return false
}
