package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var networkPolicyDangling = review.Rule{
	ID: "network-policy-dangling", Level: review.Warning, Guidelines: []string{"G15"},
	Summary:   "A network policy selects no pod",
	CheckRoot: checkNetworkPolicyDangling,
}

func checkNetworkPolicyDangling(p *review.Pass) {
	e := enforcedOn(p)
	pods := e.podsBySpace()
	for _, o := range slices.Concat(p.Root.OfKind("NetworkPolicy"), p.Root.OfKind("CiliumNetworkPolicy")) {
		if here := pods[landing(p.Root, o)]; here != nil && !here.others {
			here.reportDangling(p, e, o)
		}
	}
}

// tenants are the pods of a namespace and the policies that may select one of them.
type tenants struct {
	pods   []pod
	picked map[*policy]bool
	others bool // there may be more pods, of which nothing is known
}

// podsBySpace finds the pods of the namespaces in which the root has some itself: the root's, and those that the
// repository is known to have there.
func (e *enforced) podsBySpace() map[string]*tenants {
	found := make(map[string]*tenants)
	add := func(w *review.Workload) {
		made := e.podOf(w)
		here := found[made.space]
		if here == nil {
			here = &tenants{picked: make(map[*policy]bool), others: ofSystem(made.space) || e.makesPods(made.space)}
			found[made.space] = here
		}
		here.pods = append(here.pods, made)
		for _, p := range e.candidates(made) {
			here.picked[p] = here.picked[p] || p.selects(made) != no
		}
	}
	addAll := func(view *review.RootView) {
		for _, o := range view.Objects {
			for _, w := range view.Workloads(o) {
				add(w)
			}
		}
	}
	addAll(e.root)
	for namespace := range found {
		for kind := range ownPods {
			if namespace != "" {
				addAll(review.NewRootView(manifests.Root{}, e.index.In(kind, namespace)))
			}
		}
	}
	return found
}

// reportDangling reports the policies of an object that select none of the pods.
func (t *tenants) reportDangling(p *review.Pass, e *enforced, o *manifests.Object) {
	for _, policy := range e.spaces[landing(p.Root, o)].all {
		if policy.object != o || t.picked[policy] || policy.rest == no || policy.awaited(t.pods) {
			continue
		}
		d := p.ReportOn(o, policy.chosen, "network policy %s selects no pod", o.Name).
			Detail("None of the workloads rendered with it has these labels, so it protects nothing, and the pods it was meant for may stand open.")
		for _, other := range p.Root.Objects[:min(maxCauses, len(p.Root.Objects))] {
			for _, w := range p.Root.Workloads(other) {
				d.CausedBy(other, w.Meta.Get("labels"))
			}
		}
	}
}

// awaited reports whether the policy asks for a label of somebody's own that no pod has: operators give such labels to
// pods that they make.
func (p *policy) awaited(pods []pod) bool {
	for _, f := range append(p.chosen.Get("matchLabels").Entries(), expressionKeys(p.chosen)...) {
		domain, _, owned := strings.Cut(f.Key, "/")
		has := func(pod pod) bool { _, there := pod.labels.get(f.Key); return there != no }
		if owned && domain != "app.kubernetes.io" && domain != "helm.sh" && !slices.ContainsFunc(pods, has) {
			return true
		}
	}
	return false
}

func expressionKeys(selector manifests.Field) (keys []manifests.Entry) {
	for _, item := range selector.Get("matchExpressions").Items() {
		keys = append(keys, manifests.Entry{Key: item.Get("key").Text()})
	}
	return keys
}

// withoutPods are groups of custom resources, or kinds of them, for which nobody makes pods.
var withoutPods = map[string]bool{
	"cert-manager.io": true, "acme.cert-manager.io": true, "networking.istio.io": true, "security.istio.io": true,
	"telemetry.istio.io": true, "projectcalico.org": true, "crd.projectcalico.org": true, "cilium.io": true,
	"external-secrets.io": true, "bitnami.com": true, "traefik.io": true, "traefik.containo.us": true, "kyverno.io": true,
	"projectcontour.io": true, "route.openshift.io": true, "ServiceMonitor": true, "PodMonitor": true, "PrometheusRule": true,
	"Probe": true, "AppProject": true, "ScaledObject": true, "TriggerAuthentication": true, "VirtualService": true,
}

// makesPods reports whether the root has something in a namespace, or for all of them, that may make pods of which nobody
// knows the labels: a custom resource, or a template that is filled in later.
func (e *enforced) makesPods(namespace string) bool {
	return slices.ContainsFunc(e.root.Objects, func(o *manifests.Object) bool {
		group := o.Group()
		builtIn := !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io")
		if lands := landing(e.root, o); builtIn || lands != "" && lands != namespace {
			return false
		}
		return len(e.root.Workloads(o)) == 0 && !withoutPods[group] && !withoutPods[o.Kind]
	})
}
