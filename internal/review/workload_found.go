package review

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Custom resources are searched for pod templates only so far: what is deeper or comes later than this is for policy to name.
const (
	maxTemplateDepth  = 16
	maxTemplateFields = 20_000
)

// quotingGroups are API groups whose objects write pods down without running them: as patterns to compare with, as values
// of charts and templates that are rendered first, or in a shape that is read elsewhere.
var quotingGroups = []string{
	"k8s.io", "kyverno.io", "gatekeeper.sh", "fluxcd.io", "argoproj.io", "crossplane.io", "openshift.io", "serving.knative.dev",
}

// foundWorkloads returns the pods of a custom resource that nobody told us of: mappings that can hardly be anything else
// than a pod's template, since each of their containers has a name and an image. Where the operator fills in the image it
// fills in more, so that nothing could be said of what is absent.
func foundWorkloads(o *manifests.Object) []*Workload {
	group := o.Group()
	if !strings.Contains(group, ".") {
		return nil
	}
	for _, quoting := range quotingGroups {
		if group == quoting || strings.HasSuffix(group, "."+quoting) {
			return nil
		}
	}
	s := &templateSearch{object: o, left: maxTemplateFields}
	for _, e := range o.Field().Entries() {
		if e.Key != "metadata" && e.Key != "status" {
			s.look(e.Key, e.Value, maxTemplateDepth)
		}
	}
	return s.found
}

// templateSearch walks a custom resource.
type templateSearch struct {
	object *manifests.Object
	left   int // fields that may still be looked at
	found  []*Workload
}

func (s *templateSearch) look(key string, f manifests.Field, depth int) {
	if s.left--; s.left < 0 || depth == 0 {
		return
	}
	spec := f.Get("spec")
	switch {
	case isPodSpec(spec):
		s.add(f.Get("metadata"), spec)
		return
	case (key == "podSpec" || key == "podTemplate") && isPodSpec(f):
		s.add(f.Get("metadata"), f)
		return
	}
	for _, e := range f.Entries() {
		s.look(e.Key, e.Value, depth-1)
	}
	for _, item := range f.Items() {
		s.look("", item, depth-1)
	}
}

func (s *templateSearch) add(meta, spec manifests.Field) {
	w := newWorkload(s.object, meta, spec)
	w.Found = true
	s.found = append(s.found, w)
}

// isPodSpec reports whether a field is a list of containers, each with a name and an image, and what goes with them.
func isPodSpec(spec manifests.Field) bool {
	containers := spec.Get("containers").Items()
	for _, c := range containers {
		if c.Get("name").Text() == "" || c.Get("image").Text() == "" {
			return false
		}
	}
	return len(containers) > 0
}
