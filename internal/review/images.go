package review

import (
	"slices"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review/imagetable"
)

// ImageField is one place where an object names an image: a container of any kind, an image volume, a field of a custom
// resource, an argument or variable of an operator; or a chart in a registry.
type ImageField struct {
	manifests.Field                 // where the tag or digest is written, else the name
	PullPolicy      manifests.Field // beside it, perhaps absent
	Title           string          // "container web", "volume models", "field spec.thanos.image"
	Chart           bool            // it is a chart, or another artifact that is no image
	Open            bool            // tag and digest are decided elsewhere, so that only the repository is known

	reference string // where it is not what the field holds
	parsed    func() (images.Reference, error)
}

// Reference returns what the image is called, read as images.ParseReference does, once for all rules.
func (f ImageField) Reference() (images.Reference, error) {
	if f.parsed == nil {
		return images.ParseReference(f.Text())
	}
	return f.parsed()
}

// parsedOnce has the references of fields read when the first one asks.
func parsedOnce(fields []ImageField) []ImageField {
	for i, f := range fields {
		if f.parsed == nil {
			fields[i].parsed = sync.OnceValues(func() (images.Reference, error) { return images.ParseReference(f.Text()) })
		}
	}
	return fields
}

// Text returns the reference as it is written: what the field holds, or what several fields make together.
func (f ImageField) Text() string {
	if f.reference != "" {
		return f.reference
	}
	return f.Field.Text()
}

// Images lists the images of a pod. Left out is what names none: an absent image, and Istio's "auto", which the mesh
// replaces before the pod is admitted.
func (w *Workload) Images() []ImageField {
	return slices.Clone(OnceIn(w, "images", (*Workload).findImages))
}

func (w *Workload) findImages() []ImageField {
	var found []ImageField
	add := func(at, policy manifests.Field, title string, parsed func() (images.Reference, error)) {
		if at.IsSet() && !w.isInjected(at) {
			found = append(found, ImageField{Field: at, PullPolicy: policy, Title: title, parsed: parsed})
		}
	}
	for _, c := range w.Containers {
		add(c.Get("image"), c.Get("imagePullPolicy"), c.Title(), c.reference)
	}
	for _, volume := range w.List("volumes") {
		source := volume.Get("image")
		add(source.Get("reference"), source.Get("pullPolicy"), "volume "+volume.Get("name").Text(), nil)
	}
	return parsedOnce(found)
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

// toldImages lists the images that the pod's containers and annotations tell of: operators run what they are told.
func (w *Workload) toldImages() []ImageField {
	var found []ImageField
	for _, c := range w.Containers {
		for _, one := range imagetable.Told(c.Field) {
			found = append(found, tableField(w.Object, one))
		}
	}
	for _, one := range imagetable.Injected(w.Meta) {
		found = append(found, tableField(w.Object, one))
	}
	return found
}

// tableField makes an ImageField of what the table of operators found.
func tableField(o *manifests.Object, one imagetable.Found) ImageField {
	f := ImageField{Field: one.Field, Chart: one.Chart, Open: one.Open, reference: one.Text}
	switch {
	case one.Word != "" && one.Container != "":
		f.Title = one.Word + " of container " + one.Container
	case one.Word != "":
		f.Title = one.Word
	case one.Container != "":
		f.Title = "container " + one.Container
	default:
		f.Title = "field " + strings.TrimPrefix(stablePath(o, one.Path()), ".")
	}
	return f
}

// Images lists every place where an object of the root names an image, each field once, in the order: its pods, what
// these tell operators, and what is known of custom resources.
func (v *RootView) Images(o *manifests.Object) []ImageField {
	v.imagesOnce.Do(func() {
		v.images = make(map[*manifests.Object][]ImageField)
		for _, o := range v.Objects {
			if found := v.findImages(o); len(found) > 0 {
				v.images[o] = parsedOnce(found)
			}
		}
	})
	return v.images[o]
}

func (v *RootView) findImages(o *manifests.Object) []ImageField {
	if IsHelmTest(o) || !v.Root.Kind.Renders() {
		return nil
	}
	var found []ImageField
	for _, pod := range v.Workloads(o) {
		found = append(found, pod.Images()...)
		found = append(found, pod.toldImages()...)
	}
	for _, one := range imagetable.Find(o, v.imagePaths, v.lookup) {
		if !one.Guessed || !v.deployed[o.Identity] { // what the chart makes of its values is seen by itself
			found = append(found, tableField(o, one))
		}
	}
	if len(found) < 2 {
		return found
	}
	type place struct{ path, text string } // a field may hold several
	seen := make(map[place]bool, len(found))
	return slices.DeleteFunc(found, func(f ImageField) bool {
		at := place{f.Path(), f.Text()}
		again := seen[at]
		seen[at] = true
		return again
	})
}

// lookup finds an object of the root by kind, namespace and name; nil when there is none.
func (v *RootView) lookup(kind, namespace, name string) *manifests.Object {
	for _, o := range v.OfKind(kind) {
		if o.Name == name && (o.Namespace == namespace || o.Namespace == "" || namespace == "") {
			return o
		}
	}
	return nil
}

// eachImage calls visit for every image of the root, in the order of its objects.
func (v *RootView) eachImage(visit func(*manifests.Object, ImageField)) {
	for _, o := range v.Objects {
		for _, f := range v.Images(o) {
			visit(o, f)
		}
	}
}

// ImageChange is an image that the change replaces by another in the same container or field.
type ImageChange struct {
	Root     string
	Object   manifests.Identity
	Title    string // "container web"
	From, To string // as written, passwords masked
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
			changes = append(changes, ImageChange{after.Root.Path, o.Identity, f.Title, images.Shown(from), images.Shown(f.Text())})
		}
	})
	return changes
}
