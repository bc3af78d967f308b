// Package image holds the rules on container images that need no registry: where an image is from, how firmly it
// is named, and images that nobody should run any more.
package image

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
		imageRegistry, imageLatest, imageDigest, imageTagDigest, imagePullPolicy, imageRegistryRetired,
		imageInvalid, imagePullSecret, tiller, dashboardExposed, ingressControllerOutdated,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "image", string(doc)
		}
	}
	return rules
}
