package image

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageMissing = review.Rule{
	ID: "image-missing", Level: review.Error, Guidelines: []string{"G12"},
	Summary: "The registry does not have an image, or not for the nodes' platforms",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check:   checkImageMissing,
}

func checkImageMissing(p *review.Pass) {
	eachAsked(p, func(u review.ImageField, ref images.Reference, found review.ImageEvidence) {
		switch {
		case found.Missing:
			p.Report(u.Field, "%s uses %s, which the registry does not have", u.Title, ref).Part(ref.Tag).
				Detail("Nodes could not pull it, or the name is wrong. Some registries say so of a private image as well, when whoever asks may not see it.")
		case len(found.Platforms) > 0:
			p.Report(u.Field, "%s uses %s, which is not there for %s", u.Title, ref, strings.Join(found.Platforms, ", ")).Part(ref.Tag).
				Detail("The policy says that nodes of these platforms run it (images.platforms). They would find nothing to pull, or a program that they cannot run.")
		}
	})
}

// eachAsked calls judge for every image and chart of the object of which registries have said something.
func eachAsked(p *review.Pass, judge func(review.ImageField, images.Reference, review.ImageEvidence)) {
	for _, u := range p.Images() {
		ref, err := u.Reference()
		if err != nil || u.Open {
			continue
		}
		if found, ok := p.Evidence(ref); ok {
			judge(u, ref, found)
		}
	}
}
