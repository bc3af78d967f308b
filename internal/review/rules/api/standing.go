package api

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// standing is what becomes of an object's kind and version at an API server.
type standing uint8

const (
	foreign  standing = iota // no group of Kubernetes', and not defined in the repository
	defined                  // by a CustomResourceDefinition of the repository
	served                   // by the target version
	known                    // by the target version, for which there is no schema
	removed                  // by an older version than the target
	early                    // by a newer one
	never                    // by none: the group has no such version
	nameless                 // by none: the version has no such kind
)

// api returns the API of the target version.
func api(p *review.Pass) *kubeapi.Set { return kubeapi.For(p.Kube.Minor) }

// standingOf says where an object's kind stands, and since which minor version of Kubernetes it is so, 0 when that is
// not known.
func standingOf(p *review.Pass, o *manifests.Object) (is standing, since int) {
	set, minor := api(p), p.Kube.Minor
	if _, ok := set.Kind(o.APIVersion, o.Kind); ok && minor <= set.Minor {
		return served, 0
	}
	life, marked := kubeapi.LifecycleOf(o.APIVersion, o.Kind)
	switch {
	case marked && life.Removed > 0 && life.Removed <= minor && !unknownToHelm(p, o):
		if asksForKind(p, o) {
			return known, 0
		}
		return removed, life.Removed
	case marked && minor < life.Introduced:
		return early, life.Introduced
	case marked && minor != set.Minor:
		return known, 0
	}
	if _, ok := set.Kind(o.APIVersion, o.Kind); ok {
		return served, 0
	}
	if unknownToHelm(p, o) {
		return known, 0
	}
	if len(definitionsOf(p, o)) > 0 {
		return defined, 0
	}
	if !set.Serves(o.Group()) && !kubeapi.Retired(o.Group()) {
		return foreign, 0
	}
	return unserved(set, o)
}

// unknownToHelm reports whether an object may be as old as it is because Helm, asked without a cluster, does not know of
// the group: charts that ask whether apiregistration.k8s.io/v1 is served are told that it is not.
func unknownToHelm(p *review.Pass, o *manifests.Object) bool {
	return p.Root.Root.Kind == manifests.Helm && o.Group() == "apiregistration.k8s.io"
}

// asksForKind reports whether a chart writes the removed version only because Helm, asked without a cluster, knows of groups
// and versions and of no kinds: it asks whether the replacement's kind is served. Where it is installed the answer is yes.
func asksForKind(p *review.Pass, o *manifests.Object) bool {
	if p.Root.Root.Kind != manifests.Helm {
		return false
	}
	instead, ok := replacement(api(p), o)
	if !ok {
		return false
	}
	origin, _ := o.OriginAt("apiVersion")
	for _, frame := range origin {
		if p.FileHolds(frame.Span.File, `APIVersions.Has "`+instead.APIVersion+"/"+instead.Name+`"`) {
			return true
		}
	}
	return false
}

// unserved tells a kind of Kubernetes' own groups that the target version does not serve from one that never was.
func unserved(set *kubeapi.Set, o *manifests.Object) (standing, int) {
	is, since := never, 0
	for _, minor := range kubeapi.Minors() {
		if _, ok := kubeapi.For(minor).Kind(o.APIVersion, o.Kind); !ok {
			continue
		}
		if minor > set.Minor {
			if is == never {
				return early, minor
			}
			break
		}
		is, since = removed, minor+1
	}
	if is == never && hasVersion(set, o.APIVersion) {
		return nameless, 0
	}
	return is, since
}

func hasVersion(set *kubeapi.Set, apiVersion string) bool {
	for _, name := range set.Names(kubeapi.Kind{APIVersion: apiVersion}.Group()) {
		if _, ok := set.Kind(apiVersion, name); ok {
			return true
		}
	}
	return false
}

// replacement returns what to write instead of an object's kind: what Kubernetes names for it, or its name in the same
// group. The second result is false when the target version serves nothing of the kind.
func replacement(set *kubeapi.Set, o *manifests.Object) (kubeapi.Kind, bool) {
	apiVersion, kind := o.APIVersion, o.Kind
	for range 4 { // v1beta1 may be replaced by v1beta2, which is gone by now
		life, ok := kubeapi.LifecycleOf(apiVersion, kind)
		if !ok || life.Replacement.Name == "" {
			break
		}
		apiVersion, kind = life.Replacement.APIVersion, life.Replacement.Name
		if k, ok := set.Kind(apiVersion, kind); ok {
			return k, true
		}
	}
	for _, k := range set.Named(o.Kind) {
		if k.Group() == o.Group() && k.APIVersion != o.APIVersion {
			return k, true
		}
	}
	return kubeapi.Kind{}, false
}

// ofProgram reports whether an object is no object of a cluster, but the configuration of a program in the same form.
func ofProgram(o *manifests.Object) bool {
	switch group := o.Group(); {
	case strings.HasSuffix(group, ".config.k8s.io"), strings.HasSuffix(group, ".kubernetes.io") && o.Kind == "Policy":
		return true
	case group == "":
		return o.APIVersion == "v1" && o.Kind == "Config" // kubectl's
	default:
		switch group {
		case "kubeadm.k8s.io", "audit.k8s.io", "client.authentication.k8s.io", "apiserver.k8s.io", "kops.k8s.io",
			"kind.x-k8s.io", "k3d.io", "eksctl.io", "minikube.sigs.k8s.io":
			return true
		}
	}
	return false
}
