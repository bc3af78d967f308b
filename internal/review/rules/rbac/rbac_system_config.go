package rbac

import "github.com/landwaiter/landwaiter/internal/review"

var systemConfig = review.Rule{
	ID: "rbac-system-config", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A role can change the configuration of the cluster's own parts",
	Kinds:   onRoles(),
	Check:   checkSystemConfig,
}

var changeConfig = power{
	can: "change the cluster's own %s in kube-system", verbs: []string{"update", "patch"},
	on: []resources{{group: "", names: []string{"configmaps"}}}, worst: systemConfigs(),
}

// systemConfigs are the ConfigMaps of kube-system that decide who is let in, or where traffic goes.
func systemConfigs() []string {
	return []string{"coredns", "coredns-custom", "aws-auth", "kube-proxy", "kube-proxy-config", "kubeadm-config", "kubelet-config",
		"extension-apiserver-authentication", "cluster-info"}
}

func checkSystemConfig(p *review.Pass) {
	if !holdsIn(p, "kube-system") {
		return
	}
	for _, g := range grantsOf(p.Object) {
		hits := changeConfig.hits(g)
		if len(hits) == 0 {
			continue
		}
		d := p.Report(changeConfig.place(hits), "%s %s can %s%s", p.Object.Kind, p.Object.Name, changeConfig.phrase(hits), only(g)).
			Detail("%s %s", "With coredns one sends the cluster's traffic elsewhere, with aws-auth one lets oneself in as an administrator, with kube-proxy one opens the nodes.", holdersOf(p))
		explain(d, p.Object, g, changeConfig, hits)
	}
}

// holdsIn reports whether p.Object, a role, may hold in a namespace: a ClusterRole does where the repository binds it,
// and anywhere when it does not.
func holdsIn(p *review.Pass, namespace string) bool {
	if p.Object.Kind == "Role" {
		return p.Root.Namespace(p.Object) == namespace
	}
	bound, wide, in := reachOf(p, namespace)
	return !bound || wide || in
}
