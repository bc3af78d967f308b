package gitops

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// releaseOf is the root that the first HelmRelease in a text has rendered over files.
func releaseOf(t *testing.T, files map[string]string, text string) manifests.Root {
	t.Helper()
	for _, root := range rootsOf(t, files, text) {
		if strings.Contains(root.Path, "#HelmRelease/") {
			return root
		}
	}
	t.Fatalf("no root:\n%s", text)
	return manifests.Root{}
}

func helmReleaseWith(spec string) string {
	return "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: apps}\nspec:\n" + indented(spec, 2)
}

// TestReleaseNames holds the names of releases to the specification of HelmRelease, whose example is cut here, with its hash.
func TestReleaseNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"web":                   "web",
		strings.Repeat("x", 53): strings.Repeat("x", 53),
		"a-very-lengthy-target-namespace-with-a-nice-object-name": "a-very-lengthy-target-namespace-with-a-n-97af5d7f41f3",
	} {
		if got := shortened(name); got != want || len(got) > maxRelease {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestChartSources holds which chart each form of a HelmRelease has, and which of its versions.
func TestChartSources(t *testing.T) {
	t.Parallel()
	oci := func(ref string) string {
		return "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: web, namespace: apps}\nspec: {url: 'oci://registry.example/charts/web'" + ref + "}\n"
	}
	digest := "sha256:" + strings.Repeat("0", 64)
	repository := "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: apps}\nspec: {url: 'https://charts.example'}\n"
	fromOCI := helmReleaseWith("chartRef: {kind: OCIRepository, name: web}\n")
	for name, c := range map[string]struct{ text, want string }{
		"no reference":         {oci("") + fromOCI, "oci://registry.example/charts/web - latest tag"},
		"tag":                  {oci(", ref: {tag: 1.2.3}") + fromOCI, "oci://registry.example/charts/web - 1.2.3 tag"},
		"range before tag":     {oci(", ref: {tag: 1.2.3, semver: '>=1.0.0', semverFilter: '.*-rc'}") + fromOCI, "oci://registry.example/charts/web - >=1.0.0 filter .*-rc"},
		"digest before all":    {oci(", ref: {tag: 1.2.3, digest: '"+digest+"'}") + fromOCI, "oci://registry.example/charts/web - 1.2.3 tag " + digest},
		"OCIRepository inline": {helmReleaseWith("chart: {kind: OCIRepository, spec: {url: 'oci://registry.example/charts/web', ref: {semver: 1.x}}}\n"), "oci://registry.example/charts/web - 1.x"},
		"HelmRepository":       {repository + helmReleaseWith("chart: {spec: {chart: web, version: '*', sourceRef: {kind: HelmRepository, name: charts}, valuesFiles: [./a.yaml, b/c.yaml], ignoreMissingValuesFiles: true}}\n"), "https://charts.example web * a.yaml b/c.yaml lenient"},
		"HelmChart": {repository + "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: web, namespace: apps}\nspec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}, valuesFiles: [a.yaml]}\n" +
			helmReleaseWith("chartRef: {kind: HelmChart, name: web}\n"), "https://charts.example web 1.0.0 a.yaml"},
		"unknown":          {fromOCI, "its chart is OCIRepository web, which is not in the repository"},
		"a kind of no use": {helmReleaseWith("chartRef: {kind: Bucket, name: web}\n"), `its chart comes from the kind "Bucket", which is not known`},
		"an artifact's directory without a chart": {"apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\nmetadata: {name: g, namespace: apps}\nspec:\n  sources: [{alias: repo, kind: GitRepository, name: repo}]\n  artifacts: [{name: web, copy: [{from: '@repo/apps/**', to: '@artifact/'}]}]\n" +
			helmReleaseWith("chartRef: {kind: ExternalArtifact, name: web}\n"), "the chart apps is not in the repository"},
		"an artifact's chart": {"apiVersion: source.extensions.fluxcd.io/v1beta1\nkind: ArtifactGenerator\nmetadata: {name: g, namespace: apps}\nspec:\n  sources: [{alias: repo, kind: GitRepository, name: repo}]\n  artifacts: [{name: web, copy: [{from: '@repo/charts/web/**', to: '@artifact/'}]}]\n" +
			helmReleaseWith("chartRef: {kind: ExternalArtifact, name: web}\n"), "charts/web"},
	} {
		root := releaseOf(t, map[string]string{"charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n", "apps/a.yaml": ""}, c.text)
		if got := described(root); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// described is where a root has its chart from.
func described(root manifests.Root) string {
	d := root.Deployment
	switch {
	case d.Skip != "":
		return d.Skip
	case d.Chart == nil:
		return root.Dir
	}
	c := d.Chart
	words := []string{c.URL, c.Name, c.Version}
	if c.Name == "" {
		words[1] = "-"
	}
	if c.Tag {
		words = append(words, "tag")
	}
	if c.Filter != "" {
		words = append(words, "filter "+c.Filter)
	}
	if c.Digest != "" {
		words = append(words, c.Digest)
	}
	if words = append(words, c.Values...); c.Lenient {
		words = append(words, "lenient")
	}
	return strings.Join(words, " ")
}

// TestFetchedValuesFiles holds that the values files that a release names count instead of its chart's own, and that what
// they say stands where the chart is named.
func TestFetchedValuesFiles(t *testing.T) {
	t.Parallel()
	text := "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: apps}\nspec: {url: 'https://charts.example'}\n" +
		helmReleaseWith("chart: {spec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}, valuesFiles: FILES, ignoreMissingValuesFiles: LENIENT}}\n")
	chart := map[string][]byte{
		"Chart.yaml": []byte("apiVersion: v2\nname: web\nversion: 1.0.0\n"), "values.yaml": []byte("own: chart\nboth: chart\n"), "prod.yaml": []byte("# production\nboth: prod\n"), "list.yaml": []byte("[]\n"),
		"templates/a.yaml": []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {own: {{ .Values.own | quote }}, both: {{ .Values.both | quote }}}\n"),
	}
	for _, c := range []struct{ files, lenient, own, both, from, fails string }{
		{"[]", "false", "chart", "chart", "values.yaml:2", ""},
		{"[prod.yaml]", "false", "", "prod", "prod.yaml:2", ""},
		{"[values.yaml, ./prod.yaml]", "false", "chart", "prod", "prod.yaml:2", ""},
		{"[prod.yaml, values.yaml]", "false", "chart", "chart", "values.yaml:2", ""},
		{"[prod.yaml, absent.yaml]", "true", "", "prod", "prod.yaml:2", ""},
		{"[prod.yaml, absent.yaml]", "false", "", "", "", "has no absent.yaml"},
		{"[list.yaml]", "false", "", "", "", "holds no mapping"},
	} {
		root := releaseOf(t, nil, strings.NewReplacer("FILES", c.files, "LENIENT", c.lenient).Replace(text))
		root.Deployment.Chart.Files = chart
		w, _ := worldOf(t, nil, "")
		rendering, _, err := (&Renderer{Inner: inProcess{}}).Render(context.Background(), w.repository.Tree, root, manifests.Settings{KubeVersion: "1.36", HelmLine: 4, Lines: true})
		var failed *manifests.RenderError
		if c.fails != "" {
			if !errors.As(err, &failed) || !strings.Contains(failed.Reason, c.fails) {
				t.Errorf("%s: %v, want %q", c.files, err, c.fails)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.files, err)
			continue
		}
		o := rendering.Objects[0]
		own, both := o.Field().Get("data", "own").Text(), o.Field().Get("data", "both")
		at, _ := o.OriginAt(both.Path())
		if own != c.own || both.Text() != c.both || !slices.ContainsFunc(at, func(f manifests.Frame) bool { return strings.HasSuffix(f.From, ": "+c.from) }) {
			t.Errorf("%s: %q %q from %v", c.files, own, both.Text(), at)
		}
	}
}

// TestEncrypted holds that nothing is taken from what is encrypted, and that it is said.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	text := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: apps}\ndata: {values.yaml: 'ENC[AES256_GCM,data:x]', A: 'ENC[AES256_GCM,data:x]'}\nsops: {mac: x, version: 3.9.0}\n" +
		helmReleaseWith("chart: {spec: {chart: ./chart, sourceRef: {kind: GitRepository, name: r}}}\nvaluesFrom: [{kind: ConfigMap, name: m}]\n") +
		"---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web, namespace: apps}\nspec: {path: ./chart, sourceRef: {kind: GitRepository, name: r}, postBuild: {substituteFrom: [{kind: ConfigMap, name: m}]}}\n"
	roots := rootsOf(t, map[string]string{"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n", "chart/templates/a.yaml": "a: 1\n"}, text)
	for _, root := range roots {
		if got := fmt.Sprint(notesOf(root.Deployment)); got != "[values of ConfigMap m, which is encrypted, are not known from the repository]" {
			t.Errorf("%s: %s", root.Path, got)
		}
		if len(root.Deployment.After.Variables) > 0 {
			t.Errorf("%s: has %v", root.Path, root.Deployment.After.Variables)
		}
	}
	if len(roots) != 2 {
		t.Errorf("%d roots", len(roots))
	}
}
