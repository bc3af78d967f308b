package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageSBOM = review.Rule{
	ID: "image-sbom", Level: review.Info, Guidelines: []string{"G14"},
	Summary: "An image has no attested bill of materials",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check: proof{images.ProofSBOM, "which has no bill of materials", "whose bill of materials does not count",
		"Without one nobody can tell, on the day that a library turns out to be dangerous, whether the image holds it."}.check,
}
