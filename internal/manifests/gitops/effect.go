package gitops

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// What becomes of what an object had rendered once the object is gone.
const (
	staying = "its objects stay in the cluster"
	deleted = "its objects are deleted"
)

// effectOf is what Argo CD or Flux does with what an object has rendered, which follows a branch.
func effectOf(o *manifests.Object, follows string) manifests.Effect {
	e := toolsEffect(o)
	e.Follows = follows
	return e
}

func toolsEffect(o *manifests.Object) manifests.Effect {
	spec := o.Field().Get("spec")
	switch o.Group() {
	case fluxKustomize:
		e := fluxEffect(spec, "is applied")
		e.Gone, e.Stays = staying, true
		if policy := spec.Get("deletionPolicy").Text(); spec.Get("prune").True() && (policy == "" || policy == "MirrorPrune") || policy == "Delete" || policy == "WaitForTermination" {
			e.Gone, e.Stays = deleted, false
		}
		if e.Prune = spec.Get("prune").True(); e.Prune {
			e.Applied += ", what is gone is deleted"
		} else {
			e.Applied += ", what is gone stays (no prune)"
		}
		return e
	case fluxHelm:
		e := fluxEffect(spec, "is upgraded")
		e.Gone, e.Prune = "its release is uninstalled", true
		return e
	case argo:
		if o.Kind == "ApplicationSet" {
			return setEffect(spec)
		}
		return argoEffect(o, spec)
	}
	return manifests.Effect{}
}

// fluxEffect is what the objects of Flux have in common.
func fluxEffect(spec manifests.Field, applied string) manifests.Effect {
	var e manifests.Effect
	if secret := spec.Get("kubeConfig", "secretRef", "name").Text(); secret != "" {
		e.Cluster = "that of Secret " + secret
	} else if config := spec.Get("kubeConfig", "configMapRef", "name").Text(); config != "" {
		e.Cluster = "that of ConfigMap " + config
	}
	e.Applied, e.Automated = applied+" by itself", true
	if e.Suspended = spec.Get("suspend").True(); e.Suspended {
		e.Applied = "suspended: " + applied + " when it is resumed"
	}
	var after []string
	for _, d := range spec.Get("dependsOn").Items() {
		after = append(after, d.Get("name").Text())
	}
	if len(after) > 0 {
		e.Applied += " after " + strings.Join(after, ", ")
	}
	return e
}

// setEffect is what an ApplicationSet says of all that it makes: that its steps are waited for, and what it leaves alone.
func setEffect(spec manifests.Field) manifests.Effect {
	var e manifests.Effect
	if strategy := spec.Get("strategy"); strategy.Get("type").Text() == "RollingSync" {
		e.Applied = fmt.Sprintf("in the %d steps of its ApplicationSet", len(strategy.Get("rollingSync", "steps").Items()))
		if order := strategy.Get("deletionOrder").Text(); order != "" {
			e.Applied += ", deleted in order " + order
		}
	}
	policy := spec.Get("syncPolicy")
	sync := policy.Get("applicationsSync").Text()
	switch { // sets give their Applications the finalizer that deletes
	case sync == "create-only", sync == "create-update":
		e.Gone, e.Stays = fmt.Sprintf("it stays as long as its ApplicationSet does, which deletes none (%s)", sync), true
	case policy.Get("preserveResourcesOnDeletion").True():
		e.Gone, e.Stays = staying, true
	default:
		e.Gone = deleted
	}
	if sync == "create-only" || sync == "create-delete" {
		e.Applied = strings.TrimPrefix(e.Applied+fmt.Sprintf(", and once it is there its ApplicationSet changes nothing of it (%s)", sync), ", ")
	}
	return e
}

// under is the effect of an Application that a set makes.
func under(set, e manifests.Effect) manifests.Effect {
	if set.Applied != "" {
		e.Applied += ", " + set.Applied
	}
	if set.Gone != "" && (e.Stays || set.Stays && set.Gone != staying) {
		e.Gone, e.Stays = set.Gone, set.Stays
	}
	return e
}

// argoEffect is what Argo CD does for an Application's spec.
func argoEffect(o *manifests.Object, spec manifests.Field) manifests.Effect {
	to := spec.Get("destination")
	e := manifests.Effect{Cluster: cmp.Or(to.Get("name").Text(), to.Get("server").Text()), Gone: staying, Stays: true}
	if e.Cluster == ownCluster || e.Cluster == "in-cluster" {
		e.Cluster = ""
	}
	auto := spec.Get("syncPolicy", "automated")
	e.Automated = auto.IsMap() && !auto.Get("enabled").False()
	e.Prune, e.SelfHeal = e.Automated && auto.Get("prune").True(), e.Automated && auto.Get("selfHeal").True()
	switch {
	case !e.Automated:
		e.Applied = "waits for a sync by hand"
	case e.Prune && auto.Get("allowEmpty").True():
		e.Applied = "is synced by itself, what is gone is deleted, all of it too"
	case e.Prune:
		e.Applied = "is synced by itself, what is gone is deleted"
	default:
		e.Applied = "is synced by itself, what is gone stays (no prune)"
	}
	if e.SelfHeal {
		e.Applied += ", changes in the cluster are undone"
	}
	if wave := o.Field().Get("metadata", "annotations", "argocd.argoproj.io/sync-wave").Text(); wave != "" {
		e.Applied += ", in wave " + wave
	}
	var options []string
	for _, option := range spec.Get("syncPolicy", "syncOptions").Items() {
		options = append(options, option.Text())
	}
	if len(options) > 0 {
		e.Applied += ", with " + strings.Join(options, ", ")
	}
	for _, f := range o.Field().Get("metadata", "finalizers").Items() {
		if strings.HasPrefix(f.Text(), "resources-finalizer.argocd.argoproj.io") {
			e.Gone, e.Stays = deleted, false
		}
	}
	return e
}
