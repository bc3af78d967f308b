package helm_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	chart3 "helm.sh/helm/v3/pkg/chart"
	loader3 "helm.sh/helm/v3/pkg/chart/loader"
	chartutil3 "helm.sh/helm/v3/pkg/chartutil"
	engine3 "helm.sh/helm/v3/pkg/engine"
	releaseutil3 "helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart4 "helm.sh/helm/v4/pkg/chart/v2"
	loader4 "helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil4 "helm.sh/helm/v4/pkg/chart/v2/util"
	engine4 "helm.sh/helm/v4/pkg/engine"
	releaseutil4 "helm.sh/helm/v4/pkg/release/v1/util"
	"sigs.k8s.io/yaml"
)

const testKubeVersion = "1.34"

// sample is a chart on disk with one set of values.
type sample struct {
	repo, dir string // dir relative to repo
	values    string // relative to repo, "" for none
}

func (s sample) String() string { return filepath.Base(s.repo) + "/" + s.dir + "#" + s.values }

// corpus returns the charts of the real repositories, with no values and with each file of ci/.
func corpus(t testing.TB) []sample {
	t.Helper()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no corpus: set LANDWAITER_CORPUS to the directory of real repositories")
	}
	repos, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	for _, repo := range repos {
		all = append(all, chartsOf(t, repo)...)
	}
	return all
}

func chartsOf(t testing.TB, repo string) []sample {
	t.Helper()
	var all []sample
	err := filepath.WalkDir(repo, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "Chart.yaml" || d.IsDir() {
			return err
		}
		dir := filepath.Dir(at)
		relative, _ := filepath.Rel(repo, dir)
		all = append(all, sample{repo: repo, dir: filepath.ToSlash(relative)})
		values, _ := filepath.Glob(filepath.Join(dir, "ci", "*values.yaml"))
		for _, v := range values {
			name, _ := filepath.Rel(repo, v)
			all = append(all, sample{repo, filepath.ToSlash(relative), filepath.ToSlash(name)})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (s sample) root() manifests.Root {
	root := manifests.Root{Path: s.String(), Kind: manifests.Helm, Dir: s.dir}
	if s.values != "" {
		root.Values = []string{s.values}
	}
	return root
}

// TestCorpusEqualsHelm holds every chart of the corpus to what the SDK of each line makes of the same files on disk.
func TestCorpusEqualsHelm(t *testing.T) {
	for _, number := range []int{3, 4} {
		t.Run(fmt.Sprintf("helm %d", number), func(t *testing.T) {
			t.Parallel()
			equal, both, random := 0, 0, 0
			failed := map[string]int{}
			for _, s := range corpus(t) {
				want, wantErr := reference(s, number)
				got, err := helm.New().Render(context.Background(), treeAt(s.repo), s.root(), manifests.Settings{KubeVersion: testKubeVersion, HelmLine: number})
				switch {
				case wantErr != nil && err != nil:
					both++
					failed[fmt.Sprintf("%s/%v", filepath.Base(s.repo), err)]++
				case wantErr != nil || err != nil:
					t.Errorf("%s: ours: %v; Helm: %v", s, err, wantErr)
				default:
					again := want
					if compare(got.Objects, want, want) == "" {
						equal++
					} else if again, err = reference(s, number); err != nil {
						t.Fatal(err)
					} else {
						random++
					}
					for _, note := range got.Notes {
						if strings.Contains(note, "lines are unknown") {
							t.Errorf("%s: %s", s, note)
						}
					}
					if difference := compare(got.Objects, want, again); difference != "" {
						t.Errorf("%s: %s", s, difference)
					}
				}
			}
			t.Logf("%d equal, %d with random functions, %d fail here and in Helm", equal, random, both)
			for _, reason := range slices.Sorted(maps.Keys(failed)) {
				t.Logf("%d times: %s", failed[reason], reason)
			}
		})
	}
}

// compare names the first difference between objects and documents as Helm gives them, leaving out what differs
// between two of Helm's own runs.
func compare(got []*manifests.Object, want, again []map[string]any) string {
	for i, o := range got {
		if i >= len(want) {
			return fmt.Sprintf("object %d, %s, is not in Helm's output", i, o.Identity)
		}
		var object map[string]any
		if err := yaml.Unmarshal(o.Raw, &object); err != nil {
			return fmt.Sprintf("object %d, %s: %v", i, o.Identity, err)
		}
		if !same(object, want[i], again[i]) {
			return fmt.Sprintf("object %d, %s, differs:\n%s\nHelm's:\n%v", i, o.Identity, o.Raw, want[i])
		}
	}
	if len(got) < len(want) {
		return fmt.Sprintf("%d objects, Helm has %d; the next is %v", len(got), len(want), want[len(got)])
	}
	return ""
}

// same compares got with want where want and again agree.
func same(got, want, again any) bool {
	wanted, ok := want.(map[string]any)
	repeated, ok2 := again.(map[string]any)
	object, ok3 := got.(map[string]any)
	if !ok || !ok2 || !ok3 || len(object) != len(wanted) || len(repeated) != len(wanted) {
		return reflect.DeepEqual(got, want) || !reflect.DeepEqual(want, again)
	}
	for key := range wanted {
		if !same(object[key], wanted[key], repeated[key]) {
			return false
		}
	}
	return true
}

// reference renders a chart from disk with the SDK alone.
func reference(s sample, number int) ([]map[string]any, error) {
	values := map[string]any{}
	if s.values != "" {
		data, err := os.ReadFile(filepath.Join(s.repo, s.values))
		if err != nil {
			return nil, err
		}
		if number == 4 {
			values, err = loader4.LoadValues(bytes.NewReader(data))
		} else {
			err = yaml.Unmarshal(data, &values)
		}
		if err != nil {
			return nil, err
		}
	}
	docs, err := reference3(s, values)
	if number == 4 {
		docs, err = reference4(s, values)
	}
	if err != nil {
		return nil, err
	}
	return objectsOf(docs)
}

func reference3(s sample, values map[string]any) ([]string, error) {
	c, err := loader3.LoadDir(filepath.Join(s.repo, s.dir))
	if err != nil {
		return nil, err
	}
	if c.Metadata.Type == "library" {
		return nil, fmt.Errorf("library")
	}
	for _, d := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(x *chart3.Chart) bool { return x.Name() == d.Name }) {
			return nil, fmt.Errorf("missing %s", d.Name)
		}
	}
	if err := chartutil3.ProcessDependenciesWithMerge(c, values); err != nil {
		return nil, err
	}
	caps := chartutil3.DefaultCapabilities.Copy()
	version, err := chartutil3.ParseKubeVersion(testKubeVersion)
	if err != nil {
		return nil, err
	}
	caps.KubeVersion, caps.HelmVersion.Version = *version, "v3.22.0"
	if k := c.Metadata.KubeVersion; k != "" && !chartutil3.IsCompatibleRange(k, version.String()) {
		return nil, fmt.Errorf("kubeVersion %s", k)
	}
	top, err := chartutil3.ToRenderValues(c, values, chartutil3.ReleaseOptions{Name: "release-name", Namespace: "default", Revision: 1, IsInstall: true}, caps)
	if err != nil {
		return nil, err
	}
	files, err := engine3.Render(c, top)
	if err != nil {
		return nil, err
	}
	hooks, generic, err := releaseutil3.SortManifests(manifestsOf(files), nil, releaseutil3.InstallOrder)
	var docs []string
	for _, m := range generic {
		docs = append(docs, m.Content+"\n")
	}
	for _, h := range hooks {
		docs = append(docs, h.Manifest+"\n")
	}
	return docs, err
}

func reference4(s sample, values map[string]any) ([]string, error) {
	c, err := loader4.LoadDir(filepath.Join(s.repo, s.dir))
	if err != nil {
		return nil, err
	}
	if c.Metadata.Type == "library" {
		return nil, fmt.Errorf("library")
	}
	for _, d := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(x *chart4.Chart) bool { return x.Name() == d.Name }) {
			return nil, fmt.Errorf("missing %s", d.Name)
		}
	}
	if err := chartutil4.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion(testKubeVersion)
	if err != nil {
		return nil, err
	}
	caps.KubeVersion, caps.HelmVersion.Version = *version, "v4.3.1"
	if k := c.Metadata.KubeVersion; k != "" && !chartutil4.IsCompatibleRange(k, version.String()) {
		return nil, fmt.Errorf("kubeVersion %s", k)
	}
	top, err := util.ToRenderValues(c, values, common.ReleaseOptions{Name: "release-name", Namespace: "default", Revision: 1, IsInstall: true}, caps)
	if err != nil {
		return nil, err
	}
	files, err := engine4.Render(c, top)
	if err != nil {
		return nil, err
	}
	hooks, generic, err := releaseutil4.SortManifests(manifestsOf(files), nil, releaseutil4.InstallOrder)
	var docs []string
	for _, m := range generic {
		docs = append(docs, m.Content+"\n")
	}
	for _, h := range hooks {
		docs = append(docs, h.Manifest+"\n")
	}
	return docs, err
}

func manifestsOf(files map[string]string) map[string]string {
	for name := range files {
		if strings.HasSuffix(name, "NOTES.txt") {
			delete(files, name)
		}
	}
	return files
}

// objectsOf parses documents and takes Lists apart.
func objectsOf(docs []string) ([]map[string]any, error) {
	var all []map[string]any
	for _, doc := range docs {
		var object map[string]any
		if err := yaml.Unmarshal([]byte(doc), &object); err != nil {
			return nil, err
		}
		items, list := object["items"].([]any)
		kind, _ := object["kind"].(string)
		if list && strings.HasSuffix(kind, "List") {
			for _, item := range items {
				all = append(all, item.(map[string]any))
			}
		} else if len(object) > 0 {
			all = append(all, object)
		}
	}
	return all, nil
}
