package helm_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestChartsEqualHelm holds our own charts to what the SDK of each line makes of them.
func TestChartsEqualHelm(t *testing.T) {
	archives, err := filepath.Glob("testdata/charts/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no charts", err)
	}
	for _, archive := range archives {
		repo := unpackTo(t, archive)
		for _, s := range chartsOf(t, repo) {
			if s.dir != "chart" {
				continue
			}
			for _, number := range []int{3, 4} {
				want, err := reference(s, number)
				if err != nil {
					t.Fatalf("%s: %v", s, err)
				}
				got, err := helm.New().Render(context.Background(), treeAt(repo), s.root(), manifests.Settings{KubeVersion: testKubeVersion, HelmLine: number})
				if err != nil {
					t.Errorf("%s: %v", s, err)
				} else if difference := compare(got.Objects, want, want); difference != "" {
					t.Errorf("%s, helm %d: %s", s, number, difference)
				}
			}
		}
	}
}

// unpackTo writes a txtar archive into a new directory.
func unpackTo(t *testing.T, archive string) string {
	t.Helper()
	parsed, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(archive), ".txtar"))
	if err := txtar.Write(parsed, dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func archiveTree(t testing.TB, name string) source.Tree {
	t.Helper()
	parsed, err := txtar.ParseFile(filepath.Join("testdata", "charts", name))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range parsed.Files {
		files[f.Name] = string(f.Data)
	}
	return treeOf(files)
}

// names lists objects as Kind/name, hooks with their events.
func names(objects []*manifests.Object) []string {
	var all []string
	for _, o := range objects {
		name := o.Kind + "/" + o.Name
		if o.Hook != "" {
			name += " (" + o.Hook + ")"
		}
		all = append(all, name)
	}
	return all
}

func TestReleaseOrderAndHooks(t *testing.T) {
	t.Parallel()
	tree := archiveTree(t, "order.txtar")
	manifestsOnly := []string{"Namespace/first", "ConfigMap/files", "Service/one", "Service/two", "Deployment/release-name-order", "Widget/widget"}
	test, job := "Pod/check (test)", "Job/migrate (pre-install, pre-upgrade)"
	cases := []struct {
		name string
		rel  manifests.ChartRelease
		want []string
	}{
		{"all", manifests.ChartRelease{}, append(slices.Clone(manifestsOnly), test, job)},
		{"no hooks", manifests.ChartRelease{SkipHooks: true}, manifestsOnly},
		{"no tests", manifests.ChartRelease{SkipTests: true}, append(slices.Clone(manifestsOnly), job)},
	}
	for _, c := range cases {
		c.rel.Dir = "chart"
		objects, notes, err := helm.New().Release(context.Background(), tree, c.rel, manifests.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		got := names(objects)
		// a List is sorted by its own kind, which Helm does not know: before Widget, after all others
		slices.Sort(got)
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
		if len(notes) != 1 || !strings.Contains(notes[0], "hook with an event that Helm does not know") {
			t.Errorf("%s: notes %q", c.name, notes)
		}
	}
}

func TestCRDs(t *testing.T) {
	t.Parallel()
	tree := treeOf(map[string]string{
		"Chart.yaml":                      "apiVersion: v2\nname: x\nversion: 1.0.0\n",
		"crds/a.yaml":                     "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: b}\n",
		"crds/README.md":                  "no manifest",
		"charts/sub/Chart.yaml":           "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
		"charts/sub/crds/deep/c.yml":      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n",
		"templates/only-crds-before.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n",
	})
	for _, line := range []int{3, 4} {
		root := manifests.Root{Dir: "."}
		without, err := helm.New().Render(context.Background(), tree, root, manifests.Settings{HelmLine: line})
		if err != nil {
			t.Fatal(err)
		}
		with, err := helm.New().Render(context.Background(), tree, root, manifests.Settings{HelmLine: line, IncludeCRDs: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := names(without.Objects); !slices.Equal(got, []string{"Namespace/x"}) {
			t.Errorf("without: %q", got)
		}
		want := []string{"CustomResourceDefinition/a", "CustomResourceDefinition/b", "CustomResourceDefinition/c", "Namespace/x"}
		if got := names(with.Objects); !slices.Equal(got, want) {
			t.Errorf("with: %q", got)
		}
	}
}

// TestStrays proves that what Helm installs from crds/ is given, whatever it is made to look like.
func TestStrays(t *testing.T) {
	t.Parallel()
	const crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\n"
	tree := treeOf(map[string]string{
		"Chart.yaml":     "apiVersion: v2\nname: x\nversion: 1.0.0\n",
		"crds/a.yaml":    crd + "---\n" + crd + "kind: Pod\nmetadata: {name: second}\n",
		"crds/b.yaml":    "kind: CustomResourceDefinition\n\"kind\": Pod\napiVersion: v1\nmetadata: {name: quoted}\n",
		"crds/list.json": `{"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "listed"}}]}`,
	})
	rendering, err := helm.New().Render(context.Background(), tree, manifests.Root{Dir: "."}, manifests.Settings{Strays: true, Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(rendering.Objects); !slices.Equal(got, []string{"Pod/second", "Pod/quoted", "Pod/listed"}) {
		t.Errorf("got %q", got)
	}
	if line := rendering.Objects[0].Origins[0][0].Span; line.File != "crds/a.yaml" || line.Line < 5 {
		t.Errorf("stands at %+v", line)
	}
}

func TestNestedLists(t *testing.T) {
	t.Parallel()
	list := "{apiVersion: v1, kind: Pod, metadata: {name: x}}"
	for range 9 {
		list = "{apiVersion: v1, kind: List, items: [" + list + "]}"
	}
	failed := failure(t, map[string]string{"Chart.yaml": "apiVersion: v2\nname: x\nversion: 1.0.0\n", "templates/x.yaml": list}, manifests.Root{Dir: "."}, manifests.Settings{})
	if !strings.Contains(failed.Reason, "lists are nested too deep") {
		t.Errorf("got %v", failed)
	}
}

func TestInlineValuesAndNames(t *testing.T) {
	t.Parallel()
	tree := treeOf(map[string]string{
		"c/Chart.yaml":       "apiVersion: v2\nname: x\nversion: 1.0.0\n",
		"c/values.yaml":      "a: {b: 1, c: 1, d: 1}\n",
		"v1.yaml":            "a: {b: 2, c: 2}\n",
		"v2.yaml":            "a: {b: 3}\n",
		"c/templates/x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \"{{ .Release.Name }}\", namespace: \"{{ .Release.Namespace }}\"}\ndata: {v: \"{{ .Values.a.b }}{{ .Values.a.c }}{{ .Values.a.d }}{{ .Values.e }}\"}\n",
	})
	objects, _, err := helm.New().Release(context.Background(), tree, manifests.ChartRelease{
		Dir: "c", Name: "n", Namespace: "ns", ValuesFiles: []string{"v1.yaml", "v2.yaml"}, Inline: []byte("e: 4\na: {d: 9}\n"),
	}, manifests.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	o := objects[0]
	if got := o.Field().Get("data", "v").Text(); got != "3294" || o.Name != "n" || o.Namespace != "ns" {
		t.Errorf("got %s in %s", got, o.Identity)
	}
}

// failure renders a chart that must fail because of what it holds.
func failure(t *testing.T, files map[string]string, root manifests.Root, settings manifests.Settings) *manifests.RenderError {
	t.Helper()
	_, err := helm.New().Render(context.Background(), treeOf(files), root, settings)
	var failed *manifests.RenderError
	if !errors.As(err, &failed) {
		t.Fatalf("want a RenderError, got %v", err)
	}
	return failed
}
