// Package image holds the rules on container images: where an image is from, how firmly it is named, what proves it, and
// images that nobody should run any more. What registries say of an image was asked before; the rules ask nobody.
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
		imageRegistry, imageLatest, imageDigest, imageTagDigest, imageMissing, imagePullPolicy, imageRegistryRetired,
		imageInvalid, imageSignature, imageProvenance, imageSBOM, imageScan, imagePullSecret, imageUnverified, tiller, dashboardExposed, ingressControllerOutdated,
	}
	for i := range rules {
		doc, err := docs.ReadFile(strings.ReplaceAll(rules[i].ID, "-", "_") + ".md")
		if err == nil { // a missing page is found by the test over all rules
			rules[i].Area, rules[i].Doc = "image", string(doc)
		}
	}
	return rules
}
