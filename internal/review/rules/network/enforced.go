package network

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// enforced are the network policies that pods of a root meet: those of the root, and what else the repository is known
// to hold in the same namespaces or for all of them.
type enforced struct {
	root   *review.RootView
	index  *review.Index
	wide   []*policy
	admin  []*policy         // of the cluster's administrators, that hold before all others
	spaces map[string]*group // by namespace; of "", those of the root that name none
	bare   map[string]pod    // by namespace, a pod without labels of its own

	// unknown tells that there may be more: something makes policies in the cluster, or rules before them.
	unknown bool
	gone    func(*manifests.Object) bool // objects that the change takes away from the root; nil for none
}

// enforcedOn returns what a pass's rules on policies share.
func enforcedOn(p *review.Pass) *enforced { return enforcedIn(p.Root, p.Index) }

func enforcedIn(root *review.RootView, index *review.Index) *enforced {
	return review.Once(root, "network", func(root *review.RootView) *enforced { return newEnforced(root, index, nil) })
}

// newEnforced reads the policies without those that are gone, which other roots may have as well, for clusters of their
// own. Namespaces are looked at beside the root's when they are named.
func newEnforced(root *review.RootView, index *review.Index, gone func(*manifests.Object) bool, namespaces ...string) *enforced {
	e := &enforced{root: root, index: index, gone: gone, spaces: map[string]*group{}, bare: map[string]pod{}}
	e.unknown = madeElsewhere(e)
	e.addSpaces(namespaces)
	e.addWide("GlobalNetworkPolicy")
	e.addWide("CiliumClusterwideNetworkPolicy")
	e.addAdmin()
	e.addNamespaced("NetworkPolicy")
	e.addNamespaced("CiliumNetworkPolicy")
	return e
}

// addSpaces makes room for the policies of every namespace that the root has something in, and of others.
func (e *enforced) addSpaces(others []string) {
	declared := make(map[string]*manifests.Object)
	for _, o := range e.root.OfKind("Namespace") {
		declared[o.Name] = o
	}
	add := func(namespace string) {
		if e.spaces[namespace] != nil {
			return
		}
		object := declared[namespace]
		if object == nil {
			object = e.index.Find("Namespace", "", namespace)
		}
		e.spaces[namespace], e.bare[namespace] = newGroup(), podIn(namespace, object)
	}
	add("")
	for _, o := range e.root.Objects {
		add(landing(e.root, o))
	}
	for _, name := range others {
		add(name)
	}
	for name := range declared {
		add(name)
	}
}

// addWide reads the policies of a kind that select in all namespaces.
func (e *enforced) addWide(kind string) {
	seen := make(map[string]bool)
	for _, o := range e.all(kind) {
		if !seen[o.Name] && !e.isGone(o) {
			seen[o.Name] = true
			e.wide = append(e.wide, readPolicies(o, "")...)
		}
	}
}

// addAdmin reads the administrators' policies that hold before others, not the baseline.
func (e *enforced) addAdmin() {
	for _, kind := range adminKinds {
		for _, o := range e.all(kind) {
			if o.Group() == "policy.networking.k8s.io" && !isBaseline(o) && !e.isGone(o) {
				e.admin = append(e.admin, readAdmin(o))
			}
		}
	}
}

// all returns the objects of a kind, of the root and of the repository. Some may come twice.
func (e *enforced) all(kind string) []*manifests.Object {
	return append(e.root.OfKind(kind), e.index.OfKind(kind)...)
}

// addNamespaced reads the policies of a kind: the root's, then what else there is in the root's namespaces.
func (e *enforced) addNamespaced(kind string) {
	seen := make(map[manifests.Identity]bool)
	add := func(o *manifests.Object, namespace string) {
		if id := identityIn(o, namespace); !seen[id] {
			seen[id] = true
			e.spaces[namespace].add(readPolicies(o, namespace))
		}
	}
	for _, o := range e.root.OfKind(kind) {
		add(o, landing(e.root, o))
	}
	for namespace := range e.spaces {
		if namespace == "" {
			continue
		}
		for _, o := range e.index.In(kind, namespace) {
			if !e.isGone(o) {
				add(o, namespace)
			}
		}
	}
}

func (e *enforced) isGone(o *manifests.Object) bool { return e.gone != nil && e.gone(o) }

// identityIn is an object's identity, whatever its version, in the namespace that it lands in.
func identityIn(o *manifests.Object, namespace string) manifests.Identity {
	return manifests.Identity{APIVersion: o.Group(), Kind: o.Kind, Namespace: namespace, Name: o.Name}
}

// group are the policies of one namespace, by a label that all pods have which they select.
type group struct {
	all     []*policy
	loose   []*policy // that need no label, or none that is known
	byLabel map[[2]string][]*policy
}

func newGroup() *group { return &group{byLabel: make(map[[2]string][]*policy)} }

func (g *group) add(policies []*policy) {
	for _, p := range policies {
		g.all = append(g.all, p)
		if need := p.pods.need; need.key != "" && !setByControllers[need.key] && !byPlugin(need.key) {
			at := [2]string{need.key, need.value}
			g.byLabel[at] = append(g.byLabel[at], p)
		} else {
			g.loose = append(g.loose, p)
		}
	}
}

// about returns the policies of the group that may select a pod, in no order.
func (g *group) about(pod pod) []*policy {
	if pod.labels.open {
		return g.all
	}
	found := slices.Clone(g.loose)
	for key, value := range pod.labels.values {
		found = append(found, g.byLabel[[2]string{key, value}]...)
	}
	return found
}

// candidates returns the policies that may select a pod, in no order.
func (e *enforced) candidates(pod pod) []*policy {
	found := slices.Clone(e.wide)
	if g := e.spaces[pod.space]; g != nil {
		found = append(found, g.about(pod)...)
	}
	if pod.space != "" {
		found = append(found, e.spaces[""].about(pod)...)
	}
	return found
}

// selected reports whether some policy selects a pod.
func (e *enforced) selected(pod pod) truth {
	found := of(false)
	for _, p := range e.candidates(pod) {
		found = max(found, p.selects(pod))
	}
	return found
}

// deniesByDefault reports whether a namespace's pods are closed in a direction, whatever their labels, but for what
// policies let through: some policy selects them all and does not let everything through.
func (e *enforced) deniesByDefault(namespace string, d direction) truth {
	unlabelled, found := e.bare[namespace], no
	for _, p := range e.candidates(unlabelled) {
		if _, open := p.letsAll(d); p.closes[d] && !open {
			found = max(found, p.selects(unlabelled))
		}
	}
	return found
}

// madeElsewhere reports whether something in the repository makes network policies in namespaces, or puts rules of the
// cluster's administrators before them: what those do to which pods is not known.
func madeElsewhere(e *enforced) bool {
	for _, kind := range []string{"ClusterPolicy", "Policy", "GeneratingPolicy"} {
		for _, o := range e.all(kind) {
			if o.Kind == "GeneratingPolicy" || slices.ContainsFunc(o.Field().Get("spec", "rules").Items(), generatesPolicy) {
				return true
			}
		}
	}
	for _, kind := range adminKinds {
		for _, o := range e.all(kind) {
			if o.Group() == "policy.networking.k8s.io" && denies(o.Field().Get("spec")) {
				return true
			}
		}
	}
	return slices.ContainsFunc(e.all("Tenant"), func(o *manifests.Object) bool { return o.Group() == "capsule.clastix.io" })
}

// generatesPolicy reports whether a rule of Kyverno's makes network policies, or clones what nobody can tell from here.
func generatesPolicy(rule manifests.Field) bool {
	generate := rule.Get("generate")
	kinds := []manifests.Field{generate.Get("kind")}
	for _, each := range generate.Get("foreach").Items() {
		kinds = append(kinds, each.Get("kind"))
	}
	return generate.Get("cloneList").IsSet() || slices.ContainsFunc(kinds, func(f manifests.Field) bool {
		return slices.Contains(policyKinds, f.Text())
	})
}

// denies reports whether an administrator's policy closes anything.
func denies(spec manifests.Field) bool {
	for _, r := range append(spec.Get("ingress").Items(), spec.Get("egress").Items()...) {
		if r.Get("action").Text() == "Deny" {
			return true
		}
	}
	return false
}
