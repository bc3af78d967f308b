package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageScan = review.Rule{
	ID: "image-scan", Level: review.Warning, Guidelines: []string{"G14"},
	Summary: "An image has no attested scan that meets the policy",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check: proof{images.ProofScan, "which has no scan for vulnerabilities", "whose scan does not meet the policy",
		"The policy says how old a scan may be and what it may have found. An old scan knows nothing of what was found out since."}.check,
}
