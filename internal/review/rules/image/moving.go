package image

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// each calls judge for every image of the pod that can be read.
func each(p *review.Pass, judge func(u review.ImageField, ref images.Reference)) {
	for _, u := range p.Pod.Images() {
		if ref, err := images.ParseReference(u.Text()); err == nil {
			judge(u, ref)
		}
	}
}

// isMoving reports whether the tag is one that is pointed to another image as a matter of course.
func isMoving(p *review.Pass, ref images.Reference) bool {
	if ref.Digest != "" {
		return false
	}
	return ref.Tag == "" || ref.Tag == "latest" || slices.Contains(p.Policy.Images.Moving, ref.Tag)
}
