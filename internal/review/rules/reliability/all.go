// Package reliability holds the rules on workloads that stay up: probes, replicas, budgets, spreading, autoscaling.
package reliability

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
		livenessProbe, readinessProbe, probesIdentical, probePortUnknown,
		replicasMin, rollingUpdate, antiAffinity, topologySpread, pdbMissing, priorityClass, nakedPod, jobTTL, cronjobDeadline,
		pdbBlocksDrain, pdbAboveReplicas, pdbUnhealthyEviction,
		statefulSetService, portNames, hpaAndReplicas, hpaRange,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "reliability", string(doc)
		}
	}
	return rules
}
