package network

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var networkPolicyAllowAll = review.Rule{
	ID: "network-policy-allow-all", Level: review.Error, Guidelines: []string{"G15", "G16"},
	Summary: "A network policy lets through traffic from or to everywhere",
	Kinds:   slices.Concat(policyKinds, adminKinds),
	Check:   checkNetworkPolicyAllowAll,
}

func checkNetworkPolicyAllowAll(p *review.Pass) {
	for _, policy := range readPolicies(p.Object, landing(p.Root, p.Object)) {
		if slices.Contains(adminKinds, p.Object.Kind) {
			checkAdminAllowAll(p, policy)
			continue
		}
		if at, open := policy.letsAll(ingress); open {
			p.Report(at, "network policy %s lets in everything from everywhere", p.Object.Name).Related(policy.chosen).
				Detail("For the pods that it selects this undoes what other policies close: policies only ever add to each other. Name the peers that may connect, and their ports.")
		} else if at, open := policy.letsCluster(); open {
			p.Report(at, "network policy %s lets in everything from every pod of the cluster", p.Object.Name).Related(policy.chosen).Lower(review.Warning).
				Detail("An empty namespaceSelector is every namespace: one pod that is taken over, whosever it is, reaches all ports of those that the policy selects. Name the namespaces by their labels (kubernetes.io/metadata.name), the pods in them and the ports.")
		}
		if at, open := policy.letsAll(egress); open {
			p.Report(at, "network policy %s lets everything out to everywhere", p.Object.Name).Related(policy.chosen).
				Detail("For the pods that it selects this undoes what other policies close: policies only ever add to each other. Name the peers that they need, and their ports.")
		}
	}
}

// checkAdminAllowAll judges a policy of the cluster's administrators. Its peers for ingress are pods only, so that every pod
// is all that it can let in.
func checkAdminAllowAll(p *review.Pass, policy *policy) {
	why, level := "It is asked before the NetworkPolicies of namespaces, which cannot take back what it allows. Let it pass to them (action: Pass), or name the peers and ports.", review.Error
	if isBaseline(p.Object) {
		why, level = "Where no NetworkPolicy selects a pod, it is as open as without any policy. Deny by default here, and let namespaces open what they need.", review.Warning
	}
	if at, open := policy.letsCluster(); open {
		p.Report(at, "%s %s lets in everything from every pod of the cluster", p.Object.Kind, p.Object.Name).Related(policy.chosen).Lower(level).Detail("%s", why)
	}
	if at, open := policy.letsAll(egress); open {
		p.Report(at, "%s %s lets everything out to everywhere", p.Object.Kind, p.Object.Name).Related(policy.chosen).Lower(level).Detail("%s", why)
	}
}
