// Package imagetable knows where custom resources of common operators name images, and which arguments and variables of
// operators do. It is a table: a row for each kind, with the place that it was learned from.
package imagetable

import (
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Row says where the objects of one kind name images. Paths are field paths with "*" for every key and "[*]" for every
// item; what follows "|" is a path within the text that the field holds, which is YAML or JSON itself.
type Row struct {
	Kind string // "Kind.group", in any version
	Name string // of the object, with "*"; "" for any

	// Images are fields that hold a reference, or, as "PATH: {repository}:{tag}", several keys of the mapping at PATH that
	// make one together. See template.
	Images []string
	Pods   []string // pod specs
	Values []string // values of a chart that nobody here knows, by the conventions of charts
	Whole  []string // whole objects, lists of them too

	Parameters []string // lists of values of such a chart, each with its name

	Scheme string // that references begin with; what begins otherwise names none
	Chart  bool   // they name charts and other artifacts, not images
	Ranges bool   // a version may be a range
	Tags   bool   // a reference without tag gets one from whoever reads it
	Host   string // of a name without one, where that is not Docker Hub's
	Source string // what says so
}

// Found is a place where an object names an image.
type Found struct {
	manifests.Field // where its tag or digest is written, else its name

	Text      string // the reference
	Container string // the name of the container that runs it, or that tells of it
	Word      string // by which that container, or an annotation, tells of it: "argument --executor-image"
	Chart     bool   // it is a chart or another artifact
	Open      bool   // what completes it is decided elsewhere, so that nothing can be said of tag and digest
	Guessed   bool   // it stands in values, which are read by the conventions of charts
}

// Find lists the places where an object names images, beside the pods that Kubernetes' own kinds have: what the table and more
// say of its kind, and the pods anywhere in a custom resource. The repository
// of a chart that a HelmRelease names is looked for by find, which may be nil. More rows are those of a policy.
func Find(o *manifests.Object, more []Row, find Lookup) []Found {
	f := finder{find: find}
	for _, row := range rowsOf(o) {
		f.row(row, o.Field())
	}
	for _, row := range more {
		if row.matches(o) {
			f.row(row, o.Field())
		}
	}
	if find != nil {
		f.fluxChart(o)
	}
	if isCustom(o) {
		f.anywhere(o.Field())
	}
	return f.found
}

// Lookup finds an object of the same root by kind, namespace and name; nil when there is none.
type Lookup func(kind, namespace, name string) *manifests.Object

// Rows returns the table.
func Rows() []Row { return slices.Concat(delivery, serving, data, observability, platform) }

// byKind is the table by kind, whatever the group.
var byKind = sync.OnceValue(func() map[string][]Row {
	index := make(map[string][]Row)
	for _, row := range Rows() {
		kind, _, _ := strings.Cut(row.Kind, ".")
		index[kind] = append(index[kind], row)
	}
	return index
})

func rowsOf(o *manifests.Object) []Row {
	var rows []Row
	for _, row := range byKind()[o.Kind] {
		if row.matches(o) {
			rows = append(rows, row)
		}
	}
	return rows
}

// matches reports whether the row is about o. Without a group it is about that kind of any.
func (r *Row) matches(o *manifests.Object) bool {
	kind, group, grouped := strings.Cut(r.Kind, ".")
	if kind != o.Kind || grouped && group != o.Group() {
		return false
	}
	if r.Name == "" {
		return true
	}
	ok, err := path.Match(r.Name, o.Name)
	return ok && err == nil
}
