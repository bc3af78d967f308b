package imagetable

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Values for a chart that is elsewhere are read by the conventions of charts (helm.sh/docs/chart_best_practices/pods):
// a mapping with repository and tag, or a key image with a whole reference. A tag without a repository names nothing.

// maxValues is how deep values are looked into.
const maxValues = 16

func (f *finder) values(row *Row, at manifests.Field) { f.valuesBelow(row, at, "", maxValues) }

func (f *finder) valuesBelow(row *Row, at manifests.Field, key string, depth int) {
	if depth == 0 {
		return
	}
	if one, ok := valuesImage(at, key); ok {
		one.Guessed = true
		f.add(row, one)
	}
	for _, e := range at.Entries() {
		f.valuesBelow(row, e.Value, e.Key, depth-1)
	}
	for _, item := range at.Items() {
		f.valuesBelow(row, item, key, depth-1)
	}
}

var (
	threeParts = parseTemplate("{repository}/{image}:{tag,version}@{digest}")
	splitImage = parseTemplate("{registry?}/{repository}:{tag}@{digest,sha}")
	namedImage = parseTemplate("{registry?}/{image}:{tag,imageTag,version}@{digest,imageDigest}")
)

// valuesImage returns the image that a mapping of values is, or that its key image names.
func valuesImage(at manifests.Field, key string) (one Found, ok bool) {
	switch {
	case !at.IsMap():
		return one, false
	case at.Get("repository").Text() != "" && at.Get("image").Text() != "":
		one, ok = threeParts.fill(at)
	case at.Get("repository").Text() != "":
		one, ok = splitImage.fill(at)
		ok = ok && (isImageKey(key) || at.Get("tag").Exists() || at.Get("digest").Exists())
	case at.Get("image").Text() != "":
		whole := at.Get("image")
		one = Found{Field: whole, Text: whole.Text()}
		ref, err := images.ParseReference(one.Text)
		if ok = err == nil && ref.Tag+ref.Digest != ""; !ok {
			one, ok = namedImage.fill(at)
			ok = ok && !one.Open
		}
	}
	if !ok {
		return one, false
	}
	_, err := images.ParseReference(one.Text)
	return one, err == nil
}

func isImageKey(key string) bool { return strings.HasSuffix(strings.ToLower(key), "image") }
