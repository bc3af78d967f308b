package review

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// namedChart is a chart that a file of the source names: a dependency of a chart, or an entry of a kustomization's helmCharts.
type namedChart struct {
	name, version string      // the version as the lock has it, where there is one
	repository    string      // as written, without a slash at its end; "" for none
	at            source.Span // the line that names its version, else its name
	from          source.Span // the line that names its repository
	locked        bool        // the version is that of the lock
	archive       string      // where it lies as an archive, "" where it does not
	unpacked      string      // where it lies unpacked, "" where it does not
}

// chartFiles are the files that name charts.
var chartFiles = []string{"Chart.yaml", "requirements.yaml", "kustomization.yaml", "kustomization.yml", "Kustomization"}

// maxNamedCharts is how many charts of one root are looked at.
const maxNamedCharts = 500

// chartsNamed lists the charts that the files name which rendering read.
func chartsNamed(tree source.Tree, reads source.ReadSet) []namedChart {
	var all []namedChart
	for _, file := range reads.Paths() {
		if tree == nil || !slices.Contains(chartFiles, path.Base(file)) || len(all) >= maxNamedCharts {
			continue
		}
		text, err := tree.ReadFile(file)
		if err != nil {
			continue // it was looked for and is not there, or rendering has said what is wrong with it
		}
		node, err := manifests.ParseYAML(text)
		if err != nil || node == nil {
			continue
		}
		root := manifests.NewField(node, "")
		if strings.HasPrefix(strings.ToLower(path.Base(file)), "kustomization") {
			all = append(all, entriesOf(file, root.Get("helmCharts"), "repo")...)
			continue
		}
		all = append(all, dependenciesOf(tree, file, root)...)
	}
	return all[:min(len(all), maxNamedCharts)]
}

// entriesOf reads a list of charts, whose repositories stand under key.
func entriesOf(file string, list manifests.Field, key string) []namedChart {
	var all []namedChart
	for _, entry := range list.Items() {
		c := namedChart{name: entry.Get("name").Text(), version: entry.Get("version").Text(), repository: strings.TrimRight(entry.Get(key).Text(), "/")}
		at := entry.Get("version")
		if !at.IsSet() {
			at = entry.Get("name")
		}
		if c.name != "" && !strings.ContainsAny(c.name, "/\\") && at.IsSet() {
			c.at = spanOf(file, at)
			if from := entry.Get(key); from.IsSet() {
				c.from = spanOf(file, from)
			}
			all = append(all, c)
		}
	}
	return all
}

func spanOf(file string, f manifests.Field) source.Span {
	return source.Span{File: file, Line: f.Node().Line, EndLine: f.Node().Line, Column: f.Node().Column}
}

// dependenciesOf reads the dependencies of a chart, and finds where they lie below charts/.
func dependenciesOf(tree source.Tree, file string, root manifests.Field) []namedChart {
	all := entriesOf(file, root.Get("dependencies"), "repository")
	dir := path.Join(path.Dir(file), "charts")
	entries, err := tree.ReadDir(dir)
	if err != nil {
		entries = nil // there are none
	}
	locked := lockedVersions(tree, path.Dir(file))
	for i := range all {
		c := &all[i]
		if version := locked[c.name]; version != "" {
			c.version, c.locked = version, true
		}
		for _, e := range entries {
			base := path.Base(e.Path)
			switch {
			case e.Kind == source.Dir && base == c.name:
				c.unpacked = path.Join(dir, base)
			case e.Kind == source.File && isArchiveOf(base, c.name):
				c.archive = path.Join(dir, base)
			}
		}
	}
	return all
}

// lockedVersions are the versions of Chart.lock, or of its forerunner, by the names of charts.
func lockedVersions(tree source.Tree, dir string) map[string]string {
	versions := make(map[string]string)
	for _, name := range []string{"requirements.lock", "Chart.lock"} {
		text, err := tree.ReadFile(path.Join(dir, name))
		if err != nil {
			continue
		}
		node, err := manifests.ParseYAML(text)
		if err != nil || node == nil {
			continue
		}
		for _, entry := range manifests.NewField(node, "").Get("dependencies").Items() {
			versions[entry.Get("name").Text()] = entry.Get("version").Text()
		}
	}
	return versions
}

var archiveVersion = regexp.MustCompile(`^-v?[0-9].*\.tgz$`)

// isArchiveOf reports whether a file is called as the archive of a chart is: NAME-VERSION.tgz.
func isArchiveOf(base, name string) bool {
	rest, ok := strings.CutPrefix(base, name)
	return ok && archiveVersion.MatchString(rest)
}

// exactVersion is one version, and no range of them.
var exactVersion = regexp.MustCompile(`^v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?$`)

// reference is the chart as a registry has it, where its repository is one and its version is known. Its tag has "_" for
// "+", as Helm writes it.
func (c *namedChart) reference() (images.Reference, bool) {
	place, ok := strings.CutPrefix(c.repository, "oci://")
	if !ok || !exactVersion.MatchString(c.version) {
		return images.Reference{}, false
	}
	ref, err := images.ParseReference(place + "/" + c.name + ":" + strings.ReplaceAll(c.version, "+", "_"))
	return ref, err == nil
}

// addresses are what patterns of charts are held against: where it is from with its name, and without.
func (c *namedChart) addresses() []string {
	if c.repository == "" {
		return []string{c.name}
	}
	return []string{c.repository + "/" + c.name, c.repository}
}
