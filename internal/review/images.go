package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// ImageField is one place where a pod names an image: a container of any kind, or an image volume.
type ImageField struct {
	manifests.Field                 // the reference
	PullPolicy      manifests.Field // beside it, perhaps absent
	Title           string          // "container web", "volume models"
}

// Images lists the images of a pod. Left out is what names none: an absent image, and Istio's "auto", which the mesh
// replaces before the pod is admitted.
func (w *Workload) Images() []ImageField {
	var found []ImageField
	add := func(at, policy manifests.Field, title string) {
		if at.IsSet() && !w.isInjected(at) {
			found = append(found, ImageField{at, policy, title})
		}
	}
	for _, c := range w.Containers {
		add(c.Get("image"), c.Get("imagePullPolicy"), c.Title())
	}
	for _, volume := range w.List("volumes") {
		source := volume.Get("image")
		add(source.Get("reference"), source.Get("pullPolicy"), "volume "+volume.Get("name").Text())
	}
	return found
}

func (w *Workload) isInjected(at manifests.Field) bool {
	if at.Text() != "auto" {
		return false
	}
	for _, key := range []string{"annotations", "labels"} {
		for _, entry := range w.Meta.Get(key).Entries() {
			if strings.HasPrefix(entry.Key, "inject.istio.io/") || entry.Key == "sidecar.istio.io/inject" {
				return true
			}
		}
	}
	return false
}

// ImageResult is an image that the rendered objects of head use. Its JSON form is that of interface.md.
type ImageResult struct {
	Image    string     `json:"image"`    // as written
	Digest   string     `json:"digest"`   // "sha256:…", "" for none
	Allowed  bool       `json:"allowed"`  // by the policy's lists
	Evidence string     `json:"evidence"` // "" when the policy asks for none
	Reason   string     `json:"reason"`   // why it is not allowed, or what the evidence lacks
	UsedBy   []ImageUse `json:"usedBy"`
}

// ImageUse is a field that names an image.
type ImageUse struct {
	Root   string             `json:"root"`
	Object manifests.Identity `json:"object"`
	Path   string             `json:"path"`
}

// ImageChange is an image that the change replaces by another in the same container.
type ImageChange struct {
	Root     string
	Object   manifests.Identity
	Title    string // "container web"
	From, To string // as written
}

// imagesOf lists the images of views by name, each with all its uses.
func imagesOf(views []*RootView, policy ImagePolicy) []ImageResult {
	list, err := images.NewAllowlist(policy.Allow, policy.Deny)
	if err != nil { // wrong patterns have been refused when the policy was read
		list = &images.Allowlist{}
	}
	byName := make(map[string]*ImageResult)
	for _, view := range views {
		view.eachImage(func(o *manifests.Object, f ImageField) {
			text := f.Text()
			if byName[text] == nil {
				byName[text] = imageResult(text, list)
			}
			byName[text].UsedBy = append(byName[text].UsedBy, ImageUse{view.Root.Path, o.Identity, f.Path()})
		})
	}
	all := make([]ImageResult, 0, len(byName))
	for _, image := range byName {
		all = append(all, *image)
	}
	slices.SortFunc(all, func(a, b ImageResult) int { return cmp.Compare(a.Image, b.Image) })
	return all
}

// imageResult holds one image against the policy's lists.
func imageResult(text string, list *images.Allowlist) *ImageResult {
	result := &ImageResult{Image: text, Allowed: true}
	ref, err := images.ParseReference(text)
	if err != nil {
		result.Allowed, result.Reason = !list.Restricts(), fmt.Sprintf("the %v", err)
		return result
	}
	result.Digest = ref.Digest
	allowed, deniedBy := list.Allows(ref)
	switch {
	case allowed:
	case deniedBy != "":
		result.Allowed, result.Reason = false, fmt.Sprintf("the policy denies %s", deniedBy)
	default:
		result.Allowed, result.Reason = false, "no pattern of images.allow covers it"
	}
	return result
}

// eachImage calls visit for every image of the root, in the order of its objects.
func (v *RootView) eachImage(visit func(*manifests.Object, ImageField)) {
	for _, o := range v.Objects {
		for _, pod := range v.Workloads(o) {
			for _, f := range pod.Images() {
				visit(o, f)
			}
		}
	}
}

// imageChanges lists what containers that both sides have run at head instead of what they ran at base.
func imageChanges(before, after *RootView) []ImageChange {
	if before == nil || after == nil {
		return nil
	}
	was := make(map[string]string)
	key := func(o *manifests.Object, f ImageField) string {
		return strings.Join([]string{o.Group(), o.Kind, o.Namespace, o.Name, f.Title}, "|")
	}
	before.eachImage(func(o *manifests.Object, f ImageField) { was[key(o, f)] = f.Text() })
	var changes []ImageChange
	after.eachImage(func(o *manifests.Object, f ImageField) {
		if from := was[key(o, f)]; from != "" && from != f.Text() {
			changes = append(changes, ImageChange{after.Root.Path, o.Identity, f.Title, from, f.Text()})
		}
	})
	return changes
}

// all returns the views in the order of their roots.
func (s *side) all() []*RootView {
	views := make([]*RootView, 0, len(s.order))
	for _, key := range s.order {
		views = append(views, s.views[key])
	}
	return views
}
