package imagetable

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// The table cannot know every custom resource, and a pod can lie anywhere in one. What has a list of containers with images is
// taken for a pod, wherever it is: whoever wants to hide an image would look for the kind that is not in the table.

// containerLists are where the spec of a pod has its containers.
var containerLists = []string{"initContainers", "containers", "ephemeralContainers"}

// patternGroups end the API groups whose objects hold pods as patterns that others are held against.
var patternGroups = []string{"kyverno.io", "gatekeeper.sh", "kubewarden.io", "apiextensions.k8s.io", "admissionregistration.k8s.io"}

// isCustom reports whether pods may lie anywhere in an object: custom resources have groups with a dot.
func isCustom(o *manifests.Object) bool {
	group := o.Group()
	return strings.Contains(group, ".") && !slices.ContainsFunc(patternGroups, func(g string) bool { return group == g || strings.HasSuffix(group, "."+g) })
}

// anywhere finds the images of pods that the table does not know of.
func (f *finder) anywhere(object manifests.Field) {
	known := make(map[string]bool, len(f.found))
	for _, one := range f.found {
		known[one.Path()] = true
	}
	object.Walk(func(at manifests.Field) {
		if !at.IsMap() {
			return
		}
		pod := false
		for _, list := range containerLists {
			for _, c := range at.Get(list).Items() {
				image := c.Get("image")
				if !isReference(image.Text()) {
					continue
				}
				if pod = true; !known[image.Path()] {
					f.container(&Row{}, c)
				}
			}
		}
		if pod {
			f.imageVolumes(&Row{}, at, known)
		}
	})
}

// isReference reports whether text may be an image, and not a variable, or what Istio replaces.
func isReference(text string) bool { return text != "" && text != "auto" && !images.IsUnresolved(text) }
