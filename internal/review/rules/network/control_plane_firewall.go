package network

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var controlPlaneFirewall = review.Rule{
	ID: "control-plane-firewall", Level: review.Warning, Guidelines: []string{"G22"},
	Summary: "Every node can reach the control plane's nodes on all ports",
	Kinds: append([]string{"HostEndpoint"},
		resources("aws_security_group_rule", "aws_vpc_security_group_ingress_rule", "aws_security_group", "google_compute_firewall")...),
	Terraform: true,
	Check:     checkControlPlaneFirewall,
}

const controlPlaneDetail = "Workers need the API server, and nothing else there: whoever takes one over can otherwise try etcd, the kubelet and SSH of the nodes that hold the cluster's state."

func checkControlPlaneFirewall(p *review.Pass) {
	o := p.Object
	if isResource(o) {
		checkGroupRules(p)
		return
	}
	if !strings.HasSuffix(o.Group(), "projectcalico.org") || !ofControlPlane(o) {
		return
	}
	selected := false
	for _, policy := range hostPolicies(p) {
		if !policy.closes[ingress] || policy.pods.test(labelsOf(o)) != yes {
			continue
		}
		if at, open := policy.letsWorkers(); open {
			p.Report(nameOf(o), "policy %s lets other nodes reach the control plane's node %s on all ports", policy.object.Name, o.Name).
				Detail(controlPlaneDetail).CausedBy(policy.object, at)
			return
		}
		selected = true
	}
	if at := defaultAllow(o); at.IsSet() && !selected {
		p.Report(at, "every node can reach the control plane's node %s on all ports", o.Name).Detail(controlPlaneDetail)
	}
}

// letsWorkers returns the rule by which a policy lets in what other nodes send, whatever the port: from everywhere, or from
// endpoints that are not the control plane's own.
func (p *policy) letsWorkers() (manifests.Field, bool) {
	for _, r := range p.rules[ingress] {
		if r.action != allow || len(r.ports) > 0 && !slices.Contains(r.ports, allPorts) {
			if r.action == deny {
				break
			}
			continue
		}
		if at, all := r.everywhere(); all {
			return at, true
		}
		chosen := r.at.Get("source", "selector")
		if chosen.Text() != "" && !namesControlPlane(chosen.Text()) && !r.limited {
			return chosen, true
		}
	}
	return manifests.Field{}, false
}

// controlPlaneWords are words by which nodes of the control plane are called or labelled.
var controlPlaneWords = []string{"control-plane", "controlplane", "master"}

func ofControlPlane(o *manifests.Object) bool {
	words := []string{o.Name, o.Field().Get("spec", "node").Text()}
	for _, e := range o.Field().Get("metadata", "labels").Entries() {
		words = append(words, e.Key, e.Value.Text())
	}
	return slices.ContainsFunc(words, namesControlPlane)
}

func namesControlPlane(text string) bool {
	return slices.ContainsFunc(controlPlaneWords, func(word string) bool { return strings.Contains(strings.ToLower(text), word) })
}

func labelsOf(o *manifests.Object) labels {
	l := labels{values: map[string]string{}}
	for _, e := range o.Field().Get("metadata", "labels").Entries() {
		l.values[e.Key] = e.Value.Text()
	}
	return l
}

// hostPolicies are the global policies of Calico in the order in which they are asked: by order, then by name.
func hostPolicies(p *review.Pass) []*policy {
	return review.OnceOf(p.Index, "network/host policies", readHostPolicies)
}

func readHostPolicies(x *review.Index) (all []*policy) {
	seen := make(map[string]bool)
	for _, o := range x.OfKind("GlobalNetworkPolicy") {
		if !seen[o.Name] && o.Field().Get("spec", "namespaceSelector").Text() == "" {
			seen[o.Name] = true
			all = append(all, readPolicies(o, "")...)
		}
	}
	slices.SortStableFunc(all, func(a, b *policy) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), strings.Compare(a.object.Name, b.object.Name))
	})
	return all
}

// order is a policy's place; those without come last.
func order(p *policy) float64 {
	var n float64
	f := p.object.Field().Get("spec", "order")
	if !f.IsSet() || f.Decode(&n) != nil {
		return 1 << 62
	}
	return n
}

// defaultAllow is the profile by which Calico lets through what no policy is about.
func defaultAllow(o *manifests.Object) manifests.Field {
	for _, f := range o.Field().Get("spec", "profiles").Items() {
		if f.Text() == "projectcalico-default-allow" {
			return f
		}
	}
	return manifests.Field{}
}
