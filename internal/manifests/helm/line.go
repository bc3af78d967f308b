package helm

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	releaseutil3 "helm.sh/helm/v3/pkg/releaseutil"
)

// file is one file of a chart, its name relative to the chart.
type file struct {
	name string
	data []byte
}

// line is one line of Helm: what rendering takes from its SDK.
type line struct {
	load    func(files []file) (chart, error)             // makes a chart of its own files, without the charts it depends on
	values  func(data []byte) (map[string]any, error)     // parses a values file
	split   func(text string) map[string]string           // cuts a template's output into documents: manifest-0, manifest-1 …
	order   func(docs map[string]string) (ordered, error) // sorts documents as Helm installs them
	streams bool                                          // a values file may have several documents
}

// lineOf returns Helm 3 or 4.
func lineOf(number int) (line, error) {
	switch number {
	case 3:
		return line{load3, values3, releaseutil3.SplitManifests, order3, false}, nil
	case 0, 4:
		return line{load4, values4, split4, order4, true}, nil
	}
	return line{}, fmt.Errorf("there is no Helm %d: set helm to 3 or 4", number)
}

// chart is a chart as one line of Helm holds it.
type chart interface {
	// meta returns what Chart.yaml (and requirements.yaml) says.
	meta() metadata
	// add makes child a dependency. Both must be of the same line.
	add(child chart)
	// install processes the dependencies for the values of the user; the chart is used up by it.
	install(values map[string]any, release release) (*installed, error)
}

// metadata is what rendering needs to know of Chart.yaml.
type metadata struct {
	id           any // the same for a chart and all its aliases
	name         string
	version      string
	kubeVersion  string
	library      bool
	dependencies []dependency
	locked       []dependency // what the lock names; nil without one
	unfit        bool         // the lock was not made for these dependencies
}

// dependency is one entry of "dependencies" in Chart.yaml.
type dependency struct {
	name, version, repository string
}

// release is what a chart is rendered for.
type release struct {
	name, namespace string
	kubeVersion     string
	apiVersions     []string
	kops            bool // its templates have the functions of kops
}

// installed is a chart whose dependencies are processed: disabled ones are gone, aliases have their names.
type installed struct {
	root *node
	// compatible reports whether Chart.yaml allows the Kubernetes version of the release.
	compatible bool
	// top returns a fresh top-level scope: .Chart, .Capabilities, .Release and the coalesced .Values.
	top func() (map[string]any, error)
	// table returns .Values of a subchart out of its parent's scope, in the line's own type.
	table func(parent map[string]any, name string) any
	// render lets Helm's own engine execute all templates with a top-level scope.
	render func(ctx context.Context, top map[string]any) (map[string]string, error)
}

// node is one chart of an installed chart.
type node struct {
	id        any
	name      string // its alias where it has one
	path      string // begins the names of its templates: web/charts/redis
	meta      any    // .Chart
	library   bool
	files     []file // .Files
	templates []file
	schema    []byte
	imports   []valuesImport           // what it takes over from its dependencies
	switches  map[string][]valueSwitch // by the names of its dependencies
	deps      []*node
}

// valueSwitch is a value that switches a dependency on or off.
type valueSwitch struct {
	keys []string
	top  bool // they begin at the values of the root chart, not at those of the chart that has the dependency
}

// switches reads the condition and the tags of a dependency.
func switches(condition string, tags []string) (all []valueSwitch) {
	for _, path := range strings.Split(condition, ",") {
		if path = strings.TrimSpace(path); path != "" {
			all = append(all, valueSwitch{keys: strings.Split(path, ".")})
		}
	}
	for _, tag := range tags {
		all = append(all, valueSwitch{[]string{"tags", tag}, true})
	}
	return all
}

// valuesImport is one entry of import-values, as Helm expands it.
type valuesImport struct {
	dep           string   // the dependency's name or alias
	child, parent []string // keys in the dependency's and in the chart's own values
}

// imports reads a dependency's import-values. Once its dependencies are processed, Helm has them as pairs.
func imports(dep string, values []any) []valuesImport {
	var all []valuesImport
	for _, v := range values {
		if pair, ok := v.(map[string]string); ok {
			all = append(all, valuesImport{dep, importKeys(pair["child"]), importKeys(pair["parent"])})
		}
	}
	return all
}

func importKeys(path string) []string {
	if path == "." {
		return nil
	}
	return strings.Split(path, ".")
}

// docKey names document i so that Helm keeps the order of documents of one kind; docIndex reads the name.
func docKey(i int) string { return fmt.Sprintf("%07d", i) }

func docIndex(key string) int {
	i, err := strconv.Atoi(key)
	if err != nil {
		return -1
	}
	return i
}

// ordered says in which order documents are installed, by their positions.
type ordered struct {
	generic []int
	hooks   []int
	tests   map[int]bool // which hooks are tests
}
