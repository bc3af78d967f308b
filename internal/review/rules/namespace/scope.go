package namespace

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// clusterScoped are the kinds of Kubernetes itself that live in no namespace. A namespace written on them means
// nothing.
var clusterScoped = map[string]bool{
	"Namespace": true, "Node": true, "PersistentVolume": true, "ClusterRole": true, "ClusterRoleBinding": true,
	"CustomResourceDefinition": true, "StorageClass": true, "VolumeAttachment": true, "PriorityClass": true,
	"IngressClass": true, "RuntimeClass": true, "APIService": true, "CSIDriver": true, "CSINode": true,
	"CertificateSigningRequest": true, "MutatingWebhookConfiguration": true, "ValidatingWebhookConfiguration": true,
	"ValidatingAdmissionPolicy": true, "ValidatingAdmissionPolicyBinding": true, "MutatingAdmissionPolicy": true,
	"MutatingAdmissionPolicyBinding": true, "PodSecurityPolicy": true, "FlowSchema": true,
	"PriorityLevelConfiguration": true, "GatewayClass": true, "ClusterIssuer": true, "ClusterPolicy": true,
	"GlobalNetworkPolicy": true, "SecurityContextConstraints": true, "ClusterTrustBundle": true, "DeviceClass": true,
}

func isNamespaced(o *manifests.Object) bool { return !clusterScoped[o.Kind] }

// byOwnWord reports whether somebody wrote the object's namespace, rather than a chart's template filling in that of
// its release: a release that is not named for certain renders as one in "default". What the field shows comes
// first in its Origin.
func byOwnWord(p *review.Pass, o *manifests.Object) bool {
	origin, _ := o.OriginAt("metadata.namespace")
	if len(origin) == 0 {
		return p.Root.Root.Kind != manifests.Helm
	}
	if role := origin[0].Role; role != manifests.RoleTemplate && role != manifests.RoleCall {
		return true
	}
	return p.Root.Root.Kind == manifests.Helm && p.Root.Root.Namespace != "" && p.Root.Root.Namespace != "default"
}

// ofSystem reports whether a namespace belongs to the cluster, or is the word by which kubebuilder's bases leave it
// open.
func ofSystem(name string) bool {
	return strings.HasPrefix(name, "kube-") || strings.HasPrefix(name, "openshift-") || name == "default" || name == "system"
}
