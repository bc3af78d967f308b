// Package namespace holds the rules on where objects live: in a namespace of their own, declared and labelled.
package namespace

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
		namespaceDefault, namespaceUndeclared, namespaceSystem, namespaceShared, labelsRequired,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "namespace", string(doc)
		}
	}
	return rules
}
