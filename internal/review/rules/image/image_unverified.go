package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageUnverified = review.Rule{
	ID: review.RuleImageUnverified, Level: review.Warning, Guidelines: []string{"G14"},
	Summary: "An image could not be verified, since its registry could not be asked",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check:   checkImageUnverified,
}

func checkImageUnverified(p *review.Pass) {
	eachAsked(p, func(u review.ImageField, ref images.Reference, found review.ImageEvidence) {
		if found.Unknown() {
			p.Report(u.Field, "%s uses %s, which could not be verified", u.Title, ref).Part(ref.Tag).
				Detail("%s The policy asks for proof of this image, and what could not be asked never passes as proven. Run the check again once the registry answers; gate.onIndeterminate says whether it fails until then.", sentence(found.Reason))
		}
	})
}
