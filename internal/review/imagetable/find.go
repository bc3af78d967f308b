package imagetable

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Limits of what is looked at in one object: manifests are written by strangers.
const (
	maxFound = 2000
	maxDepth = 4 // of objects within objects
)

// finder collects what one object names.
type finder struct {
	found []Found
	find  Lookup
	depth int
	seen  map[string]bool
}

func (f *finder) add(row *Row, one Found) {
	var ok bool
	if one.Text, ok = row.reference(one.Text); ok && row.Chart {
		one, ok = row.chart(one)
	}
	at := one.Path() + " " + one.Text
	if ok && len(f.found) < maxFound && !f.seen[at] {
		if f.seen == nil {
			f.seen = make(map[string]bool)
		}
		f.seen[at] = true
		one.Chart, one.Open = row.Chart, one.Open || row.Tags && isTagless(one.Text)
		f.found = append(f.found, one)
	}
}

// reference brings what is written into the form of a reference: without the scheme that the row asks for, and without
// what a list of choices or renamings has before "=".
func (r *Row) reference(text string) (string, bool) {
	text = strings.TrimSpace(text)
	if r.Scheme != "" {
		rest, ok := strings.CutPrefix(text, r.Scheme)
		if !ok {
			return "", false
		}
		text = rest
	}
	if r.Chart {
		text = strings.TrimPrefix(text, "oci://")
	} else {
		text = text[strings.LastIndexByte(text, '=')+1:]
	}
	if text == "" {
		return "", false
	}
	first, _, slash := strings.Cut(text, "/")
	if hosted := slash && (strings.ContainsAny(first, ".:") || first == "localhost"); !hosted && r.Host != "" {
		text = r.Host + "/" + text
	}
	return text, true
}

func isTagless(text string) bool {
	return !strings.ContainsAny(text[strings.LastIndexByte(text, '/')+1:], ":@")
}

// row finds what one row says of an object.
func (f *finder) row(row Row, object manifests.Field) {
	for _, at := range row.Images {
		f.images(&row, object, at)
	}
	for _, at := range row.Pods {
		for _, spec := range fieldsAt(object, at) {
			f.pod(&row, spec)
		}
	}
	for _, at := range row.Values {
		for _, values := range fieldsAt(object, at) {
			f.values(&row, values)
		}
	}
	for _, at := range row.Parameters {
		for _, list := range fieldsAt(object, at) {
			f.parameters(&row, list)
		}
	}
	for _, at := range row.Whole {
		for _, whole := range fieldsAt(object, at) {
			f.whole(whole)
		}
	}
}

// images finds the references at a path, or those that a template puts together there.
func (f *finder) images(row *Row, object manifests.Field, at string) {
	where, form, composed := strings.Cut(at, ": ")
	for _, field := range fieldsAt(object, where) {
		switch {
		case composed:
			if one, ok := parseTemplate(form).fill(field); ok {
				f.add(row, one)
			}
		default:
			for _, line := range strings.Fields(field.Text()) { // some hold one a line
				f.add(row, Found{Field: field, Text: line})
			}
		}
	}
}

// pod finds the images of a pod's spec in a custom resource, and what its containers are told of others.
func (f *finder) pod(row *Row, spec manifests.Field) {
	for _, list := range containerLists {
		for _, c := range spec.Get(list).Items() {
			f.container(row, c)
		}
	}
	f.imageVolumes(row, spec, nil)
}

// imageVolumes finds the images that a pod mounts, but for those at paths that are known.
func (f *finder) imageVolumes(row *Row, spec manifests.Field, known map[string]bool) {
	for _, volume := range spec.Get("volumes").Items() {
		if at := volume.Get("image", "reference"); !known[at.Path()] {
			f.add(row, Found{Field: at, Text: at.Text()})
		}
	}
}

func (f *finder) container(row *Row, c manifests.Field) {
	at := c.Get("image")
	f.add(row, Found{Field: at, Text: at.Text(), Container: c.Get("name").Text()})
	for _, told := range Told(c) {
		f.add(row, told)
	}
}

// whole finds the images of an object within an object.
func (f *finder) whole(at manifests.Field) {
	if f.depth++; f.depth <= maxDepth {
		f.within(at)
	}
	f.depth--
}

func (f *finder) within(at manifests.Field) {
	for _, item := range at.Items() {
		f.whole(item)
	}
	if !at.IsMap() {
		return
	}
	id := manifests.Identity{APIVersion: at.Get("apiVersion").Text(), Kind: at.Get("kind").Text(), Name: at.Get("metadata", "name").Text()}
	inner := &manifests.Object{Identity: id}
	for _, row := range podKinds {
		if row.matches(inner) {
			f.row(row, at)
		}
	}
	for _, row := range rowsOf(inner) {
		f.row(row, at)
	}
	if id.Kind == "List" || id.Kind == "Template" {
		f.whole(at.Get("items"))
	}
}

// fieldsAt returns the fields at a path that are written, within the text of a field where the path goes on so.
func fieldsAt(f manifests.Field, path string) []manifests.Field {
	path, inner, text := strings.Cut(path, "|")
	at := f.All(path)
	if !text {
		return at
	}
	var found []manifests.Field
	for _, field := range at {
		parsed, err := manifests.ParseYAML([]byte(field.Text()))
		if err != nil {
			continue
		}
		for _, below := range manifests.NewField(parsed, "").All(inner) {
			found = append(found, manifests.NewField(below.Node(), field.Path())) // the text is what has a line
		}
	}
	return found
}
