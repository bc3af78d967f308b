package api

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var networkPolicyPeerDangling = review.Rule{
	ID: "network-policy-peer-dangling", Level: review.Warning, Guidelines: []string{"G15"},
	Summary: "A network policy lets pods through that are not there",
	Kinds:   []string{"NetworkPolicy.networking.k8s.io"},
	Params:  newElsewhere,
	Check:   checkNetworkPolicyPeerDangling,
}

// Only peers in the policy's own namespace are looked at, whose pods the root has. A label that none of them has under any
// value is one for clients to come, as charts ask for it.
func checkNetworkPolicyPeerDangling(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	if review.Params[elsewhere](p).has(p.Object.Kind, p.Root.Namespace(p.Object), p.Object.Name) {
		return
	}
	for _, peer := range append(peersOf(spec.Get("ingress"), "from"), peersOf(spec.Get("egress"), "to")...) {
		selector := peer.Get("podSelector")
		if peer.Get("namespaceSelector").Exists() || len(selector.Entries()) == 0 {
			continue
		}
		at, why, yes := choice{selector, false}.dangles(p)
		if yes && (at.Path() == selector.Path() || hasKey(p, selector, at)) {
			p.Report(at, "network policy %s lets pods through that are not there, %s", p.Object.Name, why).
				Detail("The connections that are meant stay forbidden, and whoever gets pods with these labels into the namespace is let through.")
		}
	}
}

func peersOf(rules manifests.Field, key string) (peers []manifests.Field) {
	for _, rule := range rules.Items() {
		peers = append(peers, rule.Get(key).Items()...)
	}
	return peers
}

// hasKey reports whether pods of the namespace have the label at fault under another value, now or at base.
func hasKey(p *review.Pass, selector, at manifests.Field) bool {
	for _, e := range selector.Get("matchLabels").Entries() {
		if e.Value.Path() != at.Path() {
			continue
		}
		for _, view := range []*review.RootView{p.Root, p.Base} {
			if view == nil {
				continue
			}
			if here := podsOf(view)[p.Root.Namespace(p.Object)]; here != nil && here.keys[e.Key] {
				return true
			}
		}
	}
	return at.Path() == selector.Get("matchLabels").Path()
}
