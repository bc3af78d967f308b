package network

import (
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// pod is a pod as network policies see it.
type pod struct {
	space       string // its namespace; "" when that is not known
	labels      labels // its own, with those that Calico and Cilium give it by its namespace
	spaceLabels labels // its namespace's
}

// podOf makes a pod of a workload's template.
func (e *enforced) podOf(w *review.Workload) pod {
	made := e.bare[landing(e.root, w.Object)]
	made.labels.values = maps.Clone(made.labels.values)
	for _, l := range w.Meta.Get("labels").Entries() {
		made.labels.values[l.Key] = l.Value.Text()
	}
	if account := w.Get("serviceAccountName"); account.Text() != "" {
		made.labels.values["projectcalico.org/serviceaccount"] = account.Text()
		made.labels.values["io.cilium.k8s.policy.serviceaccount"] = account.Text()
	}
	made.labels.open = !ownPods[w.Object.Kind]
	return made
}

// ownPods are kinds whose pods have the labels of the template, and those that controllers are known to set.
var ownPods = map[string]bool{
	"Pod": true, "ReplicationController": true, "Deployment": true, "StatefulSet": true, "DaemonSet": true, "ReplicaSet": true,
	"Job": true, "CronJob": true, "DeploymentConfig": true, "Rollout": true,
}

// Labels that network plug-ins give pods themselves: by their account and namespace, and by the namespace's labels.
const (
	ofCalicoSpace   = "pcns."
	ofCalicoAccount = "pcsa."
	ofCiliumSpace   = "io.cilium.k8s.namespace.labels."
)

// byPlace are the keys of those that follow from the namespace.
var byPlace = []string{"projectcalico.org/namespace", "io.kubernetes.pod.namespace"}

// byPlugin reports whether a label is one of those.
func byPlugin(key string) bool {
	return strings.HasPrefix(key, ofCalicoSpace) || strings.HasPrefix(key, ofCalicoAccount) ||
		strings.HasPrefix(key, ofCiliumSpace) || slices.Contains(byPlace, key)
}

// podIn makes a pod without labels of its own in a namespace, whose object is nil when it is not known.
func podIn(namespace string, space *manifests.Object) pod {
	made := pod{space: namespace}
	made.labels = labels{values: map[string]string{"projectcalico.org/orchestrator": "k8s"}, unsure: []string{ofCalicoAccount}}
	made.spaceLabels = labels{values: map[string]string{}, open: true}
	if namespace == "" {
		made.labels.unsure = append(made.labels.unsure, append(slices.Clone(byPlace), ofCalicoSpace, ofCiliumSpace)...)
		return made
	}
	if space != nil {
		made.spaceLabels.open = false
		for _, l := range space.Field().Get("metadata", "labels").Entries() {
			made.spaceLabels.values[l.Key] = l.Value.Text()
		}
	} else {
		made.labels.unsure = append(made.labels.unsure, ofCalicoSpace, ofCiliumSpace)
	}
	for _, key := range []string{"kubernetes.io/metadata.name", "projectcalico.org/name"} {
		made.spaceLabels.values[key] = namespace
	}
	for _, key := range byPlace {
		made.labels.values[key] = namespace
	}
	for key, value := range made.spaceLabels.values {
		made.labels.values[ofCiliumSpace+key] = value
		made.labels.values[ofCalicoSpace+key] = value
	}
	return made
}

// ofSystem reports whether a namespace is one of the cluster itself.
func ofSystem(namespace string) bool { return strings.HasPrefix(namespace, "kube-") }

// landing returns the namespace that an object lands in, as far as its root says: "" when that is decided elsewhere, as
// for a chart of which nobody says into which namespace it is installed.
func landing(root *review.RootView, o *manifests.Object) string {
	release := root.Root.Namespace
	if root.Root.Kind != manifests.Helm || o.Namespace != "default" || release != "" && release != "default" {
		return root.Namespace(o)
	}
	if origin, _ := o.OriginAt("metadata.namespace"); len(origin) > 0 && origin[0].Role == manifests.RoleValues {
		return o.Namespace
	}
	return ""
}
