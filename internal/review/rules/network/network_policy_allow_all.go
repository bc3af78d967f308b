package network

import "github.com/landwaiter/landwaiter/internal/review"

var networkPolicyAllowAll = review.Rule{
	ID: "network-policy-allow-all", Level: review.Error, Guidelines: []string{"G15", "G16"},
	Summary: "A network policy lets through traffic from or to everywhere",
	Kinds:   policyKinds,
	Check:   checkNetworkPolicyAllowAll,
}

func checkNetworkPolicyAllowAll(p *review.Pass) {
	for _, policy := range readPolicies(p.Object, landing(p.Root, p.Object)) {
		if at, open := policy.letsAll(ingress); open {
			p.Report(at, "network policy %s lets in everything from everywhere", p.Object.Name).Related(policy.chosen).
				Detail("For the pods that it selects this undoes what other policies close: policies only ever add to each other. Name the peers that may connect, and their ports.")
		}
		if at, open := policy.letsAll(egress); open {
			p.Report(at, "network policy %s lets everything out to everywhere", p.Object.Name).Related(policy.chosen).
				Detail("For the pods that it selects this undoes what other policies close: policies only ever add to each other. Name the peers that they need, and their ports.")
		}
	}
}
