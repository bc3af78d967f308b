package network

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var networkPolicyMissing = review.Rule{
	ID: "network-policy-missing", Level: review.Warning, Guidelines: []string{"G15"},
	Summary:   "No network policy selects a workload",
	Covers:    []string{"default-deny-ingress", "default-deny-egress"},
	CheckRoot: checkNetworkPolicyMissing,
}

func checkNetworkPolicyMissing(p *review.Pass) {
	e := enforcedOn(p)
	for _, o := range p.Root.Objects {
		if w := e.unprotected(o); w != nil {
			d := p.ReportOn(o, nameOf(o), "no network policy selects %s %s", o.Kind, o.Name).Related(w.Meta.Get("labels")).
				Detail("Every pod in the cluster can connect to it, and it to everything that the cluster's network reaches.")
			e.explain(d, landing(p.Root, o))
		}
	}
}

func nameOf(o *manifests.Object) manifests.Field { return o.Field().Get("metadata", "name") }

// unprotected returns a workload of an object that surely no policy selects; nil when there is none.
func (e *enforced) unprotected(o *manifests.Object) *review.Workload {
	if e.unknown || review.IsHook(o) || !isolable(e.root, o) {
		return nil
	}
	for _, w := range e.root.Workloads(o) {
		if e.selected(e.podOf(w)) == no {
			return w
		}
	}
	return nil
}

// isolable reports whether an object of a root runs pods that network policies are for: not those on the node's network,
// nor the cluster's own.
func isolable(root *review.RootView, o *manifests.Object) bool {
	pods := root.Workloads(o)
	return len(pods) > 0 && o.Kind != "PodTemplate" && !ofSystem(landing(root, o)) && !pods[0].Get("hostNetwork").True()
}

// maxCauses is how many of a namespace's policies are looked at for what a change did.
const maxCauses = 50

// explain names the policies of the root that a violation in a namespace may come from, and its Namespace object.
func (e *enforced) explain(d *review.Draft, namespace string) {
	for i, policy := range e.spaces[namespace].all {
		if i < maxCauses {
			d.CausedBy(policy.object, policy.object.Field())
		}
	}
	for i, policy := range e.wide {
		if i < maxCauses {
			d.CausedBy(policy.object, policy.object.Field())
		}
	}
}
