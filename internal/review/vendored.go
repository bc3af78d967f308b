package review

import (
	"path"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// vendored finds, for a violation in a chart that lies as an archive below another one, the line of the change that names the
// chart's version: nobody can read, or comment on, the archive.
func (c *candidate) vendored(change *source.Change) (Location, bool) {
	archive := c.location.File
	if path.Ext(archive) != ".tgz" || path.Base(path.Dir(archive)) != "charts" {
		return Location{}, false
	}
	dir := path.Dir(path.Dir(archive))
	for _, name := range []string{"Chart.yaml", "requirements.yaml"} {
		file := path.Join(dir, name)
		text, err := change.Head.ReadFile(file)
		if err != nil {
			continue // there is no such file
		}
		node, err := manifests.ParseYAML(text)
		if err != nil || node == nil {
			continue
		}
		for _, d := range dependenciesOf(change.Head, file, manifests.NewField(node, "")) {
			if frame := (manifests.Frame{Span: d.at, Precision: manifests.Exact}); d.archive == archive && touched(change, frame) {
				frame.From = "the chart " + d.name + " " + d.version + ": " + archive
				return location(frame, true), true
			}
		}
	}
	return Location{}, false
}
