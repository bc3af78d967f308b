package image

import (
	"strings"

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

// uses lists the images of a pod. Left out is what names none: an absent image, and Istio's "auto", which the mesh
// replaces before the pod is admitted.
func uses(pod *review.Workload) []use {
	var found []use
	add := func(at, policy manifests.Field, title string) {
		if at.IsSet() && !isInjected(pod, at) {
			found = append(found, use{at, policy, title})
		}
	}
	for _, c := range pod.Containers {
		add(c.Get("image"), c.Get("imagePullPolicy"), c.Title())
	}
	for _, volume := range pod.Spec.Get("volumes").Items() {
		source := volume.Get("image")
		add(source.Get("reference"), source.Get("pullPolicy"), "volume "+volume.Get("name").Text())
	}
	return found
}

func isInjected(pod *review.Workload, at manifests.Field) bool {
	if at.Text() != "auto" {
		return false
	}
	for _, key := range []string{"annotations", "labels"} {
		for _, entry := range pod.Meta.Get(key).Entries() {
			if strings.HasPrefix(entry.Key, "inject.istio.io/") || entry.Key == "sidecar.istio.io/inject" {
				return true
			}
		}
	}
	return false
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
