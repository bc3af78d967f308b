package api

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// use is a field of an object of a root that names another object, without which it does not do what it is for.
type use struct {
	owner *manifests.Object
	in    *review.RootView
	at    manifests.Field
	space string // of what is named; "" for what is in none, or nobody knows
}

// usesOf are the uses that the objects of a root make, by the kind and the name of what they use.
func usesOf(v *review.RootView) map[[2]string][]use {
	return review.Once(v, "api-uses", func(v *review.RootView) map[[2]string][]use {
		all := make(map[[2]string][]use)
		for _, o := range v.Objects {
			if o.Hook != "" {
				continue
			}
			add := func(kind string, at manifests.Field, space string) {
				if name := at.Text(); name != "" && !kubeapi.HasPlaceholder(at) {
					key := [2]string{kind, name}
					all[key] = append(all[key], use{o, v, at, space})
				}
			}
			lands := v.Namespace(o)
			add("Namespace", o.Field().Get("metadata", "namespace"), "")
			for _, pod := range v.Workloads(o) {
				addPod(pod, func(kind string, at manifests.Field) { add(kind, at, lands) })
			}
			addObject(o, lands, add)
		}
		return all
	})
}

// addPod adds what a pod cannot start without.
func addPod(pod *review.Workload, add func(kind string, at manifests.Field)) {
	for _, u := range configUses(pod) {
		if !u.optional {
			add(u.kind, u.at)
		}
	}
	for _, volume := range pod.List("volumes") {
		add("PersistentVolumeClaim", volume.Get("persistentVolumeClaim", "claimName"))
	}
	at, _ := pod.Account()
	add("ServiceAccount", at)
	add("PriorityClass", pod.Get("priorityClassName"))
}

// addObject adds what an object itself names.
func addObject(o *manifests.Object, lands string, add func(kind string, at manifests.Field, space string)) {
	spec, annotations := o.Field().Get("spec"), o.Field().Get("metadata", "annotations")
	in := func(ref manifests.Field) string { return cmp.Or(ref.Get("namespace").Text(), lands) }
	switch o.Kind {
	case "Ingress", "VirtualService", "IngressRoute", "IngressRouteTCP", "IngressRouteUDP":
		for _, b := range backendsOf(o) {
			add("Service", b.name, lands)
		}
		if o.Kind == "Ingress" {
			add("IngressClass", spec.Get("ingressClassName"), "")
			add("ClusterIssuer", annotations.Get("cert-manager.io/cluster-issuer"), "")
			add("Issuer", annotations.Get("cert-manager.io/issuer"), lands)
		}
	case "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute":
		for _, rule := range spec.Get("rules").Items() {
			for _, ref := range rule.Get("backendRefs").Items() {
				if kind := ref.Get("kind").Text(); (kind == "" || kind == "Service") && ref.Get("group").Text() == "" {
					add("Service", ref.Get("name"), in(ref))
				}
			}
		}
		for _, ref := range spec.Get("parentRefs").Items() {
			if kind := ref.Get("kind").Text(); kind == "" || kind == "Gateway" {
				add("Gateway", ref.Get("name"), in(ref))
			}
		}
	case "RoleBinding", "ClusterRoleBinding":
		if ref := o.Field().Get("roleRef"); ref.Get("kind").Text() == "Role" || ref.Get("kind").Text() == "ClusterRole" {
			add(ref.Get("kind").Text(), ref.Get("name"), lands)
		}
	case "PersistentVolumeClaim", "StatefulSet":
		for _, at := range classFields(o) {
			add("StorageClass", at, "")
		}
	case "Certificate":
		ref := spec.Get("issuerRef")
		add(cmp.Or(ref.Get("kind").Text(), "Issuer"), ref.Get("name"), lands)
	case "APIService":
		add("Service", spec.Get("service", "name"), spec.Get("service", "namespace").Text())
	case "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		for _, hook := range o.Field().Get("webhooks").Items() {
			add("Service", hook.Get("clientConfig", "service", "name"), hook.Get("clientConfig", "service", "namespace").Text())
		}
	}
}

// usersLeft are the uses of p.Object, which is gone, that other roots make of it at head.
func usersLeft(p *review.Pass, lands string) (found []use) {
	o, seen := p.Object, make(map[manifests.Identity]bool)
	for _, v := range p.Others() {
		if !sameSite(p.Base, v) {
			continue
		}
		uses := usesOf(v)[[2]string{o.Kind, o.Name}]
		if o.Kind == "CustomResourceDefinition" {
			uses = instancesOf(v, o)
		}
		for _, u := range uses {
			if inNoNamespace(o.Kind) || lands != "" && u.space == lands {
				if !seen[u.owner.Identity] {
					seen[u.owner.Identity] = true
					found = append(found, u)
				}
			}
		}
	}
	return found
}

// instancesOf are a root's objects of the kind that a CustomResourceDefinition defines.
func instancesOf(v *review.RootView, definition *manifests.Object) (found []use) {
	spec := definition.Field().Get("spec")
	for _, o := range v.OfKind(spec.Get("names", "kind").Text()) {
		if o.Group() == spec.Get("group").Text() {
			found = append(found, use{o, v, o.Field().Get("kind"), ""})
		}
	}
	return found
}

// inNoNamespace reports whether objects of a kind that can be in use are the whole cluster's.
func inNoNamespace(kind string) bool {
	return slices.Contains([]string{"Namespace", "StorageClass", "IngressClass", "PriorityClass", "ClusterRole", "ClusterIssuer", "CustomResourceDefinition"}, kind)
}

// sameSite reports whether two roots surely go to one cluster: as far as their names and what deploys them say, and as they
// do not both have the same object, of which a cluster can only have one.
func sameSite(gone, other *review.RootView) bool {
	if clusterOf(gone) != clusterOf(other) || !samePlace(gone.Root.Path, other.Root.Path) || !samePlace(gone.Root.Dir, other.Root.Dir) {
		return false
	}
	return !slices.ContainsFunc(gone.Objects, func(o *manifests.Object) bool {
		return o.Kind != "Namespace" && o.Name != "" && other.Match(o) != nil
	})
}

func clusterOf(v *review.RootView) string {
	if d := v.Root.Deployment; d != nil {
		return d.Effect.Cluster
	}
	return ""
}

// samePlace reports whether two paths do not say that they are for different stages, clusters or regions.
func samePlace(one, other string) bool {
	a, b := siteWords(one), siteWords(other)
	if stageA, stageB := a["stage"], b["stage"]; stageA != "" && stageB != "" && stageA != stageB {
		return false
	}
	for at, name := range a {
		if theirs, ok := b[at]; ok && theirs != name {
			return false
		}
	}
	return true
}

// stages are the words by which stages of deployment are called, each with the one that means the same.
var stages = map[string]string{"dev": "dev", "devel": "dev", "development": "dev", "test": "test", "testing": "test", "tst": "test", "qa": "qa", "uat": "uat",
	"int": "int", "integration": "int", "stg": "staging", "stage": "staging", "staging": "staging", "preprod": "preprod", "preview": "preview",
	"prod": "prod", "prd": "prod", "production": "prod", "live": "prod", "sandbox": "sandbox", "sbx": "sandbox", "demo": "demo", "local": "local",
	"canary": "canary", "dr": "dr", "ci": "ci", "e2e": "e2e", "example": "example", "examples": "example", "samples": "example", "docs": "example"}

// siteWords are what a path says of where it goes: the stage, and the name below each directory that gathers such.
func siteWords(at string) map[string]string {
	words, above := make(map[string]string), ""
	for _, part := range strings.Split(path.Clean(at), "/") {
		for _, word := range strings.FieldsFunc(strings.ToLower(part), func(r rune) bool { return strings.ContainsRune("-_.#,", r) }) {
			if stage := stages[word]; stage != "" {
				words["stage"] = stage
			}
		}
		switch above = strings.TrimSuffix(strings.ToLower(above), "s"); above {
		case "cluster", "env", "environment", "overlay", "region", "site", "tenant", "stage", "variant", "customer", "zone", "datacenter", "location":
			words[above] = part
		}
		above = part
	}
	return words
}
