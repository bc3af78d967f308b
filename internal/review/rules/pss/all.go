// Package pss holds the rules on the Pod Security Standards: pods against the standards and against their
// namespaces, namespaces that do not enforce one, and what came before the standards.
package pss

import (
	"embed"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	rules := []review.Rule{
		pssBaseline, pssRestricted, psaEnforceMissing, psaPrivilegedNamespace, psaVersionUnpinned, psaWouldReject,
		podSecurityPolicy, pspUseRole, sccPrivileged,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "pss", string(doc)
		}
	}
	return rules
}
