package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// standing is what an Index knows of its objects beside them.
type standing struct {
	views map[*manifests.Object]*RootView // of what was rendered
	raw   map[*manifests.Object]bool      // plain source of which a rendered root has made what it is
	read  map[string]bool                 // the files that the views were made of
}

// indexOf makes the index of one side: the objects of views, and what else is plain in the repository's source. Of that,
// what stands in a file which one of the views was made of is raw.
func indexOf(views []*RootView, context []*manifests.Object, read map[string]bool) *Index {
	all := append([]*manifests.Object(nil), context...)
	known := standing{views: make(map[*manifests.Object]*RootView), raw: make(map[*manifests.Object]bool), read: read}
	for _, o := range context {
		if span, ok := startOf(o); ok && read[span.File] {
			known.raw[o] = true
		}
	}
	for _, view := range views {
		for _, o := range view.Objects {
			known.views[o] = view
		}
		all = append(all, view.Objects...)
	}
	x := NewIndex(all)
	x.standing = known
	return x
}

// Standing returns the repository's objects of a kind as they are applied, as far as that is known: OfKind without the
// plain source of what one of the rendered roots has, which may have other names there, or be left out.
func (x *Index) Standing(kind string) []*manifests.Object {
	var found []*manifests.Object
	for _, o := range x.byKind[kind] {
		if !x.standing.raw[o] {
			found = append(found, o)
		}
	}
	return found
}

// View returns the rendered root that an object of the index is part of; nil for what is plain in the source.
func (x *Index) View(o *manifests.Object) *RootView { return x.standing.views[o] }

// Namespace returns the namespace that an object of the index lands in, as far as its root says.
func (x *Index) Namespace(o *manifests.Object) string {
	if view := x.View(o); view != nil {
		return view.Namespace(o)
	}
	return o.Namespace
}
