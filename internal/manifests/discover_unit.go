package manifests

import (
	"bytes"
	"cmp"
	"errors"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/source"
)

const (
	chartFile        = "Chart.yaml"
	requirementsFile = "requirements.yaml" // the dependencies of charts of apiVersion v1
)

// unit is a kustomization or a chart: a directory that other ones may use.
type unit struct {
	dir       *directory
	kind      RootKind // Kustomize or Helm
	files     []source.Info
	ambiguous bool // several kustomization files
	fact      fact
	refs      []string // the paths that it names, relative to the tree, be they there or not
	uses      []*unit
	passed    bool // by nameUsed
	named     bool // by another unit that is wanted
	rendered  bool // through a root
}

// fact is what discovery knows of one file. It depends on the file's bytes only, and is remembered by their
// identity. Paths are as written.
type fact struct {
	Apart   bool     // a component, a library chart; of other files: Kubernetes objects are in it
	Dirs    []string // resources, bases, components; dependencies of a chart
	Configs []string // generators, transformers, validators: paths or inline documents
	Files   []string // what else is read
	Charts  []string // directories of charts that helmCharts renders
	Err     string   // why the file cannot be read
	Line    int      // where
}

// kustomizationNames are the names that kustomize knows, in its order.
func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

// readSources finds and reads the kustomizations and charts, on all processors.
func (d *discoverer) readSources() error {
	names := kustomizationNames()
	for _, dir := range d.dirs {
		if dir.zone == zoneChart {
			dir.chart = &unit{dir: dir, kind: Helm, files: presentFiles(dir, []string{chartFile, requirementsFile})}
			d.units = append(d.units, dir.chart)
		}
		if files := presentFiles(dir, names); len(files) > 0 && dir.zone != zoneSealed {
			dir.kustomization = &unit{dir: dir, kind: Kustomize, files: files, ambiguous: len(files) > 1}
			d.units = append(d.units, dir.kustomization)
		}
	}
	var files []asked
	for _, u := range d.units {
		for _, f := range u.files {
			files = append(files, asked{joinPath(u.dir.path, f.Name), f.ID, u.kind})
		}
	}
	d.gather(files)
	err := parallel(len(d.units), func(i int) error {
		u := d.units[i]
		for _, f := range u.files {
			u.fact.add(d.factOf(joinPath(u.dir.path, f.Name), f.ID, u.kind))
		}
		return d.ctx.Err()
	})
	for _, u := range d.units {
		d.unitProblems(u)
	}
	return err
}

func presentFiles(dir *directory, names []string) (files []source.Info) {
	for _, name := range names {
		if f := dir.file(name); f != nil {
			files = append(files, *f)
		}
	}
	return files
}

// parallel calls work for 0 to n-1 on all processors. After an error the rest is left out.
func parallel(n int, work func(i int) error) error {
	var (
		next   atomic.Int64
		failed atomic.Pointer[error]
		wait   sync.WaitGroup
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		wait.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := work(i); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wait.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// add joins what two files of one unit say.
func (f *fact) add(more fact) {
	if f.empty() {
		*f = more
		return
	}
	f.Apart = f.Apart || more.Apart
	f.Dirs = append(f.Dirs, more.Dirs...)
	f.Configs = append(f.Configs, more.Configs...)
	f.Files = append(f.Files, more.Files...)
	f.Charts = append(f.Charts, more.Charts...)
	if f.Err == "" {
		f.Err, f.Line = more.Err, more.Line
	}
}

func (f *fact) empty() bool {
	return !f.Apart && f.Err == "" && len(f.Dirs)+len(f.Configs)+len(f.Files)+len(f.Charts) == 0
}

func (d *discoverer) unitProblems(u *unit) {
	file := path.Join(u.dir.path, u.files[0].Name)
	if u.ambiguous {
		d.problem(Problem{File: file, Root: u.dir.path,
			Reason: "the directory holds several kustomization files, which kustomize refuses: keep one"})
	}
	if u.fact.Err != "" {
		d.problem(Problem{File: file, Line: u.fact.Line, Root: u.dir.path, Reason: u.fact.Err})
	}
}

// configKind stands for the configurations of kustomize's generators and transformers.
const configKind RootKind = "config"

// readError says in a user's words why a file of a tree cannot be read.
func readError(err error) string {
	for _, known := range []error{source.ErrLFS, source.ErrFileSize, source.ErrEscapes, source.ErrLoop, source.ErrSubmodule} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "cannot be read: " + err.Error()
}

// readKustomization reads the references of a kustomization. Of one that is no YAML it takes whatever looks like
// a reference, so that a typing error in an overlay does not make roots of its bases.
func readKustomization(data []byte) fact {
	leaves, err := readLeaves(data)
	if err != nil {
		line, reason := YAMLPlace(err)
		return fact{Dirs: listItems(data), Err: "is no valid YAML: " + reason, Line: line}
	}
	f := fact{}
	home := "charts"
	var charts helmCharts
	for _, l := range leaves {
		switch l.top {
		case "kind":
			f.Apart = l.value == "Component"
		case "resources", "bases", "components":
			f.Dirs = append(f.Dirs, l.value)
		case "generators", "transformers", "validators":
			f.Configs = append(f.Configs, l.value)
		case "helmGlobals":
			if l.sub == "chartHome" {
				home = l.value
			}
		case "helmCharts", "helmChartInflationGenerator":
			charts.add(l)
		default:
			f.addFile(l)
		}
	}
	f.Charts = charts.dirs(home)
	f.Files = append(f.Files, charts.values...)
	return f
}

// helmCharts collects the entries of helmCharts, or of its forerunner helmChartInflationGenerator.
type helmCharts struct {
	entries []map[string]string // name, version and chartHome
	values  []string
}

func (h *helmCharts) add(l leaf) {
	key := l.sub
	switch key {
	case "valuesFile", "additionalValuesFiles", "values":
		h.values = append(h.values, l.value)
		return
	case "chartName":
		key = "name"
	case "chartVersion":
		key = "version"
	case "name", "version", "chartHome":
	default:
		return
	}
	last := len(h.entries) - 1
	if last < 0 || h.entries[last][key] != "" { // a key again: the next entry
		h.entries = append(h.entries, map[string]string{})
		last++
	}
	h.entries[last][key] = l.value
}

// dirs returns where the charts may lie: where they were put by hand, and where kustomize pulls them to.
func (h *helmCharts) dirs(home string) (dirs []string) {
	for _, e := range h.entries {
		in := cmp.Or(e["chartHome"], home)
		dirs = append(dirs, path.Join(in, e["name"]))
		if e["version"] != "" {
			dirs = append(dirs, path.Join(in, e["name"]+"-"+e["version"], e["name"]))
		}
	}
	return dirs
}

// addFile takes a leaf that names a file.
func (f *fact) addFile(l leaf) {
	switch l.top {
	case "patches", "patchesJson6902", "replacements", "openapi":
		if l.sub == "path" {
			f.Files = append(f.Files, l.value)
		}
	case "patchesStrategicMerge", "configurations", "crds":
		if l.sub == "" {
			f.Files = append(f.Files, l.value)
		}
	case "configMapGenerator", "secretGenerator":
		switch l.sub {
		case "files", "envs", "env":
			_, file, named := strings.Cut(l.value, "=")
			if !named {
				file = l.value
			}
			f.Files = append(f.Files, file)
		}
	}
}

// listItems returns the items of lists as far as lines show them.
func listItems(data []byte) (items []string) {
	for line := range bytes.Lines(data) {
		if item, ok := bytes.CutPrefix(bytes.TrimSpace(line), []byte("- ")); ok {
			items = append(items, strings.Trim(string(bytes.TrimSpace(item)), `"'`))
		}
	}
	return items
}

// readChart reads a Chart.yaml or a requirements.yaml.
func readChart(data []byte) fact {
	leaves, err := readLeaves(data)
	if err != nil {
		line, reason := YAMLPlace(err)
		return fact{Err: "is no valid YAML: " + reason, Line: line}
	}
	f := fact{}
	for _, l := range leaves {
		switch {
		case l.top == "type":
			f.Apart = l.value == "library"
		case l.top == "dependencies" && l.sub == "repository":
			if dir, local := strings.CutPrefix(l.value, "file://"); local {
				f.Dirs = append(f.Dirs, dir)
			}
		}
	}
	return f
}

// maxConfigScalars caps what one configuration may name.
const maxConfigScalars = 10_000

// scalarsOf returns every short scalar on one line of all documents: whatever a configuration may mean by a path.
func scalarsOf(data []byte) (scalars []string) {
	for _, doc := range SplitDocuments(data) {
		node, err := ParseYAML(doc.Data)
		if err != nil {
			continue // kustomize will say so
		}
		NewField(node, "").Walk(func(f Field) {
			if text := f.Text(); text != "" && len(text) < 256 && len(scalars) < maxConfigScalars && !strings.ContainsAny(text, " \n") {
				scalars = append(scalars, text)
			}
		})
	}
	slices.Sort(scalars)
	return slices.Compact(scalars)
}
