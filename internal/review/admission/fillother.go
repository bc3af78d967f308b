package admission

import (
	"encoding/base64"
	"strings"
)

// fillOther fills in kinds with few defaults.
func fillOther(kind string, o tree) {
	spec := o.at("spec")
	switch kind {
	case "/Secret":
		fillSecret(o)
	case "/Namespace":
		o.need("metadata", "labels").or(nameLabel, o.at("metadata").text("name"))
		o.need("spec").or("finalizers", []any{"kubernetes"})
	case "/PersistentVolumeClaim":
		spec.or("volumeMode", "Filesystem")
	case "/PersistentVolume":
		spec.or("volumeMode", "Filesystem", "persistentVolumeReclaimPolicy", "Retain")
	case "/LimitRange":
		for _, limit := range spec.items("limits") {
			fillLimit(limit)
		}
	case "/Endpoints":
		for _, subset := range o.items("subsets") {
			fillProtocol(subset.items("ports"))
		}
	case "discovery.k8s.io/EndpointSlice":
		fillProtocol(o.items("ports"))
	case "storage.k8s.io/StorageClass":
		o.or("reclaimPolicy", "Delete", "volumeBindingMode", "Immediate")
	case "storage.k8s.io/CSIDriver":
		spec.or("attachRequired", true, "podInfoOnMount", false, "storageCapacity", false, "fsGroupPolicy", "ReadWriteOnceWithFSType",
			"volumeLifecycleModes", []any{"Persistent"}, "requiresRepublish", false, "seLinuxMount", false)
	case "scheduling.k8s.io/PriorityClass":
		o.or("preemptionPolicy", "PreemptLowerPriority")
	case "autoscaling/HorizontalPodAutoscaler":
		spec.or("minReplicas", int64(1))
	case "rbac.authorization.k8s.io/RoleBinding", "rbac.authorization.k8s.io/ClusterRoleBinding":
		fillBinding(o)
	default:
		fillExtension(kind, o)
	}
}

// fillExtension fills in the kinds by which the API server itself is extended.
func fillExtension(kind string, o tree) {
	const admission = "admissionregistration.k8s.io/"
	spec := o.at("spec")
	switch kind {
	case admission + "ValidatingWebhookConfiguration", admission + "MutatingWebhookConfiguration":
		for _, w := range o.items("webhooks") {
			w.or("failurePolicy", "Fail", "timeoutSeconds", int64(10))
			if strings.HasPrefix(o.text("kind"), "Mutating") {
				w.or("reinvocationPolicy", "Never")
			}
			w.at("clientConfig", "service").or("port", int64(443))
			fillMatch(w, "rules")
		}
	case admission + "ValidatingAdmissionPolicy":
		spec.or("failurePolicy", "Fail")
		fillMatch(spec.at("matchConstraints"), "resourceRules", "excludeResourceRules")
	case admission + "ValidatingAdmissionPolicyBinding":
		fillMatch(spec.at("matchResources"), "resourceRules", "excludeResourceRules")
	case "apiregistration.k8s.io/APIService":
		spec.at("service").or("port", int64(443))
	case "apiextensions.k8s.io/CustomResourceDefinition":
		names := spec.at("names")
		names.or("singular", strings.ToLower(names.text("kind")), "listKind", names.text("kind")+"List")
		conversion := spec.need("conversion")
		conversion.or("strategy", "None")
		conversion.at("webhook", "clientConfig", "service").or("port", int64(443))
	}
}

// fillMatch fills in which requests a webhook or policy is for.
func fillMatch(match tree, rules ...string) {
	match.or("matchPolicy", "Equivalent", "namespaceSelector", map[string]any{}, "objectSelector", map[string]any{})
	for _, key := range rules {
		for _, rule := range match.items(key) {
			rule.or("scope", "*")
		}
	}
}

// fillSecret has all values in data, as the API server keeps them.
func fillSecret(o tree) {
	o.or("type", "Opaque")
	for key, value := range o.at("stringData") {
		data := o.need("data")
		if text, ok := value.(string); ok && data != nil {
			data[key] = base64.StdEncoding.EncodeToString([]byte(text))
		}
	}
	delete(o, "stringData")
}

// fillLimit makes of a container's maximum its default, and of that, or else of the minimum, what it asks for by default.
func fillLimit(limit tree) {
	if limit.text("type") != "Container" {
		return
	}
	for _, from := range [][2]string{{"max", "default"}, {"default", "defaultRequest"}, {"min", "defaultRequest"}} {
		for key, value := range limit.at(from[0]) {
			limit.need(from[1]).or(key, value)
		}
	}
}

func fillBinding(o tree) {
	const group = "rbac.authorization.k8s.io"
	o.at("roleRef").or("apiGroup", group)
	for _, s := range o.items("subjects") {
		if s.text("kind") != "ServiceAccount" {
			s.or("apiGroup", group)
		}
	}
}

func fillProtocol(ports []tree) {
	for _, port := range ports {
		port.or("protocol", "TCP")
	}
}
