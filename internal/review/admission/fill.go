package admission

import (
	"math"
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
		fillTolerations(spec)
	case "apps/Deployment", "apps/ReplicaSet", "/ReplicationController", "apps/StatefulSet", "apps/DaemonSet":
		fillController(o.text("kind"), spec)
	case "batch/Job":
		fillJob(spec)
	case "batch/CronJob":
		spec.or("concurrencyPolicy", "Allow", "suspend", false, "successfulJobsHistoryLimit", int64(3), "failedJobsHistoryLimit", int64(1))
		fillPod(spec.at("jobTemplate", "spec", "template", "spec")) // the job in it is filled in when it is made
	case "/Service":
		fillService(spec)
	case "networking.k8s.io/NetworkPolicy":
		fillNetworkPolicy(spec)
	default:
		fillOther(group+"/"+o.text("kind"), o)
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
		for _, claim := range spec.items("volumeClaimTemplates") {
			claim.at("spec").or("volumeMode", "Filesystem")
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
	limit := int64(6)
	if spec["backoffLimitPerIndex"] != nil {
		limit = math.MaxInt32
	}
	spec.or("parallelism", int64(1), "backoffLimit", limit, "completionMode", "NonIndexed", "suspend", false)
	replacement := "TerminatingOrFailed"
	if spec["podFailurePolicy"] != nil {
		replacement = "Failed"
	}
	spec.or("podReplacementPolicy", replacement)
	for _, rule := range spec.at("podFailurePolicy").items("rules") {
		for _, condition := range rule.items("onPodConditions") {
			condition.or("status", "True")
		}
	}
	fillPod(spec.at("template", "spec"))
}

func fillService(spec tree) {
	spec.or("type", "ClusterIP", "sessionAffinity", "None")
	kind := spec.text("type")
	if kind != "ExternalName" {
		spec.or("internalTrafficPolicy", "Cluster")
	}
	if external, _ := spec["externalIPs"].([]any); kind == "NodePort" || kind == "LoadBalancer" || kind == "ClusterIP" && len(external) > 0 {
		spec.or("externalTrafficPolicy", "Cluster")
	}
	if kind == "LoadBalancer" {
		spec.or("allocateLoadBalancerNodePorts", true)
	}
	if spec.text("sessionAffinity") == "ClientIP" {
		spec.need("sessionAffinityConfig", "clientIP").or("timeoutSeconds", int64(10800))
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
