package change

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeImmutableField = review.Rule{
	ID: "change-immutable-field", Level: review.Error,
	Summary: "The change touches a field that the API server does not let change",
	Kinds:   immutableKinds(),
	Check:   checkChangeImmutableField,
}

func checkChangeImmutableField(p *review.Pass) {
	was, _ := p.Was()
	if was == nil || string(was.Raw) == string(p.Object.Raw) || isRecreated(p.Object) {
		return
	}
	for _, r := range refusals(p, was) {
		d := p.Report(r.at, "%s %s: the %s cannot be changed%s", p.Object.Kind, p.Object.Name, r.name, movement(p.Object, r)).
			Detail("%s", refusalDetail(p, was, r)).
			Effect("%s|%s|%s", p.Object.String(), r.at.Path(), movement(p.Object, r))
		if r.maybe != "" || was.Field().Get("spec", "ttlSecondsAfterFinished").IsSet() {
			d.Lower(review.Warning)
		}
	}
}

// movement says from what to what a scalar changes, where that is not a secret.
func movement(o *manifests.Object, r refusal) string {
	was, now := scalarText(r.was), scalarText(r.at)
	if o.Kind == "Secret" || was == now || r.at.IsMap() || r.at.IsList() || r.was.IsMap() || r.was.IsList() {
		return ""
	}
	return fmt.Sprintf(": %s → %s", was, now)
}

func scalarText(at manifests.Field) string {
	const most = 60
	text := at.Text()
	switch {
	case text == "":
		return "unset"
	case len(text) > most || strings.ContainsAny(text, "\n\r"):
		return "another value"
	}
	return text
}

// isRecreated reports whether the object's own settings have it deleted and made anew as a matter of course: hooks, and
// jobs that are replaced by force.
func isRecreated(o *manifests.Object) bool {
	return review.IsHook(o) || o.Kind == "Job" && isForced(o)
}

// isForced reports whether annotations tell Argo CD or Flux to delete the object and make it anew where it must.
func isForced(o *manifests.Object) bool {
	annotations := o.Field().Get("metadata", "annotations")
	options := annotations.Get("argocd.argoproj.io/sync-options").Text()
	return strings.Contains(options, "Force=true") && strings.Contains(options, "Replace=true") ||
		strings.EqualFold(annotations.Get("kustomize.toolkit.fluxcd.io/force").Text(), "enabled") ||
		annotations.Get("kustomize.toolkit.fluxcd.io/force").True()
}

// refusalDetail says what has to happen, and what that loses.
func refusalDetail(p *review.Pass, was *manifests.Object, r refusal) string {
	text := "The API server refuses the update, and what is applied with it stops there."
	switch ttl := was.Field().Get("spec", "ttlSecondsAfterFinished"); {
	case isForced(p.Object):
		text = "Its annotation has it deleted and made anew."
	case r.maybe != "":
		text = "The API server refuses the update, " + r.maybe + "."
	case p.Object.Kind == "Job" && ttl.IsSet():
		text = "The API server refuses the update for as long as the job is there, " + ttl.Text() + " seconds after it finished."
	}
	return text + " " + recreation[p.Object.Kind]
}

// recreation says by kind how an object is made anew, and what that costs.
var recreation = map[string]string{
	"Deployment":  "It has to be deleted and made anew: all its pods stop, unless they are orphaned (kubectl delete --cascade=orphan) and removed once the new ones are ready.",
	"DaemonSet":   "It has to be deleted and made anew: its pods stop on every node at once, unless they are orphaned (kubectl delete --cascade=orphan) and removed afterwards.",
	"ReplicaSet":  "It has to be deleted and made anew, and with it all its pods.",
	"StatefulSet": "It has to be deleted and made anew: with kubectl delete --cascade=orphan its pods and claims stay, without that all pods stop at once. Claims that exist keep their size and class; volumes that shall grow have to be resized one by one.",
	"Job":         "It has to be deleted and runs anew from the start. A name that changes with the version, or a hook, avoids that.",
	"Pod":         "It has to be deleted and made anew; until then nothing runs in its place.",
	"Service":     "It has to be deleted and made anew: it gets another cluster IP, other node ports and, of type LoadBalancer, another external address, and until then nobody reaches its pods.",
	"PersistentVolumeClaim": "A claim can only be replaced by a new one, and deleting it deletes the volume with its data, unless the volume's reclaim policy is Retain. " +
		"Make a second claim and copy the data first.",
	"PersistentVolume":         "It has to be deleted and made anew: the claim that is bound to it is lost, and with reclaim policy Delete the data is, too.",
	"RoleBinding":              "It has to be deleted and made anew, and until then its subjects lack the rights. A second binding of another name avoids the gap.",
	"ClusterRoleBinding":       "It has to be deleted and made anew, and until then its subjects lack the rights. A second binding of another name avoids the gap.",
	"StorageClass":             "It has to be deleted and made anew. Volumes that exist keep what they were made with; a class of another name beside it says that more clearly.",
	"VolumeAttributesClass":    "It has to be deleted and made anew. Volumes that exist keep what they have; a class of another name beside it says that more clearly.",
	"CSIDriver":                "It has to be deleted and made anew; until then no volume of the driver is attached or mounted.",
	"PriorityClass":            "It has to be deleted and made anew: pods that run keep their old priority, and in between pods that name it are refused.",
	"IngressClass":             "It has to be deleted and made anew; until then no controller serves the Ingresses of the class.",
	"RuntimeClass":             "It has to be deleted and made anew; until then no pod that names it is admitted.",
	"ResourceQuota":            "It has to be deleted and made anew; until then nothing limits the namespace.",
	"ConfigMap":                "Give the new content another name, as kustomize's generators do, and point the pods to it; made anew under the same name, pods that run keep the old content until they are restarted.",
	"Secret":                   "Give the new content another name, as kustomize's generators do, and point the pods to it; deleted and made anew under the same name, pods that start in between fail.",
	"CustomResourceDefinition": "Deleting the definition deletes every object of its kind, in all namespaces. Make a new one of another name, or of a further version, and move the objects.",
	"EndpointSlice":            "It has to be deleted and made anew; until then its endpoints get no traffic.",
	"ResourceClaim":            "It has to be deleted and made anew, for which the pods that use it must stop.",
	"ResourceClaimTemplate":    "It has to be deleted and made anew; claims that exist keep what they ask for.",
}

// immutableKinds are the kinds that the rule knows, each once.
func immutableKinds() []string { return slices.Sorted(maps.Keys(recreation)) }
