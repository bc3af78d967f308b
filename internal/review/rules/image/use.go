package image

import (
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// use is one place where a pod names an image: a container of any kind, or an image volume.
type use struct {
	manifests.Field                 // the reference
	policy          manifests.Field // the pull policy beside it
	title           string          // "container web", "volume models"
}

// uses lists the images of a pod.
func uses(pod *review.Workload) []use {
	var found []use
	for _, f := range pod.Images() {
		found = append(found, use{f.Field, f.PullPolicy, f.Title})
	}
	return found
}

// each calls judge for every image of the pod that can be read.
func each(p *review.Pass, judge func(u use, ref images.Reference)) {
	for _, u := range uses(p.Pod) {
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
	if ref.Tag == "" || ref.Tag == "latest" {
		return true
	}
	for _, tag := range p.Policy.Images.Moving {
		if tag == ref.Tag {
			return true
		}
	}
	return false
}
