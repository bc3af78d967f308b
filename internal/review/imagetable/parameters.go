package imagetable

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// parameters finds the images of values that are set one by one, as "helm --set" does: a list of {name, value}, whose names are
// paths. What they make together is read as values are.
func (f *finder) parameters(row *Row, list manifests.Field) {
	named := make(map[string]manifests.Field)
	for _, item := range list.Items() {
		named[item.Get("name").Text()] = item.Get("value")
	}
	for _, item := range list.Items() {
		name, at := item.Get("name").Text(), item.Get("value")
		above, key := "", name
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			above, key = name[:i+1], name[i+1:]
		}
		switch {
		case key == "repository":
			f.add(row, together(at, named, above))
		case isImageKey(key):
			if ref, err := images.ParseReference(at.Text()); err == nil && (ref.Tag+ref.Digest != "" || strings.Contains(at.Text(), "/")) {
				f.add(row, Found{Field: at, Text: at.Text(), Open: ref.Tag+ref.Digest == ""})
			}
		}
	}
}

// together is the image that a repository makes with what stands beside it under the same name.
func together(repository manifests.Field, named map[string]manifests.Field, above string) Found {
	one := Found{Field: repository, Text: repository.Text()}
	if registry := named[above+"registry"].Text(); registry != "" {
		one.Text = registry + "/" + one.Text
	}
	tag, digest := named[above+"tag"], named[above+"digest"]
	if tag.Text() != "" {
		one.Field, one.Text = tag, one.Text+":"+tag.Text()
	}
	if digest.Text() != "" {
		one.Field, one.Text = digest, one.Text+"@"+digest.Text()
	}
	one.Open = tag.Text()+digest.Text() == ""
	if _, err := images.ParseReference(one.Text); err != nil && !images.IsUnresolved(one.Text) {
		return Found{Field: repository} // of something else
	}
	return one
}
