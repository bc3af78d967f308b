package api

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var storageClassMissing = review.Rule{
	ID: "storage-class-missing", Level: review.Warning,
	Summary: "A claim names a storage class that is not there any more, or nearly one of the repository",
	Kinds:   []string{"PersistentVolumeClaim", "StatefulSet.apps"},
	Params:  newElsewhere,
	Check:   checkStorageClassMissing,
}

// Most clusters bring storage classes of their own, so that a name is only doubted where the root had the class at base, or
// has one that is nearly called so.
func checkStorageClassMissing(p *review.Pass) {
	classes := classNames(p.Index.OfKind("StorageClass"))
	for _, at := range classFields(p.Object) {
		name := at.Text()
		if name == "" || slices.Contains(classes, name) || kubeapi.HasPlaceholder(at) || review.Params[elsewhere](p).has("StorageClass", "", name) {
			continue
		}
		if p.Base != nil && slices.Contains(classNames(p.Base.OfKind("StorageClass")), name) {
			p.Report(at, "there is no storage class %s any more", name).Detail(classDetail)
			continue
		}
		if meant := kubeapi.Nearest(name, classNames(p.Root.OfKind("StorageClass"))); meant != "" && !builtInClass(name) {
			p.Report(at, "there is no storage class %s, %s is meant", name, meant).Detail(classDetail).
				Fix("Name the class "+meant, review.Set(at, meant)).Unsafe()
		}
	}
}

const classDetail = "The claim waits for a volume that nobody makes, and its pods wait with it. The field cannot be changed once the claim is made."

// builtInClass reports whether a class is one that clouds and distributions bring.
func builtInClass(name string) bool {
	return slices.Contains([]string{"gp2", "gp3", "standard", "standard-rwo", "premium-rwo", "default", "managed", "managed-csi", "managed-premium",
		"azurefile", "azuredisk", "local-path", "hostpath", "oci", "oci-bv", "do-block-storage", "longhorn", "efs-sc"}, name)
}

func classNames(objects []*manifests.Object) (names []string) {
	for _, o := range objects {
		names = append(names, o.Name)
	}
	return names
}

// classFields are the fields of an object that name storage classes.
func classFields(o *manifests.Object) (found []manifests.Field) {
	spec := o.Field().Get("spec")
	if o.Kind == "PersistentVolumeClaim" {
		return []manifests.Field{spec.Get("storageClassName")}
	}
	for _, claim := range spec.Get("volumeClaimTemplates").Items() {
		found = append(found, claim.Get("spec", "storageClassName"))
	}
	return found
}
