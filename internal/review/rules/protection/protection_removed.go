package protection

import "github.com/landwaiter/landwaiter/internal/review"

var protectionRemoved = review.Rule{
	ID: "protection-removed", Level: review.Error, Guidelines: []string{"G32"},
	Summary: "The change takes away what protected the cluster or its namespaces",
	Kinds:   []string{review.AnyKind},
	Covers: []string{"psa-enforce-missing", "psa-privileged-namespace", "resource-quota-missing", "limit-range-missing", "default-deny-ingress", "default-deny-egress", "network-policy-missing",
		"network-policy-allow-all", "flux-unverified", "audit-policy", "encryption-identity"},
	Check:        checkProtectionWeaker,
	CheckRoot:    reportOpened,
	CheckRemoved: checkProtectionGone,
}

func checkProtectionWeaker(p *review.Pass) { reportChanged(p, isProtection) }

func checkProtectionGone(p *review.Pass) {
	reportGone(p, isProtection)
	reportUncovered(p)
}

// isProtection tells losses of this rule from those of policy-weakened.
func isProtection(r reader, l loss) bool { return !r.policy || !l.weaker }
