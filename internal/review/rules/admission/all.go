// Package admission holds the rules on what a cluster would refuse: the ValidatingAdmissionPolicies of the repository are
// asked about everything that is rendered. Policies that only other programs can evaluate are named.
package admission

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("admission", docs, admissionPolicy, admissionPolicyInvalid, admissionUnevaluated)
}
