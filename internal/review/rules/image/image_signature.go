package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageSignature = review.Rule{
	ID: "image-signature", Level: review.Error, Guidelines: []string{"G14"},
	Summary: "An image is not signed by whom the policy names for it",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check: proof{images.ProofSignature, "which nobody signed", "which is not signed by whom the policy names",
		"The policy says who signs images of this repository. One without that signature may have been put there by anybody who can push."}.check,
}
