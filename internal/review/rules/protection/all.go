// Package protection holds the rules on what a change takes away from what protects a cluster: network policies, quotas,
// admission policies, mutual TLS, audit, encryption, and the agents that watch.
//
// Both sides are read as guards, each of which is one thing that an object protects from, by its effect. A guard of base
// is missed at head when nothing there has its effect, however that is called and wherever it stands.
package protection

import (
	"embed"

	"github.com/landwaiter/landwaiter/internal/review"
)

//go:embed *.md
var docs embed.FS

// Rules returns the area's rules in the order of the catalogue.
func Rules() []review.Rule {
	return review.Area("protection", docs, protectionRemoved, policyWeakened)
}
