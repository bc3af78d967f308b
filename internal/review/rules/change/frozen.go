package change

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// frozen is a field that the API server does not let change once the object is there.
type frozen struct {
	path  string   // below the object
	name  string   // in words, after "the"
	fills defaults // what the API server fills in below it
}

// refusal is a change that the API server refuses.
type refusal struct {
	at    manifests.Field // of head, perhaps absent
	was   manifests.Field // the field of base at the same path
	name  string
	maybe string // why the API server may accept it after all; "" where it does not
}

// pair is an object at base and at head.
type pair struct {
	pass     *review.Pass
	was, now manifests.Field
}

// at returns the two sides of a field.
func (c pair) at(path string) (was, now manifests.Field) {
	keys := strings.Split(path, ".")
	return c.was.Get(keys...), c.now.Get(keys...)
}

// refused compares a frozen field; nil when it says the same.
func (c pair) refused(f frozen) []refusal {
	was, now := c.at(f.path)
	if !was.IsSet() && f.path == "spec.selector" { // made of the labels, or by the controller
		return nil
	}
	at, differs := f.fills.difference(was, now)
	if !differs {
		return nil
	}
	return []refusal{{at: at, name: f.name}}
}

// frozenFields are what the validation of updates refuses, by kind and group. Each row names the function of Kubernetes
// (of 1.30 to 1.36, where nothing else is said) that it follows.
var frozenFields = map[string][]frozen{
	// pkg/apis/apps/validation: ValidateDeploymentUpdate, ValidateDaemonSetUpdate, ValidateReplicaSetUpdate
	"Deployment.apps": {{path: "spec.selector", name: "selector"}},
	"DaemonSet.apps":  {{path: "spec.selector", name: "selector"}},
	"ReplicaSet.apps": {{path: "spec.selector", name: "selector"}},
	// pkg/apis/apps/validation: ValidateStatefulSetUpdate, which names what may change
	"StatefulSet.apps": {
		{path: "spec.selector", name: "selector"},
		{path: "spec.serviceName", name: "service name"},
		{path: "spec.podManagementPolicy", name: "pod management policy", fills: defaults{"": "OrderedReady"}},
		{path: "spec.volumeClaimTemplates", name: "claim templates", fills: claimTemplates},
	},
	// pkg/apis/rbac/validation: ValidateRoleBindingUpdate, ValidateClusterRoleBindingUpdate
	"RoleBinding.rbac.authorization.k8s.io":        {{path: "roleRef", name: "role", fills: roleRef}},
	"ClusterRoleBinding.rbac.authorization.k8s.io": {{path: "roleRef", name: "role", fills: roleRef}},
	// pkg/apis/storage/validation: ValidateStorageClassUpdate, ValidateCSIDriverUpdate, ValidateVolumeAttributesClassUpdate
	"StorageClass.storage.k8s.io": {
		{path: "provisioner", name: "provisioner"},
		{path: "parameters", name: "parameters"},
		{path: "reclaimPolicy", name: "reclaim policy", fills: defaults{"": "Delete"}},
		{path: "volumeBindingMode", name: "binding mode", fills: defaults{"": "Immediate"}},
	},
	"CSIDriver.storage.k8s.io": {
		{path: "spec.attachRequired", name: "need to attach", fills: defaults{"": "true"}},
		{path: "spec.volumeLifecycleModes", name: "lifecycle modes", fills: defaults{"[]": "Persistent"}},
	},
	"VolumeAttributesClass.storage.k8s.io": {{path: "driverName", name: "driver"}, {path: "parameters", name: "parameters"}},
	// pkg/apis/scheduling/validation: ValidatePriorityClassUpdate
	"PriorityClass.scheduling.k8s.io": {
		{path: "value", name: "value", fills: defaults{"": "0"}},
		{path: "preemptionPolicy", name: "preemption policy", fills: defaults{"": "PreemptLowerPriority"}},
	},
	// pkg/apis/networking/validation: validateIngressClassSpecUpdate; node: ValidateRuntimeClassUpdate;
	// discovery: ValidateEndpointSliceUpdate
	"IngressClass.networking.k8s.io": {{path: "spec.controller", name: "controller"}},
	"RuntimeClass.node.k8s.io":       {{path: "handler", name: "handler"}},
	"EndpointSlice.discovery.k8s.io": {{path: "addressType", name: "address type"}},
	// pkg/apis/resource/validation: ValidateResourceClaimUpdate, ValidateResourceClaimTemplateUpdate
	"ResourceClaim.resource.k8s.io":         {{path: "spec", name: "specification"}},
	"ResourceClaimTemplate.resource.k8s.io": {{path: "spec", name: "specification"}},
	// apiextensions/validation: validateCustomResourceDefinitionSpecUpdate
	"CustomResourceDefinition.apiextensions.k8s.io": {
		{path: "spec.group", name: "group"},
		{path: "spec.scope", name: "scope"},
		{path: "spec.names.kind", name: "kind"},
		{path: "spec.names.plural", name: "plural name"},
	},
	// pkg/apis/core/validation: ValidateSecretUpdate
	"Secret.": {{path: "type", name: "type", fills: defaults{"": "Opaque"}}},
}

var roleRef = defaults{"apiGroup": "rbac.authorization.k8s.io"}

// claimTemplates are what is filled into the claims of a StatefulSet, and what of them is not kept.
var claimTemplates = defaults{
	"[].apiVersion": anything, "[].kind": anything, "[].metadata.creationTimestamp": anything, "[].metadata.namespace": anything,
	"[].spec.volumeMode": "Filesystem", "[].status.phase": anything,
	"[].spec.dataSource.kind": anything, "[].spec.dataSource.name": anything, "[].spec.dataSource.apiGroup": anything,
	"[].spec.dataSourceRef.kind": anything, "[].spec.dataSourceRef.name": anything, "[].spec.dataSourceRef.apiGroup": anything,
}

// refusedBy are the kinds of which more than single fields is compared.
var refusedBy = map[string]func(pair) []refusal{
	"StatefulSet.apps":       refusedStatefulSet,
	"Job.batch":              refusedJob,
	"Pod.":                   refusedPod,
	"Service.":               refusedService,
	"PersistentVolumeClaim.": refusedClaim,
	"PersistentVolume.":      refusedVolume,
	"ConfigMap.":             refusedImmutable,
	"Secret.":                refusedImmutable,
	"ResourceQuota.":         refusedQuota,
	"CustomResourceDefinition.apiextensions.k8s.io": refusedDefinition,
}

// refusals lists what of an object's change the API server refuses.
func refusals(p *review.Pass, was *manifests.Object) (all []refusal) {
	kind := p.Object.Kind + "." + p.Object.Group()
	c := pair{p, was.Field(), p.Object.Field()}
	for _, f := range frozenFields[kind] {
		all = append(all, c.refused(f)...)
	}
	if refused := refusedBy[kind]; refused != nil {
		all = append(all, refused(c)...)
	}
	for i := range all {
		all[i].was = was.Lookup(all[i].at.Path())
	}
	return all
}
