// Package resources holds the rules on what workloads may use up: requests, limits, storage, quotas.
package resources

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
		cpuRequests, memoryRequests, memoryLimits, cpuLimits, resourceRatio, resourceRange,
		ephemeralStorage, emptyDirSize, resourceQuotaMissing, limitRangeMissing,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "resources", string(doc)
		}
	}
	return rules
}
