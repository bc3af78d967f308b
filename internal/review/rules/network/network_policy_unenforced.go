package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var networkPolicyUnenforced = review.Rule{
	ID: "network-policy-unenforced", Level: review.Warning, Guidelines: []string{"G15"},
	Summary:   "The cluster's network plug-in does not enforce the repository's network policies",
	Kinds:     append([]string{"Cluster.kops.k8s.io", "Cluster.kops"}, resources("google_container_cluster", "azurerm_kubernetes_cluster")...),
	Terraform: true,
	Check:     checkNetworkPolicyUnenforced,
}

// unenforcing are the network plug-ins of kops that do not know network policies. Amazon's does when it is told to.
var unenforcing = []string{"kubenet", "flannel", "classic", "lyft", "lyftvpc", "lyftVPC"}

func checkNetworkPolicyUnenforced(p *review.Pass) {
	if !slices.ContainsFunc(policyKinds, func(kind string) bool { return len(p.Root.OfKind(kind))+len(p.Index.OfKind(kind)) > 0 }) {
		return
	}
	if isResource(p.Object) {
		checkManagedCluster(p)
		return
	}
	networking := p.Object.Field().Get("spec", "networking")
	for _, name := range unenforcing {
		if at := networking.Get(name); at.Exists() && len(networking.Entries()) > 0 && !enforcedBeside(networking) {
			p.Report(at, "the network plug-in %s does not enforce network policies, which the repository has", name).
				Detail("The API server takes them, and nothing happens: pods stay open. Calico, Cilium and kube-router enforce them.")
		}
	}
	if at := networking.Get("cilium", "enablePolicy"); at.Text() == "never" {
		p.Report(at, "cilium is told to enforce no network policies, which the repository has").
			Detail("The API server takes them, and nothing happens: pods stay open.").
			Fix("enforce policies where there are some", review.Set(at, "default")).Unsafe()
	}
	at := networking.Get("amazonvpc")
	if !at.Exists() {
		at = networking.Get("amazonVPC") // as v1alpha3 writes it
	}
	if at.Exists() && !amazonEnforces(at) && !enforcedBeside(networking) {
		p.Report(at, "the network plug-in amazonvpc does not enforce network policies, which the repository has").
			Detail("It does once its network policy agent is switched on. Until then the API server takes the policies, and nothing happens.")
	}
}

// enforcedBeside reports whether another plug-in, which does enforce policies, is there as well.
func enforcedBeside(networking manifests.Field) bool {
	for _, name := range []string{"calico", "canal", "cilium", "kuberouter", "kubeRouter", "weave", "romana", "kopeio", "kindnet"} {
		if networking.Get(name).Exists() {
			return true
		}
	}
	return false
}

// amazonEnforces reports whether Amazon's plug-in is told something about policies, which is to enforce them.
func amazonEnforces(at manifests.Field) bool {
	told := false
	at.Walk(func(f manifests.Field) {
		text := strings.ToLower(f.Path()[len(at.Path()):] + f.Text())
		told = told || strings.Contains(text, "policy")
	})
	return told
}
