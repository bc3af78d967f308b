package trace

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	loader3 "helm.sh/helm/v3/pkg/chart/loader"
	loader4 "helm.sh/helm/v4/pkg/chart/v2/loader"
	"sigs.k8s.io/yaml"
)

// corpus finds the real repositories that tests are run on.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = "../../../../../shared/corpus"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("the corpus is not here: %v", err)
	}
	return dir
}

// variant is a chart with the values it is rendered with.
type variant struct{ chart, values string }

// variants finds all charts, with default values and with those of ci/.
func variants(t *testing.T, dir string) []variant {
	t.Helper()
	var all []variant
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "Chart.yaml" {
			return err
		}
		chart := filepath.Dir(path)
		all = append(all, variant{chart, ""})
		ci, err := filepath.Glob(filepath.Join(chart, "ci", "*values.yaml"))
		for _, values := range ci {
			all = append(all, variant{chart, values})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (v variant) load(line int) (*rendering, error) {
	values := map[string]any{}
	if v.values != "" {
		data, err := os.ReadFile(v.values)
		if err != nil {
			return nil, err
		}
		if err := yaml.Unmarshal(data, &values); err != nil {
			return nil, err
		}
	}
	if line == 3 {
		c, err := loader3.LoadDir(v.chart)
		if err != nil {
			return nil, err
		}
		return run3(c, values)
	}
	c, err := loader4.LoadDir(v.chart)
	if err != nil {
		return nil, err
	}
	return run4(c, values)
}

// tally counts what a conformance run finds.
type tally struct {
	rendered, failed, files, differ, pinned int
	lines, mapped, withValues, found        int
	shown, onLine                           int
	engine, ours                            time.Duration
}

func TestCorpus(t *testing.T) {
	dir := corpus(t)
	all := variants(t, dir)
	for _, line := range []int{3, 4} {
		var sum tally
		for _, v := range all {
			name := strings.TrimPrefix(v.chart+" "+filepath.Base(v.values), dir)
			r, err := v.load(line)
			if err != nil {
				t.Logf("%s: not loaded: %v", name, err)
				continue
			}
			sum.compare(t, name, r)
		}
		t.Logf("Helm %d: %+v", line, sum)
		if sum.rendered == 0 || sum.differ > 0 || sum.mapped < sum.lines || sum.onLine < sum.shown || sum.found*100 < sum.withValues*99 {
			t.Errorf("Helm %d: not all output is the same and mapped: %+v", line, sum)
		}
	}
}

func (sum *tally) compare(t *testing.T, name string, r *rendering) {
	start := time.Now()
	want, wantErr := r.engine()
	sum.engine += time.Since(start)
	start = time.Now()
	got, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
	sum.ours += time.Since(start)
	if (err != nil) != (wantErr != nil) {
		t.Errorf("%s: ours says %v, Helm says %v", name, err, wantErr)
		return
	}
	if err != nil {
		sum.failed++
		t.Logf("%s:\n  ours: %v\n  Helm: %v", name, err, wantErr)
		return
	}
	sum.rendered++
	sources := r.sourceLines()
	for file, text := range want {
		sum.files++
		out := got.Files[file]
		if string(out.Output) != text {
			if slices.ContainsFunc(got.Pinned, func(u Use) bool { return u.Function != "" }) {
				sum.pinned++
				t.Logf("%s: %s differs, with %v", name, file, got.Pinned)
				continue
			}
			sum.differ++
			t.Errorf("%s: %s differs: %s", name, file, firstDifference(string(out.Output), text))
			continue
		}
		sum.count(t, sources, out)
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return "\n  ours: " + a[i] + "\n  Helm: " + b[i]
		}
	}
	return "one is longer"
}

// count counts the lines of a file whose origins are known, and checks the claims that can be checked: literal text
// must be on the line it is said to be from, and a line whose template line prints a value must have a leaf if that
// value is set.
func (sum *tally) count(t *testing.T, sources map[string][]string, out File) {
	lines := strings.Split(string(out.Output), "\n")
	for i, l := range out.Lines {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		sum.lines++
		if len(l.Frames) > 0 {
			sum.mapped++
		}
		printed := false
		for _, segment := range l.Segments {
			part := strings.TrimSpace(lines[i][segment.Start:segment.End])
			sourceLine := lineAt(sources, segment.Frames)
			if segment.Literal {
				sum.shown++
				if strings.Contains(sourceLine, part) {
					sum.onLine++
				} else if sum.shown-sum.onLine < 10 {
					t.Logf("%q is not on %v: %q", part, segment.Frames, sourceLine)
				}
			} else {
				printed = printed || prints.MatchString(sourceLine)
			}
		}
		if printed {
			sum.withValues++
			if len(l.Leaves) > 0 {
				sum.found++
			}
		}
	}
}

// prints finds actions that begin by reading a value and have no default.
var prints = regexp.MustCompile(`\{\{-? *(toYaml |tpl |quote )?\(?\$?\.Values\.`)

// sourceLines gives the lines of all templates.
func (r *rendering) sourceLines() map[string][]string {
	all := map[string][]string{}
	for name, t := range r.chart.Templates {
		all[name] = strings.Split(t.Source, "\n")
	}
	return all
}

func lineAt(sources map[string][]string, frames []Frame) string {
	if len(frames) == 0 || frames[0].Line > len(sources[frames[0].Template]) {
		return ""
	}
	return sources[frames[0].Template][frames[0].Line-1]
}
