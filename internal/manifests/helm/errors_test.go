package helm_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
)

// chartWith makes a chart in directory c with more files, given as path, text pairs.
func chartWith(pairs ...string) map[string]string {
	files := map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n"}
	for i := 0; i+1 < len(pairs); i += 2 {
		files[pairs[i]] = pairs[i+1]
	}
	return files
}

const library = "apiVersion: v2\nname: lib\nversion: 1.2.3\n"

// errorCase is a chart that does not render, and what its error must say: file:line: and words of the reason,
// separated by " … ".
type errorCase struct {
	files map[string]string
	want  string
}

func errorCases(t *testing.T) map[string]errorCase {
	withDependency := func(entry string) string {
		return "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- condition: off.enabled\n  name: lib\n" + entry
	}
	return map[string]errorCase{
		"missing chart":       {map[string]string{"x": ""}, "c: cannot be read … "},
		"chart is no YAML":    {chartWith("c/Chart.yaml", "apiVersion: v2\nname: [\n"), "c/Chart.yaml:2: … cannot load Chart.yaml"},
		"no version":          {chartWith("c/Chart.yaml", "apiVersion: v2\nname: web\n"), "c/Chart.yaml: … version is required"},
		"chart name escapes":  {chartWith("c/Chart.yaml", "apiVersion: v2\nname: ../../x\nversion: 1.0.0\n"), "c/Chart.yaml: … is invalid"},
		"library":             {chartWith("c/Chart.yaml", "apiVersion: v2\nname: web\ntype: library\nversion: 1.0.0\n"), "c/Chart.yaml:3: … is a library"},
		"kubernetes version":  {chartWith("c/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\nkubeVersion: \"<1.20\"\n"), "c/Chart.yaml:4: … needs Kubernetes <1.20 … 1.34"},
		"missing dependency":  {chartWith("c/Chart.yaml", withDependency("  version: 19.0.2\n  repository: oci://r.example.com/x\n"), "c/values.yaml", "off: {enabled: false}\n"), `c/Chart.yaml:6: dependency lib 19.0.2 of oci://r.example.com/x is not under charts/: vendor it with "helm dependency build"`},
		"missing requirement": {chartWith("c/Chart.yaml", "name: web\nversion: 1.0.0\n", "c/requirements.yaml", "dependencies:\n- name: a\n  version: 1.0.0\n"), "c/requirements.yaml:2: dependency a 1.0.0 is not under charts/"},
		"local outside":       {chartWith("c/Chart.yaml", withDependency("  version: 1.x.x\n  repository: file://../../lib\n")), "c/Chart.yaml:6: … outside of the repository"},
		"local absolute":      {chartWith("c/Chart.yaml", withDependency("  version: 1.x.x\n  repository: file:///etc\n")), "c/Chart.yaml:6: … outside of the repository"},
		"local missing":       {chartWith("c/Chart.yaml", withDependency("  version: 1.x.x\n  repository: file://../lib\n")), "c/Chart.yaml:6: … directory lib does not exist"},
		"local version":       {chartWith("c/Chart.yaml", withDependency("  version: 2.x.x\n  repository: file://../lib\n"), "lib/Chart.yaml", library), "c/Chart.yaml:6: … version 1.2.3"},
		"local loop":          {chartWith("c/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies:\n- name: web\n  version: 1.x.x\n  repository: file://../c\n"), "c/Chart.yaml: … 16 levels"},
		"values file missing": {chartWith("v", ""), "values.yaml: … cannot be read"},
		"values no YAML":      {chartWith("values.yaml", "a: 1\nb: [\n"), "values.yaml:2: … no YAML mapping"},
		"values a list":       {chartWith("values.yaml", "- a\n"), "values.yaml: … no YAML mapping"},
		"chart values":        {chartWith("values.yaml", "", "c/values.yaml", "a: 1\nb: {\n"), "c/values.yaml:2: … cannot load values.yaml"},
		"required":            {chartWith("values.yaml", "", "c/templates/a.yaml", "a: b\nimage: {{ required \"set image, please\" .Values.image }}\n"), "c/templates/a.yaml:2: the chart refuses its values: set image, please"},
		"fail in helper": {chartWith("values.yaml", "", "c/templates/_h.tpl", "{{ define \"h\" }}\n{{ fail \"never\" }}{{ end }}",
			"c/templates/a.yaml", "a: b\n\nb: {{ include \"h\" . }}\n"), "c/templates/_h.tpl:2: the chart refuses its values: never … c/templates/a.yaml:3"},
		"nil pointer":   {chartWith("values.yaml", "", "c/templates/a.yaml", "a: {{ .Values.x.y.z }}\n"), "c/templates/a.yaml:1: … {{ .Values.x.y.z }} … not set in the values"},
		"no parse":      {chartWith("values.yaml", "", "c/templates/a.yaml", "a: b\n{{ if }}\n"), "c/templates/a.yaml:2: … missing value for if"},
		"no function":   {chartWith("values.yaml", "", "c/templates/a.yaml", "a: {{ nonsense }}\n"), `c/templates/a.yaml:1: … function "nonsense" not defined`},
		"subchart fail": {chartWith("values.yaml", "", "c/charts/dir/Chart.yaml", library, "c/charts/dir/templates/a.yaml", "\n{{ fail \"sub\" }}"), "c/charts/dir/templates/a.yaml:2: … sub"},
		"packed fail": {chartWith("values.yaml", "", "c/charts/lib-1.2.3.tgz", packed(t, "lib/Chart.yaml", library, "lib/templates/a.yaml", "\n{{ fail \"sub\" }}")),
			"c/charts/lib-1.2.3.tgz: templates/a.yaml in c/charts/lib-1.2.3.tgz, line 2: … sub"},
		"not YAML":       {chartWith("values.yaml", "", "c/templates/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n name: x\n bad\n"), "c/templates/a.yaml … not usable YAML"},
		"schema":         {chartWith("values.yaml", "replicas: many\n", "c/values.schema.json", `{"properties": {"replicas": {"type": "integer"}}}`), "values.yaml:1: … c/values.schema.json: replicas: got string, want integer"},
		"schema of sub":  {chartWith("values.yaml", "", "c/charts/l/Chart.yaml", library, "c/charts/l/values.yaml", "a: 1\nnum: x\n", "c/charts/l/values.schema.json", `{"properties": {"num": {"type": "number"}}}`), "c/charts/l/values.yaml:2: … lib.num: got string, want number"},
		"schema missing": {chartWith("values.yaml", "x: {}\n", "c/values.schema.json", `{"properties": {"x": {"required": ["y"]}}}`), "values.yaml:1: … x: missing property 'y'"},
		"schema broken":  {chartWith("values.yaml", "", "c/values.schema.json", `{"type": `), "c/values.schema.json: the values schema cannot be used"},
		"schema http":    {chartWith("values.yaml", "", "c/values.schema.json", `{"$ref": "http://127.0.0.1:1/x.json"}`), "c/values.schema.json: … may not refer to other files or addresses"},
		"schema file":    {chartWith("values.yaml", "", "c/values.schema.json", `{"$ref": "file:///etc/passwd"}`), "c/values.schema.json: … may not refer to other files or addresses"},
		"schema draft":   {chartWith("values.yaml", "", "c/values.schema.json", `{"$schema": "https://example.com/meta"}`), "c/values.schema.json: … may not refer to other files or addresses"},
		"archive broken": {chartWith("values.yaml", "", "c/charts/x.tgz", "no archive"), "c/charts/x.tgz: the chart archive cannot be read"},
		"archive escape": {chartWith("values.yaml", "", "c/charts/x.tgz", packed(t, "x/../../etc/passwd", "x")), "c/charts/x.tgz: … leads out of the chart"},
		"archive flat":   {chartWith("values.yaml", "", "c/charts/x.tgz", packed(t, "Chart.yaml", library)), "c/charts/x.tgz: … outside of the chart's directory"},
		"archive link":   {chartWith("values.yaml", "", "c/charts/x.tgz", packed(t, "x/Chart.yaml", library, "x/values.yaml", "->/etc/passwd")), "c/charts/x.tgz: … is a link or a device"},
		"stray file":     {chartWith("values.yaml", "", "c/charts/README.md", "x"), "c/charts/README.md/Chart.yaml: … Chart.yaml file is missing"},
	}
}

func TestErrorsNameTheLine(t *testing.T) {
	t.Parallel()
	for name, c := range errorCases(t) {
		for _, line := range []int{3, 4} {
			t.Run(fmt.Sprintf("%s, helm %d", name, line), func(t *testing.T) {
				root := manifests.Root{Dir: "c"}
				if _, ok := c.files["values.yaml"]; ok || c.files["v"] == "" && name == "values file missing" {
					root.Values = []string{"values.yaml"}
				}
				got := failure(t, c.files, root, manifests.Settings{HelmLine: line, KubeVersion: "1.34"}).Error()
				rest := got
				for _, part := range strings.Split(c.want, " … ") {
					_, after, ok := strings.Cut(rest, part)
					if !ok {
						t.Fatalf("got  %s\nwant %s", got, c.want)
					}
					rest = after
				}
			})
		}
	}
}

// packed makes a chart archive of path, text pairs; a text that begins with "->" makes a link.
func packed(t testing.TB, pairs ...string) string {
	t.Helper()
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	archive := tar.NewWriter(zipped)
	for i := 0; i+1 < len(pairs); i += 2 {
		header := &tar.Header{Name: pairs[i], Mode: 0o644, Size: int64(len(pairs[i+1]))}
		target, link := strings.CutPrefix(pairs[i+1], "->")
		if link {
			header = &tar.Header{Name: pairs[i], Typeflag: tar.TypeSymlink, Linkname: target}
		}
		if err := archive.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if !link {
			if _, err := archive.Write([]byte(pairs[i+1])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.String()
}

// TestArchives: charts in archives, in archives within archives, and archives that only look small.
func TestArchives(t *testing.T) {
	t.Parallel()
	inner := packed(t, "in/Chart.yaml", "apiVersion: v2\nname: inner\nversion: 1.0.0\n", "in/templates/x.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: inner}\n")
	outer := packed(t, "out/Chart.yaml", "apiVersion: v2\nname: outer\nversion: 1.0.0\n", "out/charts/inner.tgz", inner)
	rendering, err := helm.New().Render(context.Background(), treeOf(chartWith("c/charts/outer-1.0.0.tgz", outer)), manifests.Root{Dir: "c"}, manifests.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if got := names(rendering.Objects); len(got) != 1 || got[0] != "Service/inner" {
		t.Errorf("got %q", got)
	}
	zeros := strings.Repeat("\x00", 60<<20)
	bomb := packed(t, "x/Chart.yaml", library, "x/a", zeros, "x/b", zeros)
	if got := failure(t, chartWith("c/charts/x.tgz", bomb), manifests.Root{Dir: "c"}, manifests.Settings{}); !strings.Contains(got.Reason, "larger than the limit") {
		t.Errorf("a bomb: %v", got)
	}
	var many []string
	for i := range 25_000 {
		many = append(many, fmt.Sprintf("x/%d", i), "")
	}
	if got := failure(t, chartWith("c/charts/x.tgz", packed(t, many...)), manifests.Root{Dir: "c"}, manifests.Settings{}); !strings.Contains(got.Reason, "files") {
		t.Errorf("many files: %v", got)
	}
}

func TestSettingsThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, settings := range []manifests.Settings{{HelmLine: 2}, {KubeVersion: "newest"}} {
		_, err := helm.New().Render(context.Background(), treeOf(chartWith()), manifests.Root{Dir: "c"}, settings)
		if err == nil {
			t.Errorf("%+v was accepted", settings)
		}
	}
}
