package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageProvenance = review.Rule{
	ID: "image-provenance", Level: review.Error, Guidelines: []string{"G14"},
	Summary: "An image has no SLSA provenance that meets the policy",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check: proof{images.ProofProvenance, "which has no provenance", "which was not built as the policy asks",
		"Provenance says which builder made the image out of which source. The policy asks for it, so that what runs is what was reviewed as source."}.check,
}
