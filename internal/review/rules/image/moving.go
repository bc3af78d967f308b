package image

import (
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

// each calls judge for every image of the pod that can be read.
func each(p *review.Pass, judge func(u review.ImageField, ref images.Reference)) {
	for _, u := range p.Pod.Images() {
		if ref, err := u.Reference(); err == nil {
			judge(u, ref)
		}
	}
}

// eachNamed calls judge for every image of the object that can be read, charts left out.
func eachNamed(p *review.Pass, judge func(u review.ImageField, ref images.Reference)) {
	for _, u := range p.Images() {
		if ref, err := u.Reference(); err == nil && !u.Chart {
			judge(u, ref)
		}
	}
}

// eachTagged does so for those of which all is written here.
func eachTagged(p *review.Pass, judge func(u review.ImageField, ref images.Reference)) {
	eachNamed(p, func(u review.ImageField, ref images.Reference) {
		if !u.Open {
			judge(u, ref)
		}
	})
}

// isMoving reports whether the tag is one that is pointed to another image as a matter of course.
func isMoving(p *review.Pass, ref images.Reference) bool {
	if ref.Digest != "" {
		return false
	}
	return ref.Tag == "" || ref.Tag == "latest" || slices.Contains(p.Policy.Images.Moving, ref.Tag)
}

// pin offers to pin an image to the digest that its tag has now, where the registry has said it.
func pin(p *review.Pass, draft *review.Draft, u review.ImageField, ref images.Reference) {
	found, ok := p.Evidence(ref)
	if ok && found.Digest != "" && ref.Digest == "" && strings.HasSuffix(u.Field.Text(), u.Text()) {
		draft.Fix("pin it to the digest that it has now", review.Pin(u.Field, found.Digest)).Unsafe()
	}
}

// moved says, as a further sentence, that a tag names another image than when it was last looked up.
func moved(p *review.Pass, ref images.Reference) string {
	found, ok := p.Evidence(ref)
	if !ok || found.Moved == nil {
		return ""
	}
	return " It has moved: on " + found.Moved.Seen.Format(time.DateOnly) + " it was " + found.Moved.From + ", now it is " + found.Moved.To + "."
}
