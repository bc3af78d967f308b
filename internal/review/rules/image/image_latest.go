package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageLatest = review.Rule{
	ID: "image-latest", Level: review.Error, Guidelines: []string{"G13"},
	Summary: "An image has no tag, or one that moves",
	Kinds:   []string{review.ImageUsers},
	Covers:  []string{"image-digest"},
	Asks:    true,
	Check:   checkImageLatest,
}

func checkImageLatest(p *review.Pass) {
	eachTagged(p, func(u review.ImageField, ref images.Reference) {
		if !isMoving(p, ref) {
			return
		}
		message, what := "%s uses %s without a tag", "Without a tag the image is the one called latest, which"
		if ref.Tag != "" {
			message, what = "%s uses %s with the moving tag "+ref.Tag, "The tag "+ref.Tag
		}
		draft := p.Report(u.Field, message, u.Title, ref.Name()).Part(ref.Tag).
			Detail("%s is pointed to another image whenever its owner likes. Two pods of one workload may run different programs, and going back to the last version is not possible by name.%s", what, moved(p, ref))
		pin(p, draft, u, ref)
	})
}
