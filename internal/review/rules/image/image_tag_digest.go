package image

import (
	"regexp"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageTagDigest = review.Rule{
	ID: "image-tag-digest", Level: review.Error, Guidelines: []string{"G13"},
	Summary: "An image's tag and digest no longer belong together",
	Kinds:   []string{review.Workloads},
	Check:   checkImageTagDigest,
}

// wholeVersion is a tag that is meant to name one build for ever: a version of three numbers or more, a commit.
var wholeVersion = regexp.MustCompile(`(^|[^0-9])\d+\.\d+\.\d+|(^|[^0-9a-f])[0-9a-f]{40}($|[^0-9a-f])`)

func checkImageTagDigest(p *review.Pass) {
	before := pinnedAtBase(p)
	for _, u := range p.Pod.Images() {
		now, err := images.ParseReference(u.Text())
		old, known := before[u.Title]
		if err != nil || !known || !pinned(now) || now.Name() != old.Name() {
			continue
		}
		switch {
		case now.Tag != old.Tag && now.Digest == old.Digest:
			p.Report(u.Field, "%s moves from tag %s to %s, its digest stays", u.Title, old.Tag, now.Tag).
				Detail("Runtimes go by the digest and pay no heed to the tag beside it, so the old image would go on running under the new version's name. Set the digest that tag %s has.", now.Tag)
		case now.Tag == old.Tag && now.Digest != old.Digest && wholeVersion.MatchString(now.Tag):
			p.Report(u.Field, "%s gets another digest under the same tag %s", u.Title, now.Tag).
				Detail("A tag that names a whole version is not expected to move. Either somebody pushed it again, or this digest is another image's; ask the registry which image the tag names before this is merged.")
		}
	}
}

// pinnedAtBase returns the images that the same object had at base, by the container that held them, as far as
// they had both a tag and a digest.
func pinnedAtBase(p *review.Pass) map[string]images.Reference {
	found := map[string]images.Reference{}
	if p.Base == nil {
		return found
	}
	object := p.Base.Match(p.Object)
	if object == nil {
		return found
	}
	for _, pod := range p.Base.Workloads(object) {
		for _, u := range pod.Images() {
			if ref, err := images.ParseReference(u.Text()); err == nil && pinned(ref) {
				found[u.Title] = ref
			}
		}
	}
	return found
}

func pinned(ref images.Reference) bool { return ref.Tag != "" && ref.Digest != "" }
