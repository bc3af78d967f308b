package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageDigest = review.Rule{
	ID: "image-digest", Level: review.Warning, Guidelines: []string{"G13", "G4"},
	Summary: "An image is not pinned by digest",
	Kinds:   []string{review.ImageUsers},
	Asks:    true, Untouched: review.Info,
	Check: checkImageDigest,
}

func checkImageDigest(p *review.Pass) {
	eachTagged(p, func(u review.ImageField, ref images.Reference) {
		if ref.Digest == "" {
			draft := p.Report(u.Field, "%s uses %s without a digest", u.Title, ref).Part(ref.Tag).
				Detail("A tag can be pushed again. Only the digest makes sure that what was reviewed and tested is what every node pulls.%s", moved(p, ref))
			pin(p, draft, u, ref)
		}
	})
}
