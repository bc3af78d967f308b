package admission

import (
	"encoding/base64"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// tree is a mapping as JSON has it. Reading from a nil tree gives nothing, and setting in one does nothing.
type tree map[string]any

// at follows keys through mappings; nil where there is none.
func (t tree) at(keys ...string) tree {
	for _, key := range keys {
		below, _ := t[key].(map[string]any)
		t = below
	}
	return t
}

// need is at, making the mappings that are missing. What is no mapping stays, and gives nil.
func (t tree) need(keys ...string) tree {
	for _, key := range keys {
		if t == nil {
			return nil
		}
		if t[key] == nil {
			t[key] = map[string]any{}
		}
		t = t.at(key)
	}
	return t
}

// items returns the mappings in a list.
func (t tree) items(key string) (found []tree) {
	list, _ := t[key].([]any)
	for _, item := range list {
		if below, ok := item.(map[string]any); ok {
			found = append(found, below)
		}
	}
	return found
}

// text returns a text, "" where there is none.
func (t tree) text(key string) string {
	value, _ := t[key].(string)
	return value
}

// or sets what is not set, pairs of keys and values.
func (t tree) or(pairs ...any) {
	for i := 0; t != nil && i+1 < len(pairs); i += 2 {
		if key := pairs[i].(string); t[key] == nil {
			t[key] = pairs[i+1]
		}
	}
}

// fillIn puts what the API server fills in into an object of one of Kubernetes' own kinds, before it asks policies: the
// defaults of k8s.io/kubernetes/pkg/apis, as far as manifests commonly leave them out.
func fillIn(object map[string]any) {
	o := tree(object)
	spec, group := o.at("spec"), schema.FromAPIVersionAndKind(o.text("apiVersion"), "").Group
	switch group + "/" + o.text("kind") {
	case "/Pod":
		fillPod(spec)
		spec.or("serviceAccountName", "default", "enableServiceLinks", true, "priority", int64(0), "preemptionPolicy", "PreemptLowerPriority")
		fillAccount(spec)
		fillRequests(spec)
	case "apps/Deployment", "apps/ReplicaSet", "/ReplicationController", "apps/StatefulSet", "apps/DaemonSet":
		fillController(o.text("kind"), spec)
	case "batch/Job":
		fillJob(spec)
	case "batch/CronJob":
		spec.or("concurrencyPolicy", "Allow", "suspend", false, "successfulJobsHistoryLimit", int64(3), "failedJobsHistoryLimit", int64(1))
		fillPod(spec.at("jobTemplate", "spec", "template", "spec"))
	case "/Service":
		fillService(spec)
	case "networking.k8s.io/NetworkPolicy":
		fillNetworkPolicy(spec)
	default:
		fillOther(group+"/"+o.text("kind"), o)
	}
}

// fillOther fills in kinds with few defaults.
func fillOther(kind string, o tree) {
	spec := o.at("spec")
	switch kind {
	case "/Secret":
		o.or("type", "Opaque")
		for key, value := range o.at("stringData") {
			data := o.need("data")
			if text, ok := value.(string); ok && data != nil {
				data[key] = base64.StdEncoding.EncodeToString([]byte(text))
			}
		}
		delete(o, "stringData")
	case "/Namespace":
		o.need("metadata", "labels").or(nameLabel, o.at("metadata").text("name"))
		o.need("spec").or("finalizers", []any{"kubernetes"})
	case "/PersistentVolumeClaim":
		spec.or("volumeMode", "Filesystem")
	case "/PersistentVolume":
		spec.or("volumeMode", "Filesystem", "persistentVolumeReclaimPolicy", "Retain")
	case "storage.k8s.io/StorageClass":
		o.or("reclaimPolicy", "Delete", "volumeBindingMode", "Immediate")
	case "autoscaling/HorizontalPodAutoscaler":
		spec.or("minReplicas", int64(1))
	case "rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding":
		o.at("roleRef").or("apiGroup", "rbac.authorization.k8s.io")
		for _, s := range o.items("subjects") {
			if s.text("kind") != "ServiceAccount" {
				s.or("apiGroup", "rbac.authorization.k8s.io")
			}
		}
	case "admissionregistration.k8s.io/ValidatingWebhookConfiguration", "admissionregistration.k8s.io/MutatingWebhookConfiguration":
		for _, w := range o.items("webhooks") {
			w.or("failurePolicy", "Fail", "matchPolicy", "Equivalent", "timeoutSeconds", int64(10), "namespaceSelector", map[string]any{}, "objectSelector", map[string]any{})
		}
	}
}

// fillController fills in what keeps pods running.
func fillController(kind string, spec tree) {
	if kind != "DaemonSet" {
		spec.or("replicas", int64(1))
	}
	switch kind {
	case "Deployment":
		spec.or("revisionHistoryLimit", int64(10), "progressDeadlineSeconds", int64(600))
		strategy := spec.need("strategy")
		if strategy.or("type", "RollingUpdate"); strategy.text("type") == "RollingUpdate" {
			strategy.need("rollingUpdate").or("maxUnavailable", "25%", "maxSurge", "25%")
		}
	case "StatefulSet":
		spec.or("revisionHistoryLimit", int64(10), "podManagementPolicy", "OrderedReady")
		spec.need("persistentVolumeClaimRetentionPolicy").or("whenDeleted", "Retain", "whenScaled", "Retain")
		strategy := spec.need("updateStrategy")
		if strategy.or("type", "RollingUpdate"); strategy.text("type") == "RollingUpdate" {
			strategy.need("rollingUpdate").or("partition", int64(0))
		}
	case "DaemonSet":
		spec.or("revisionHistoryLimit", int64(10))
		strategy := spec.need("updateStrategy")
		if strategy.or("type", "RollingUpdate"); strategy.text("type") == "RollingUpdate" {
			strategy.need("rollingUpdate").or("maxUnavailable", int64(1), "maxSurge", int64(0))
		}
	}
	fillPod(spec.at("template", "spec"))
}

func fillJob(spec tree) {
	if spec["parallelism"] == nil {
		spec.or("completions", int64(1))
	}
	spec.or("parallelism", int64(1), "backoffLimit", int64(6), "completionMode", "NonIndexed", "suspend", false)
	fillPod(spec.at("template", "spec"))
}

func fillService(spec tree) {
	spec.or("type", "ClusterIP", "sessionAffinity", "None")
	kind := spec.text("type")
	if kind != "ExternalName" {
		spec.or("internalTrafficPolicy", "Cluster")
	}
	if kind == "NodePort" || kind == "LoadBalancer" {
		spec.or("externalTrafficPolicy", "Cluster")
	}
	if kind == "LoadBalancer" {
		spec.or("allocateLoadBalancerNodePorts", true)
	}
	for _, port := range spec.items("ports") {
		port.or("protocol", "TCP", "targetPort", port["port"])
	}
}

func fillNetworkPolicy(spec tree) {
	types := []any{"Ingress"}
	if rules, _ := spec["egress"].([]any); len(rules) > 0 {
		types = append(types, "Egress")
	}
	spec.or("policyTypes", types)
	for _, rule := range slices.Concat(spec.items("ingress"), spec.items("egress")) {
		for _, port := range rule.items("ports") {
			port.or("protocol", "TCP")
		}
	}
}
