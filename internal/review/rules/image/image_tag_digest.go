package image

import (
	"regexp"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var imageTagDigest = review.Rule{
	ID: "image-tag-digest", Level: review.Error, Guidelines: []string{"G13"},
	Summary: "An image's tag and digest no longer belong together",
	Kinds:   []string{review.ImageUsers},
	Asks:    true,
	Check:   checkImageTagDigest,
}

// wholeVersion is a tag that is meant to name one build for ever: a version of three numbers or more, a commit.
var wholeVersion = regexp.MustCompile(`(^|[^0-9])\d+\.\d+\.\d+|(^|[^0-9a-f])[0-9a-f]{40}($|[^0-9a-f])`)

func checkImageTagDigest(p *review.Pass) {
	before := pinnedAtBase(p)
	eachTagged(p, func(u review.ImageField, now images.Reference) {
		old, known := before[u.Title]
		known = known && now.Name() == old.Name()
		switch {
		case !pinned(now):
		case known && now.Tag != old.Tag && now.Digest == old.Digest:
			p.Report(u.Field, "%s moves from tag %s to %s, its digest stays", u.Title, old.Tag, now.Tag).
				Detail("Runtimes go by the digest and pay no heed to the tag beside it, so the old image would go on running under the new version's name. Set the digest that tag %s has%s.", now.Tag, tagDigest(p, now))
		case namesAnother(p, now):
			reportOther(p, u, now)
		case known && now.Tag == old.Tag && now.Digest != old.Digest && wholeVersion.MatchString(now.Tag) && !confirmed(p, now):
			p.Report(u.Field, "%s gets another digest under the same tag %s", u.Title, now.Tag).
				Detail("A tag that names a whole version is not expected to move. Either somebody pushed it again, or this digest is another image's; ask the registry which image the tag names before this is merged.")
		}
	})
}

// namesAnother reports whether the registry says that the tag beside a digest names another image now.
func namesAnother(p *review.Pass, ref images.Reference) bool {
	found, ok := p.Evidence(ref)
	return ok && found.TagDigest != "" && found.TagDigest != ref.Digest
}

// confirmed reports whether the registry says that tag and digest name the same image.
func confirmed(p *review.Pass, ref images.Reference) bool {
	found, ok := p.Evidence(ref)
	return ok && found.TagDigest == ref.Digest
}

func tagDigest(p *review.Pass, ref images.Reference) string {
	if found, ok := p.Evidence(ref); ok && found.TagDigest != "" {
		return ", " + found.TagDigest
	}
	return ""
}

// reportOther tells both digests. Of a tag that is not a whole version nobody expects that it stays.
func reportOther(p *review.Pass, u review.ImageField, ref images.Reference) {
	found, _ := p.Evidence(ref)
	draft := p.Report(u.Field, "%s has a digest that tag %s does not name any more", u.Title, ref.Tag).
		Detail("The registry says that tag %s is %s, and the digest here is %s. Nodes run the latter, whatever the tag says to readers.", ref.Tag, found.TagDigest, ref.Digest)
	if !wholeVersion.MatchString(ref.Tag) {
		draft.Lower(review.Info)
	}
}

// pinnedAtBase returns the images that the same object had at base, by the container or field that held them, as far as
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
	for _, u := range p.Base.Images(object) {
		if ref, err := u.Reference(); err == nil && pinned(ref) {
			found[u.Title] = ref
		}
	}
	return found
}

func pinned(ref images.Reference) bool { return ref.Tag != "" && ref.Digest != "" }
