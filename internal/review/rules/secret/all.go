// Package secret holds the rules on secrets: none of them lies in Git, and workloads get them in a way that leaks
// little. No message, detail or path of these rules ever holds a secret's value.
package secret

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
		secretInGit, secretInConfig, secretEnv, serviceAccountTokenSecret,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "secret", string(doc)
		}
	}
	return rules
}
