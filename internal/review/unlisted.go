package review

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// unlisted takes out of head what nobody applies any more: what objects make that stand in a root by itself, which is one only
// since the change took it from an object of Argo CD or Flux. A kustomization that stays and no longer names a file, and a
// directory whose Kustomization is gone or fails, leave files behind that look like roots of their own. What they had rendered
// is gone with them, and has not moved there. alone are the roots by themselves at base.
func (f *deployed) unlisted(base *deployed, alone []manifests.Root) {
	covered, before, stays := coversOf(base.roots), make(map[string]bool), make(map[string]bool)
	for _, root := range alone {
		before[rootKey(root)] = true
	}
	for _, root := range f.roots {
		stays[rootKey(root)] = true
	}
	held := make(map[string]bool) // objects that a deployment holds which stays, by maker
	for _, root := range base.roots {
		if parent := base.parents[rootKey(root)]; parent.Deployment != nil && stays[rootKey(parent)] {
			held[maker(root)] = true
		}
	}
	idle := make(map[string]bool)
	f.roots = slices.DeleteFunc(f.roots, func(root manifests.Root) bool {
		parent := f.parents[rootKey(root)]
		switch {
		case parent.Deployment != nil:
			idle[rootKey(root)] = idle[rootKey(parent)]
		case has(covered, coverKey(parent)):
			idle[rootKey(root)] = true
		default:
			idle[rootKey(root)] = !before[rootKey(parent)] && held[maker(root)]
		}
		return idle[rootKey(root)]
	})
}

// maker names the object that makes a root, and the file in which it stands. Its namespace may come from what names the file.
func maker(root manifests.Root) string {
	by, file := root.Deployment.By, ""
	if frame := root.Deployment.At.Best(); frame != nil {
		file = frame.Span.File
	}
	return by.Group() + " " + by.Kind + " " + by.Name + " " + file
}
