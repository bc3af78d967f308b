package change

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeDataLoss = review.Rule{
	ID: "change-data-loss", Level: review.Error, Guidelines: []string{"G32"},
	Summary: "The change removes what holds data",
	Kinds: slices.Concat([]string{"PersistentVolumeClaim.", "PersistentVolume.", "Namespace.", "StatefulSet.apps",
		"CustomResourceDefinition.apiextensions.k8s.io"}, deployerKinds, slices.Sorted(maps.Keys(operated))),
	Check:        checkClaimsScaledAway,
	CheckRemoved: checkChangeDataLoss,
}

// loss is what goes with an object.
type loss struct {
	what  string // completes "is removed, and with it …"
	more  string // what else a reader should know, in full sentences
	level review.Level
}

func checkChangeDataLoss(p *review.Pass) {
	o := p.Object
	lost := lossOf(p)
	if lost.what == "" || o.Hook != "" || o.Kind != "Namespace" && namespaceGoes(p) {
		return
	}
	by := removerOf(p)
	if by.keeps {
		return
	}
	if by.waits {
		lost.level = review.Warning
	}
	p.Report(o.Field(), "%s %s is removed, and with it %s", o.Kind, o.Name, lost.what).
		Detail("%s", strings.TrimSpace(lost.more+" "+by.says)).
		Effect("%s|%s|%s", o.String(), lost.what, strings.Join(contents(p), ",")).
		Lower(lost.level)
}

// lossOf says what goes with an object; nothing when that is no data.
func lossOf(p *review.Pass) loss {
	spec := p.Object.Field().Get("spec")
	lost := loss{level: review.Error}
	switch p.Object.Kind {
	case "PersistentVolumeClaim":
		lost.what, lost.more = "the data on its volume", "Deleting a claim deletes the volume that was made for it, unless its reclaim policy is Retain."
		if retained(p, spec) {
			lost = loss{"the way to its data", "The volume's reclaim policy is Retain: it stays, but a new claim does not get it by itself.", review.Warning}
		}
	case "PersistentVolume":
		if policy := spec.Get("persistentVolumeReclaimPolicy").Text(); policy == "Delete" || policy == "Recycle" {
			lost.what, lost.more = "the data on it", "Its reclaim policy is "+policy+": the storage behind it goes as soon as no claim holds it."
		}
	case "StatefulSet":
		lost.what, lost.more = claimsOf(spec)
	case "Namespace":
		lost.what, lost.more = "everything in it", "All objects in it are deleted, with claims and Secrets, also those that are in no repository."
		if inside := contents(p); len(inside) > 0 {
			lost.more += " The repository has in it: " + someOf(inside) + "."
		}
	case "CustomResourceDefinition":
		kind := cmp.Or(spec.Get("names", "kind").Text(), "object of "+cmp.Or(spec.Get("names", "plural").Text(), p.Object.Name))
		lost.what = fmt.Sprintf("every %s in the cluster", kind)
		lost.more = "All objects of the kind are deleted, in every namespace, and what their controllers made of them may follow."
	case "Kustomization", "HelmRelease", "Application", "ApplicationSet":
		return lossOfDeployer(p)
	default:
		if what, known := operated[p.Object.Kind+"."+p.Object.Group()]; known && !outlives(p.Object) {
			lost.what, lost.more = "its data", "It stands for "+what+", which goes with it unless something else is set there."
		}
	}
	return lost
}

// claimsOf says what becomes of the claims of a StatefulSet that is removed; "" when it has none.
func claimsOf(spec manifests.Field) (what, more string) {
	var names []string
	for _, claim := range spec.Get("volumeClaimTemplates").Items() {
		names = append(names, claim.Get("metadata", "name").Text())
	}
	switch list := strings.Join(names, ", "); {
	case names == nil:
		return "", ""
	case spec.Get("persistentVolumeClaimRetentionPolicy", "whenDeleted").Text() == "Delete":
		return "its claims " + list, "Its retention policy says that the claims go when it is deleted, and the volumes go with them."
	default:
		return "the owner of its claims " + list, "The claims themselves stay, but nothing uses or backs them up any more, and whoever clears up takes them for leftovers."
	}
}

// retained reports whether the volume behind a claim is known to stay: by its own policy, or by that of its class.
func retained(p *review.Pass, spec manifests.Field) bool {
	if volume := p.Before.Find("PersistentVolume", "", spec.Get("volumeName").Text()); volume != nil {
		policy := volume.Field().Get("spec", "persistentVolumeReclaimPolicy").Text()
		return policy == "" || policy == "Retain"
	}
	class := p.Before.Find("StorageClass", "", spec.Get("storageClassName").Text())
	return class != nil && class.Field().Get("reclaimPolicy").Text() == "Retain"
}

// outlives reports whether what an object stands for is said to stay when the object goes.
func outlives(o *manifests.Object) bool {
	f := o.Field()
	annotations := f.Get("metadata", "annotations")
	return strings.EqualFold(f.Get("spec", "deletionPolicy").Text(), "Orphan") ||
		f.Get("spec", "deletionPolicy").Text() == "Retain" ||
		annotations.Get("cnrm.cloud.google.com/deletion-policy").Text() == "abandon" ||
		annotations.Get("services.k8s.aws/deletion-policy").Text() == "retain"
}

// namespaceGoes reports whether the namespace of an object goes with it: then that is what is said.
func namespaceGoes(p *review.Pass) bool {
	namespace := p.Base.Namespace(p.Object)
	is := func(o *manifests.Object) bool { return o.Name == namespace && o.Group() == "" }
	return namespace != "" && slices.ContainsFunc(p.Base.OfKind("Namespace"), is) &&
		!slices.ContainsFunc(p.Root.OfKind("Namespace"), is) &&
		!slices.ContainsFunc(p.Elsewhere("Namespace"), func(s review.Sited) bool { return is(s.Object) })
}

// contents lists what the root had in a namespace that goes.
func contents(p *review.Pass) (inside []string) {
	if p.Object.Kind != "Namespace" {
		return nil
	}
	for _, o := range p.Base.Objects {
		if p.Base.Namespace(o) == p.Object.Name && o != p.Object {
			inside = append(inside, o.Kind+"/"+o.Name)
		}
	}
	slices.Sort(inside)
	return inside
}

func someOf(list []string) string {
	const most = 5
	if len(list) <= most {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:most], ", "), len(list)-most)
}

// checkClaimsScaledAway finds StatefulSets that lose pods whose claims go with them.
func checkClaimsScaledAway(p *review.Pass) {
	was, _ := p.Was()
	spec := p.Object.Field().Get("spec")
	policy := spec.Get("persistentVolumeClaimRetentionPolicy", "whenScaled")
	if was == nil || p.Object.Kind != "StatefulSet" || policy.Text() != "Delete" || len(spec.Get("volumeClaimTemplates").Items()) == 0 {
		return
	}
	before, after := replicas(was.Field()), replicas(p.Object.Field())
	if after >= before {
		return
	}
	p.Report(spec.Get("replicas"), "StatefulSet %s shrinks from %d to %d pods, and the claims of the others go", p.Object.Name, before, after).
		Detail("Its retention policy deletes the claims of pods that are scaled away, and their volumes go with them. With whenScaled: Retain they stay.").
		Effect("%s|%d|%d", p.Object.String(), before, after)
}

// replicas returns how many pods an object asks for; one where it does not say.
func replicas(o manifests.Field) int64 {
	if n, ok := o.Get("spec", "replicas").Int(); ok {
		return n
	}
	return 1
}
