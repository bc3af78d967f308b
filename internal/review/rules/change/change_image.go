package change

import (
	"fmt"
	"path"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeImage = review.Rule{
	ID: "change-image", Level: review.Info, Guidelines: []string{"G13"},
	Summary: "The change replaces an image",
	Kinds:   []string{review.Workloads},
	Check:   checkChangeImage,
}

func checkChangeImage(p *review.Pass) {
	was, in := p.Was()
	if was == nil || string(was.Raw) == string(p.Object.Raw) {
		return
	}
	before := make(map[string]string)
	for _, pod := range in.Workloads(was) {
		if pod.Spec.Path() == p.Pod.Spec.Path() {
			for _, u := range pod.Images() {
				before[u.Title] = u.Text()
			}
		}
	}
	for _, u := range p.Pod.Images() {
		if old := before[u.Title]; old != "" && old != u.Text() {
			reportImage(p, u, old)
		}
	}
}

func reportImage(p *review.Pass, u review.ImageField, old string) {
	from, err := images.ParseReference(old)
	to, err2 := u.Reference()
	if err != nil || err2 != nil { // it may hold what nobody should read
		p.Report(u.Field, "%s gets another image", u.Title).Effect("%s", u.Title)
		return
	}
	move := movedVersion(from, to)
	text := fmt.Sprintf("%s moves from %s to %s", u.Title, shownImage(from, to), shownImage(to, from))
	d := p.Report(u.Field, "%s%s", text, move.note()).Effect("%s|%s|%s", u.Title, from, to)
	switch move {
	case older:
		d.Raise(review.Warning).Detail("Data and configuration that the newer version has written may not be readable by the older one; going back is safe only where its release notes say so.")
	case nextMajor:
		d.Raise(review.Warning).Detail("A new major version is where projects put what breaks: look through its release notes for settings, interfaces and data formats that are gone.")
	}
}

// shownImage writes an image as far as it differs from another: its tag and digest alone where the name is the same.
func shownImage(ref, other images.Reference) string {
	const short = len("sha256:") + 12
	text := ref.Name()
	if text == other.Name() {
		text = ""
	}
	switch {
	case ref.Tag != "" && text == "":
		text = ref.Tag
	case ref.Tag != "":
		text += ":" + ref.Tag
	case ref.Digest == "" && text == "":
		text = "no tag"
	}
	if ref.Digest != "" && (ref.Tag == "" || ref.Digest != other.Digest) {
		text += "@" + ref.Digest[:min(short, len(ref.Digest))]
	}
	return text
}

// movement of a version.
type versionMove uint8

const (
	onward versionMove = iota // or not comparable
	older
	nextMajor
)

func (m versionMove) note() string {
	return [...]string{"", ", an older version", ", a new major version"}[m]
}

// movedVersion compares the versions of two images, if they are of one project: images of another name are not older or
// newer.
func movedVersion(from, to images.Reference) versionMove {
	if path.Base(from.Repository) != path.Base(to.Repository) {
		return onward
	}
	before, ok := parseVersion(from.Tag)
	after, also := parseVersion(to.Tag)
	switch {
	case !ok || !also:
		return onward
	case after.less(before):
		return older
	case before.hasMajor() && after.hasMajor() && after.numbers[0] > before.numbers[0]:
		return nextMajor
	}
	return onward
}
