package helm_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
)

const service = "apiVersion: v1\nkind: Service\nmetadata: {name: \"{{ .Values.name }}\"}\n"

// TestLacksStandOnTheirVersion holds that what has to be fetched is named on the line that says its version: in the lock, where
// Chart.yaml has a range.
func TestLacksStandOnTheirVersion(t *testing.T) {
	t.Parallel()
	locked := `[[{"name":"a","version":"1.0.x","repository":"https://charts.example"},{"name":"b","version":"2.0.0","repository":"https://charts.example"}],` +
		`[{"name":"a","version":"1.0.3","repository":"https://charts.example"},{"name":"b","version":"2.0.0","repository":"https://charts.example"}]]`
	files := map[string]string{
		"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\ndependencies:\n- name: a\n  repository: https://charts.example\n  version: 1.0.x\n- name: b\n  version: 2.0.0\n  repository: https://charts.example\n",
		"c/Chart.lock": "dependencies:\n- name: a\n  repository: https://charts.example\n  version: 1.0.3\n- name: b\n  repository: https://charts.example\n  version: 2.0.0\n" + fmt.Sprintf("digest: sha256:%x\n", sha256.Sum256([]byte(locked))),
	}
	for _, line := range []int{3, 4} {
		_, err := helm.New().Render(context.Background(), treeOf(files), manifests.Root{Dir: "c"}, manifests.Settings{HelmLine: line, Lines: true})
		var failed *manifests.RenderError
		if !errors.As(err, &failed) || len(failed.Lacks) != 2 {
			t.Fatalf("Helm %d: %v", line, err)
		}
		for i, want := range []string{"1.0.3 c/Chart.lock:4:12", "2.0.0 c/Chart.yaml:9:12"} {
			lack := failed.Lacks[i]
			if got := fmt.Sprintf("%s %s:%d:%d", lack.Version, lack.At.File, lack.At.Line, lack.At.Column); got != want {
				t.Errorf("Helm %d: %s, want %s", line, got, want)
			}
		}
	}
}

// TestLocalDependencies: file:// dependencies of a chart and of its dependencies are loaded from the tree, with
// their own .helmignore; what is vendored comes first.
func TestLocalDependencies(t *testing.T) {
	t.Parallel()
	needs := func(name, version, lines string) string {
		return "apiVersion: v2\nname: " + name + "\nversion: " + version + "\ndependencies:\n" + lines
	}
	files := map[string]string{
		"c/Chart.yaml":                  needs("web", "1.0.0", "- {name: a, version: 1.x.x, repository: \"file://../libs/a\"}\n- {name: v, version: 1.0.0, repository: \"file://../libs/v\"}\n- {name: a, version: 1.x.x, repository: \"file://../libs/a\", alias: again}\n"),
		"c/values.yaml":                 "a: {b: {name: from-top}}\n",
		"c/charts/v/Chart.yaml":         "apiVersion: v2\nname: v\nversion: 1.0.0\n",
		"c/charts/v/templates/x.yaml":   "apiVersion: v1\nkind: Service\nmetadata: {name: vendored}\n",
		"libs/v/Chart.yaml":             "apiVersion: v2\nname: v\nversion: 1.0.0\n",
		"libs/v/templates/x.yaml":       "{{ fail \"not this one\" }}",
		"libs/a/Chart.yaml":             needs("a", "1.5.0", "- {name: b, version: \">=0.0.1\", repository: \"file://../b\"}\n- {name: far, version: 1.0.0, repository: \"https://charts.example.com\"}\n"),
		"libs/a/.helmignore":            "ignored.yaml\n",
		"libs/a/values.yaml":            "name: a\n",
		"libs/a/templates/x.yaml":       service,
		"libs/a/templates/ignored.yaml": "{{ fail \"ignored\" }}",
		"libs/b/Chart.yaml":             "apiVersion: v2\nname: b\nversion: 0.0.1\n",
		"libs/b/values.yaml":            "name: b\n",
		"libs/b/templates/x.yaml":       service,
	}
	for _, line := range []int{3, 4} {
		rendering, err := helm.New().Render(context.Background(), treeOf(files), manifests.Root{Dir: "c"}, manifests.Settings{HelmLine: line, Lines: true})
		if err != nil {
			t.Fatal(err)
		}
		got := names(rendering.Objects)
		slices.Sort(got)
		if want := []string{"Service/a", "Service/a", "Service/b", "Service/from-top", "Service/vendored"}; !slices.Equal(got, want) {
			t.Errorf("helm %d: got %q, want %q", line, got, want)
		}
		if len(rendering.Notes) == 0 || !strings.Contains(rendering.Notes[0], "libs/a/Chart.yaml: dependency far 1.0.0") {
			t.Errorf("notes: %q", rendering.Notes)
		}
		for _, o := range rendering.Objects {
			want := map[string]string{"a": "libs/a/values.yaml:1", "b": "libs/b/values.yaml:1", "from-top": "c/values.yaml:1"}[o.Name]
			if origin, _ := o.OriginAt("metadata.name"); want != "" && show(origin, 0) != "values exact "+want {
				t.Errorf("%s: %s", o.Name, showAll(origin))
			}
		}
	}
}

// TestArchiveOrigins: what an archive holds has no line in the tree.
func TestArchiveOrigins(t *testing.T) {
	t.Parallel()
	archive := packed(t, "lib/Chart.yaml", library, "lib/values.yaml", "name: packed\nother: 1\n", "lib/templates/x.yaml", service)
	for values, want := range map[string]string{
		"":                        "values file c/charts/lib.tgz:0, template file c/charts/lib.tgz:0",
		"lib: {name: \"mine\"}\n": "values exact c/values.yaml:1, template file c/charts/lib.tgz:0",
	} {
		rendering, err := helm.New().Render(context.Background(), treeOf(chartWith("c/charts/lib.tgz", archive, "c/values.yaml", values)), manifests.Root{Dir: "c"}, manifests.Settings{Lines: true})
		if err != nil {
			t.Fatal(err)
		}
		if origin, _ := rendering.Objects[0].OriginAt("metadata.name"); showAll(origin) != want {
			t.Errorf("got %s, want %s", showAll(origin), want)
		}
	}
}

// TestInlineValues: inline values are counted from where they stand.
func TestInlineValues(t *testing.T) {
	t.Parallel()
	rel := manifests.ChartRelease{Dir: "c", Inline: []byte("other: 1\nname: inline\n")}
	rel.InlineSpan.File, rel.InlineSpan.Line = "kustomization.yaml", 7
	objects, _, err := helm.New().Release(context.Background(), treeOf(chartWith("c/templates/x.yaml", service)), rel, manifests.Settings{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	if origin, _ := objects[0].OriginAt("metadata.name"); show(origin, 0) != "values exact kustomization.yaml:8" {
		t.Errorf("got %s", showAll(origin))
	}
}

// TestRandomIsPinned: two renderings of a chart that asks for random and the time are equal.
func TestRandomIsPinned(t *testing.T) {
	t.Parallel()
	files := chartWith("c/templates/x.yaml", `apiVersion: v1
kind: Secret
metadata: {name: x}
stringData:
  a: {{ randAlphaNum 16 | quote }}
  b: {{ now | date "2006-01-02T15:04:05.999999999" | quote }}
  c: {{ uuidv4 }}
  d: {{ htpasswd "u" "p" | quote }}
  e: {{ (genCA "ca" 1).Cert | b64enc }}
  f: {{ shuffle "abcdefghijklmnop" }}
`)
	var all [2]string
	for i := range all {
		rendering, err := helm.New().Render(context.Background(), treeOf(files), manifests.Root{Dir: "c"}, manifests.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = string(rendering.Objects[0].Raw)
	}
	if all[0] != all[1] {
		t.Errorf("two renderings differ:\n%s\n%s", all[0], all[1])
	}
}

// TestHostileTemplates: what would take Helm's engine gigabytes or for ever ends soon, with its line.
func TestHostileTemplates(t *testing.T) {
	t.Parallel()
	list := "l: [" + strings.Repeat("1,", 200) + "1]\n"
	for name, template := range map[string]string{
		"until":     "{{ until 2000000000 }}",
		"repeat":    "{{ repeat 2000000000 \"x\" }}",
		"indent":    "{{ indent 2000000000 \"x\" }}",
		"doubling":  "{{ $x := \"xxxxxxxx\" }}{{ range until 40 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}{{ $x }}",
		"ranges":    "{{ range .Values.l }}{{ range $.Values.l }}{{ range $.Values.l }}{{ range $.Values.l }}" + strings.Repeat("x", 4096) + "{{ end }}{{ end }}{{ end }}{{ end }}",
		"width":     "{{ printf \"%1000000000d\" 1 }}",
		"include":   "{{ define \"a\" }}{{ include \"a\" . }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
		"tpl":       "{{ define \"t\" }}{{ tpl \"{{ include \\\"t\\\" . }}\" . }}{{ end }}{{ include \"t\" . }}",
		"documents": "{{ range until 30000 }}---\na: b\n{{ end }}",
	} {
		t.Run(name, func(t *testing.T) {
			got := failure(t, chartWith("c/values.yaml", list, "c/templates/x.yaml", "\n"+template), manifests.Root{Dir: "c"}, manifests.Settings{})
			if got.Span.File != "c/templates/x.yaml" {
				t.Errorf("at %v: %s", got.Span, got.Reason)
			}
			t.Logf("%.300s", got.Error())
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := helm.New().Render(ctx, treeOf(chartWith("c/values.yaml", list, "c/templates/x.yaml", "{{ range .Values.l }}{{ range $.Values.l }}{{ range $.Values.l }}{{ sha256sum \"x\" }}{{ end }}{{ end }}{{ end }}")), manifests.Root{Dir: "c"}, manifests.Settings{})
	if err == nil {
		t.Error("a rendering went on after its deadline")
	}
}
