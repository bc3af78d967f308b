package gitops

import (
	"bytes"
	"path"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Inert reports whether what is rendered of a fetched chart surely has no objects of Argo CD or Flux in it: nothing in the
// chart names their groups, nor do the texts that are laid over it, in which there are no templates either that could make
// such a name. A chart within it that is packed may have anything.
func Inert(d *manifests.Deployment, files map[string][]byte) bool {
	for name, text := range files {
		switch ext := path.Ext(name); {
		case ext == ".tgz":
			return false
		case ext == ".md": // what people read is not rendered
		case namesGroup(text):
			return false
		}
	}
	return !slices.ContainsFunc(d.Laid, func(l manifests.Laid) bool { return namesGroup(l.Text) || bytes.Contains(l.Text, []byte("{{")) })
}

func namesGroup(text []byte) bool {
	return bytes.Contains(text, []byte("argoproj.io")) || bytes.Contains(text, []byte("fluxcd.io"))
}
