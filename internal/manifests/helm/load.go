package helm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// What one chart may hold, its dependencies included. The sizes are Helm's own.
const (
	maxChartBytes  = 100 << 20
	maxFileBytes   = 5 << 20 // of one file, under Helm 3
	maxChartFiles  = 20_000
	maxChartDepth  = 16 // charts within charts
	utf8BOM        = "\xef\xbb\xbf"
	chartYAML      = "Chart.yaml"
	requirements   = "requirements.yaml"
	valuesYAML     = "values.yaml"
	schemaJSON     = "values.schema.json"
	dependencyHint = `vendor it with "helm dependency build"`
)

// origin is where the files of one chart are from.
type origin struct {
	dir     string            // of a directory: relative to the tree
	archive string            // of a chart in an archive: the archive's path in the tree
	inside  string            // of a chart in an archive: the chart's directory in it
	files   map[string][]byte // Chart.yaml, values.yaml and what else is the chart's own
	tree    source.Tree
	links   map[string]string // where files really are
}

// span names line of the chart's file: the line of the tree's file, or the archive that holds it.
func (o *origin) span(name string, line int) source.Span {
	if o.archive != "" {
		return source.Span{File: o.archive}
	}
	at := path.Join(o.dir, name)
	if _, ok := o.links[at]; !ok {
		o.links[at] = resolved(o.tree, at)
	}
	return source.Span{File: o.links[at], Line: line, EndLine: line}
}

// show names a file of the chart for a reader.
func (o *origin) show(name string) string {
	if o.archive != "" {
		return path.Join(o.inside, name) + " in " + o.archive
	}
	return path.Join(o.dir, name)
}

// charts reads a chart with everything it depends on out of a tree, within limits that all of them share.
type charts struct {
	ctx     context.Context
	tree    source.Tree
	line    line
	limit   limits
	origins map[any]*origin // by metadata.id
	notes   []string
}

// loaded is a chart with where it is from.
type loaded struct {
	chart
	metadata
	*origin
}

// directory loads the chart in a directory of the tree, leaving out what its .helmignore names.
func (l *charts) directory(dir string, depth int) (*loaded, error) {
	files, err := readChart(l.ctx, l.tree, dir, &l.limit)
	if err != nil {
		return nil, err
	}
	return l.chart(files, &origin{dir: dir}, depth, true)
}

// chart makes a chart of its files. The charts below charts/ become its dependencies; with local set, so do
// those that Chart.yaml names by a file:// address.
func (l *charts) chart(files []file, from *origin, depth int, local bool) (*loaded, error) {
	from.tree, from.links = l.tree, map[string]string{}
	if depth > maxChartDepth {
		return nil, &manifests.RenderError{Reason: "charts depend on charts more than 16 levels deep", Span: from.span(chartYAML, 0)}
	}
	own, vendored := splitVendored(files)
	from.files = map[string][]byte{}
	for _, f := range own {
		from.files[f.name] = f.data
	}
	made, err := l.line.load(own)
	if err != nil {
		return nil, loadError(from, err)
	}
	c := &loaded{made, made.meta(), from}
	l.origins[c.id] = from
	present := map[string]bool{}
	for _, name := range sortedKeys(vendored) {
		child, err := l.vendored(name, vendored[name], from, depth+1)
		if err != nil {
			return nil, err
		}
		c.add(child.chart)
		present[child.name] = true
	}
	return c, l.dependencies(c, present, depth, local)
}

// vendored loads what lies under charts/NAME: an archive, or the files of a directory.
func (l *charts) vendored(name string, files []file, parent *origin, depth int) (*loaded, error) {
	from := &origin{dir: path.Join(parent.dir, "charts", name), archive: parent.archive, inside: path.Join(parent.inside, "charts", name)}
	if path.Ext(name) == ".tgz" {
		if parent.archive == "" {
			from = &origin{archive: from.dir}
		}
		if len(files) != 1 || files[0].name != "" {
			return nil, &manifests.RenderError{Reason: "charts/" + name + " is a directory that is named like an archive", Span: parent.span(chartYAML, 0)}
		}
		unpacked, err := unpack(files[0].data, &l.limit)
		if err != nil {
			return nil, &manifests.RenderError{Reason: fmt.Sprintf("the chart archive cannot be read: %v", err), Span: source.Span{File: from.archive}, Cause: err}
		}
		return l.chart(unpacked, from, depth, false)
	}
	files = slices.DeleteFunc(files, func(f file) bool { return f.name == "" })
	return l.chart(files, from, depth, false)
}

// dependencies adds what Chart.yaml names by a file:// address and has not under charts/. As in Helm, what is
// missing is an error in the chart that is rendered; a dependency's own missing dependency is left out, with a note.
func (l *charts) dependencies(c *loaded, present map[string]bool, depth int, local bool) error {
	for i, dep := range c.metadata.dependencies {
		if present[dep.name] || present[dep.key()] {
			continue
		}
		span := c.dependencySpan(i)
		child, err := l.fetched(c, i, depth+1)
		if err != nil {
			return err
		}
		switch {
		case child != nil:
			c.add(child.chart)
			present[dep.key()] = true
		case local && strings.HasPrefix(dep.repository, "file://"):
			if child, err = l.local(c, dep, span, depth+1); err != nil {
				return err
			}
			c.add(child.chart)
			present[child.name] = true
		case depth == 0:
			return c.lacking(i, present)
		default:
			l.notes = append(l.notes, fmt.Sprintf("%s: %s; Helm renders without it", c.show(chartYAML), missing(dep)))
		}
	}
	return nil
}

// missing says that a dependency is not there and what to do.
func missing(dep dependency) string {
	text := strings.TrimSpace("dependency " + dep.name + " " + dep.version)
	if dep.repository != "" && !strings.HasPrefix(dep.repository, "file://") {
		text += " of " + dep.repository
	}
	return text + " is not under charts/: " + dependencyHint
}

// local loads a dependency that lies in a directory of the same tree.
func (l *charts) local(c *loaded, dep dependency, span source.Span, depth int) (*loaded, error) {
	fail := func(format string, args ...any) error {
		return &manifests.RenderError{Reason: "dependency " + dep.name + ": " + fmt.Sprintf(format, args...), Span: span}
	}
	address := strings.TrimPrefix(dep.repository, "file://")
	dir := path.Join(c.dir, address)
	if strings.HasPrefix(address, "/") || dir == ".." || strings.HasPrefix(dir, "../") {
		return nil, fail("%s lies outside of the repository: %s", dep.repository, dependencyHint)
	}
	child, err := l.directory(dir, depth)
	if errors.Is(err, source.ErrNotExist) {
		return nil, fail("directory %s does not exist: correct %s, or %s", dir, dep.repository, dependencyHint)
	}
	if err != nil {
		return nil, err
	}
	if child.name != dep.name {
		return nil, fail("the chart in %s is called %s", dir, child.name)
	}
	if constraint, err := semver.NewConstraint(dep.version); err != nil {
		return nil, fail("version %q is not a version or range of versions", dep.version)
	} else if v, err := semver.NewVersion(child.version); err != nil || !constraint.Check(v) {
		return nil, fail("the chart in %s has version %s, which %s does not allow", dir, child.version, dep.version)
	}
	return child, nil
}

// dependencySpan finds the line of a dependency's entry.
func (c *loaded) dependencySpan(i int) source.Span {
	if at, ok := c.entrySpan(i, "name", requirements, chartYAML); ok {
		return at
	}
	return c.span(chartYAML, 0)
}

// versionSpan finds the line that says which version of a dependency it is: that of the lock, where Chart.yaml has a range.
func (c *loaded) versionSpan(i int, version string) source.Span {
	if version != c.metadata.dependencies[i].version {
		if at, ok := c.entrySpan(i, "version", "requirements.lock", "Chart.lock"); ok {
			return at
		}
	}
	if at, ok := c.entrySpan(i, "version", requirements, chartYAML); ok {
		return at
	}
	return c.dependencySpan(i)
}

// entrySpan finds the line of a key of a dependency in the first of some files that lists it, or of its entry without that key.
func (c *loaded) entrySpan(i int, key string, files ...string) (source.Span, bool) {
	for _, name := range files {
		root, err := parseFile(c.files[name])
		if err != nil || root == nil {
			continue
		}
		if entry := manifests.NewField(root, "").Get("dependencies").At(i); entry.Exists() {
			if n := entry.Get(key); n.Exists() {
				entry = n
			}
			at := c.span(name, entry.Node().Line)
			if at.Line > 0 {
				at.Column = entry.Node().Column
			}
			return at, true
		}
	}
	return source.Span{}, false
}

// splitVendored tells a chart's own files from those of the charts under its charts/ directory, which are
// given by their first element's name, their own names relative to it ("" for the element itself).
func splitVendored(all []file) (own []file, vendored map[string][]file) {
	vendored = map[string][]file{}
	for _, f := range all {
		rest, below := strings.CutPrefix(f.name, "charts/")
		if !below || path.Ext(f.name) == ".prov" {
			own = append(own, f)
			continue
		}
		name, inner, _ := strings.Cut(rest, "/")
		if !strings.HasPrefix(name, "_") && !strings.HasPrefix(name, ".") {
			vendored[name] = append(vendored[name], file{inner, f.data})
		}
	}
	return own, vendored
}

// loadError says which chart Helm cannot load, and why.
func loadError(from *origin, err error) error {
	name, reason := chartYAML, manifests.Discreet(err.Error())
	for _, candidate := range []string{valuesYAML, requirements, "Chart.lock", "requirements.lock"} {
		if strings.Contains(reason, "cannot load "+candidate) {
			name = candidate
		}
	}
	if from.archive != "" {
		reason = from.show(name) + ": " + reason
	}
	return &manifests.RenderError{Reason: "the chart cannot be loaded: " + reason, Span: from.span(name, yamlErrorLine(err)), Cause: err}
}

func trimBOM(data []byte) []byte { return bytes.TrimPrefix(data, []byte(utf8BOM)) }
