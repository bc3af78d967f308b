package protection

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

var policyWeakened = review.Rule{
	ID: "policy-weakened", Level: review.Error, Guidelines: []string{"G26", "G32"},
	Summary:      "A policy refuses less than it did",
	Kinds:        []string{review.AnyKind},
	Covers:       []string{"webhook-fail-open", "argo-project-wildcard"},
	Check:        checkPolicyWeakened,
	CheckRemoved: checkPolicyReplaced,
}

func checkPolicyWeakened(p *review.Pass) {
	if p.Before == nil {
		return
	}
	switch kind := kindOf(p.Object); {
	case slices.Contains(exceptionKinds, kind):
		reportExceptions(p)
	case kind == "AppProject.argoproj.io":
		reportWidened(p)
	}
	reportChanged(p, isWeaker)
}

// checkPolicyReplaced looks at policies that are gone and for which weaker ones stand in.
func checkPolicyReplaced(p *review.Pass) { reportGone(p, isWeaker) }

func isWeaker(r reader, l loss) bool { return r.policy && l.weaker }
