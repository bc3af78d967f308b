package protection

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

const admission = "admissionregistration.k8s.io"

// readers are how the objects that protect something are read.
func readers() []reader {
	return []reader{
		{kinds: []string{"Namespace."}, read: readNamespace, settled: always},
		{kinds: []string{"ResourceQuota."}, read: readQuota, spaced: true},
		{kinds: []string{"LimitRange."}, read: readLimitRange, spaced: true},
		{kinds: []string{"ValidatingAdmissionPolicy." + admission}, read: readAdmissionPolicy, policy: true},
		{kinds: []string{"ValidatingAdmissionPolicyBinding." + admission}, read: readAdmissionBinding, policy: true, settled: policyGone},
		{kinds: []string{"ValidatingWebhookConfiguration." + admission}, read: readWebhooks, policy: true, settled: serverGone},
		{kinds: []string{"MutatingWebhookConfiguration." + admission}, read: readWebhooks, policy: true, settled: serverGone},
		{kinds: []string{"ClusterPolicy.kyverno.io", "Policy.kyverno.io"}, read: readKyverno, policy: true},
		{kinds: []string{"ValidatingPolicy.policies.kyverno.io", "NamespacedValidatingPolicy.policies.kyverno.io", "ImageValidatingPolicy.policies.kyverno.io"},
			read: readValidatingPolicy, policy: true},
		{kinds: []string{"ConstraintTemplate.templates.gatekeeper.sh"}, read: readTemplate, policy: true, settled: constraintsGone},
		{kinds: []string{"Config.config.gatekeeper.sh"}, read: readGatekeeperConfig, policy: true},
		{kinds: []string{"ClusterAdmissionPolicy.policies.kubewarden.io", "AdmissionPolicy.policies.kubewarden.io"}, read: readKubewarden, policy: true},
		{kinds: []string{"ClusterImagePolicy.policy.sigstore.dev"}, read: readImagePolicy, policy: true},
		{kinds: []string{"PeerAuthentication.security.istio.io"}, read: readPeerAuthentication, spaced: true, own: true},
		{kinds: []string{"AuthorizationPolicy.security.istio.io"}, read: readMeshAuthorization, spaced: true},
		{kinds: []string{"RequestAuthentication.security.istio.io"}, read: readRequestAuthentication, spaced: true},
		{kinds: []string{"AppProject.argoproj.io"}, read: readProject, settled: always},
		{kinds: fluxSources, read: readVerified, settled: always},
		{kinds: []string{"Policy.audit.k8s.io"}, read: readAudit},
		{kinds: []string{"EncryptionConfiguration.apiserver.config.k8s.io"}, read: readEncryption},
		{kinds: []string{"Secret."}, read: readEncryptedSecret, settled: always},
		{kinds: []string{"SealedSecret.bitnami.com"}, read: readSealedSecret, settled: secretGone},
		{kinds: []string{"ConfigMap."}, read: readFalcoRules},
		{kinds: alertKinds, read: readAlerts, spaced: true, settled: watchedGone},
	}
}

func always(*review.Pass) bool { return true }

// profiles are kinds each object of which is one protection: it is there, or it is not.
var profiles = map[string]string{
	"TracingPolicy.cilium.io":                             "what Tetragon watches by it",
	"TracingPolicyNamespaced.cilium.io":                   "what Tetragon watches by it",
	"KubeArmorPolicy.security.kubearmor.com":              "what KubeArmor watches by it",
	"KubeArmorClusterPolicy.security.kubearmor.com":       "what KubeArmor watches by it",
	"KubeArmorHostPolicy.security.kubearmor.com":          "what KubeArmor watches by it",
	"SeccompProfile.security-profiles-operator.x-k8s.io":  "the seccomp profile on the nodes",
	"AppArmorProfile.security-profiles-operator.x-k8s.io": "the AppArmor profile on the nodes",
	"SelinuxProfile.security-profiles-operator.x-k8s.io":  "the SELinux profile on the nodes",
	"NvSecurityRule.neuvector.com":                        "what NeuVector watches by it",
	"NvClusterSecurityRule.neuvector.com":                 "what NeuVector watches by it",
	"NvAdmissionControlSecurityRule.neuvector.com":        "what NeuVector refuses by it",
	"Rulesfile.artifact.falcosecurity.dev":                "what Falco watches by it",
	"AdminNetworkPolicy.policy.networking.k8s.io":         "what it denies",
	"BaselineAdminNetworkPolicy.policy.networking.k8s.io": "what it denies",
	"ClusterNetworkPolicy.policy.networking.k8s.io":       "what it denies",
	"SecurityPolicy.gateway.envoyproxy.io":                "who may use the route it is for",
	"BackendTLSPolicy.gateway.networking.k8s.io":          "TLS towards the backend it is for",
	"MeshTLSAuthentication.policy.linkerd.io":             "whom it lets in",
	"AuthorizationPolicy.policy.linkerd.io":               "whom it lets in",
	"Server.policy.linkerd.io":                            "who may use the port it is for",
	"ClusterNetworkPolicy.crd.antrea.io":                  "what it denies",
	"NetworkPolicy.crd.antrea.io":                         "what it denies",
}

// readersOf returns how an object of a root is read.
func readersOf(in *review.RootView, o *manifests.Object) (found []reader) {
	kind := kindOf(o)
	for _, r := range readers() {
		if slices.Contains(r.kinds, kind) {
			found = append(found, r)
		}
	}
	switch {
	case o.Group() == "constraints.gatekeeper.sh":
		found = append(found, reader{kinds: []string{kind}, read: readConstraint, policy: true})
	case profiles[kind] != "":
		found = append(found, reader{kinds: []string{kind}, read: readProfile, settled: profileUnused})
	case agentIn(in, o) != nil:
		found = append(found, reader{kinds: agentKinds, read: readAgent})
	}
	return found
}
