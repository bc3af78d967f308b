package trace

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	chart4 "helm.sh/helm/v4/pkg/chart/v2"

	chart3 "helm.sh/helm/v3/pkg/chart"
)

// family makes a chart "web" with a dependency "db" that has values of its own.
func family(t *testing.T, parent, child string) []*rendering {
	t.Helper()
	values := func() map[string]any {
		return map[string]any{"global": map[string]any{"reg": "r.io"}, "db": map[string]any{"size": 5}}
	}
	defaults := func() map[string]any {
		return map[string]any{"size": 1, "kind": "pg", "global": map[string]any{"own": "o"}}
	}
	c3 := &chart3.Chart{Metadata: &chart3.Metadata{Name: "web", Version: "1.0.0", APIVersion: "v2"}, Values: values()}
	d3 := &chart3.Chart{Metadata: &chart3.Metadata{Name: "db", Version: "1.0.0", APIVersion: "v2"}, Values: defaults()}
	c3.Templates = []*chart3.File{{Name: "templates/x.yaml", Data: []byte(parent)}}
	d3.Templates = []*chart3.File{{Name: "templates/d.yaml", Data: []byte(child)}}
	c3.AddDependency(d3)
	r3, err := run3(c3, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	c4 := &chart4.Chart{Metadata: &chart4.Metadata{Name: "web", Version: "1.0.0", APIVersion: "v2"}, Values: values()}
	d4 := &chart4.Chart{Metadata: &chart4.Metadata{Name: "db", Version: "1.0.0", APIVersion: "v2"}, Values: defaults()}
	c4.Templates = []*common.File{{Name: "templates/x.yaml", Data: []byte(parent)}}
	d4.Templates = []*common.File{{Name: "templates/d.yaml", Data: []byte(child)}}
	c4.AddDependency(d4)
	r4, err := run4(c4, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	return []*rendering{r3, r4}
}

// TestSubcharts looks at what a dependency reads: its values lie below its name in those of the root chart, and its
// globals are told apart.
func TestSubcharts(t *testing.T) {
	t.Parallel()
	parent := "reg: {{ .Values.global.reg }}\nsize: {{ .Values.db.size }}\nsub: {{ include \"d.name\" .Subcharts.db }}\n"
	child := "{{ define \"d.name\" }}{{ .Values.kind }}{{ end }}a: {{ .Values.size }}\nb: {{ .Values.kind }}\nc: {{ .Values.global.reg }}\nd: {{ .Values.global.own }}\n{{ toYaml .Values.global }}\n"
	type leaf struct {
		path   string
		global bool
	}
	want := map[string][][]leaf{
		"web/templates/x.yaml": {{{"global.reg", false}}, {{"db.size", false}}, {{"db.kind", false}}},
		"web/charts/db/templates/d.yaml": {
			{{"db.size", false}}, {{"db.kind", false}}, {{"db.global.reg", true}}, {{"db.global.own", true}}, {{"db.global.own", true}}, {{"db.global.reg", true}},
		},
	}
	for _, r := range family(t, parent, child) {
		texts, err := r.engine()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
		if err != nil {
			t.Fatal(err)
		}
		for name, lines := range want {
			if out := string(got.Files[name].Output); out != texts[name] {
				t.Errorf("Helm %d: %s is %q, Helm says %q", r.line, name, out, texts[name])
			}
			for i, leaves := range lines {
				var said []leaf
				for _, l := range got.Files[name].Lines[i].Leaves {
					said = append(said, leaf{strings.Join(l.Path, "."), l.Global})
				}
				if !reflect.DeepEqual(said, leaves) {
					t.Errorf("Helm %d: line %d of %s has %v, not %v", r.line, i+1, name, said, leaves)
				}
			}
		}
	}
}

// TestSegments looks at the parts of a line.
func TestSegments(t *testing.T) {
	t.Parallel()
	helpers := "{{ define \"tag\" -}}\nv{{ .Values.tag }}-x\n{{- end }}"
	r := tiny(t, two("spec:\n  image: {{ .Values.repo }}:{{ include \"tag\" . | trim }} # {{ 1 }}\n", helpers), "{repo: web, tag: 7}")[1]
	got, err := Execute(context.Background(), r.chart, Options{})
	if err != nil {
		t.Fatal(err)
	}
	file := got.Files["web/templates/x.yaml"]
	line := file.Lines[1]
	text := strings.Split(string(file.Output), "\n")[1]
	var said []string
	for _, s := range line.Segments {
		kind := "action"
		if s.Literal {
			kind = "literal"
		}
		said = append(said, text[s.Start:s.End]+"|"+kind+"|"+showFrames(s.Frames)+"|"+strings.TrimSpace(showLeaves(s.Leaves)))
	}
	want := []string{
		"  image: |literal|x:2:3|", "web|action|x:2:13|repo!", ":|literal|x:2:28|", "v|literal|_h:2:1 x:2:32|",
		"7|action|_h:2:5 x:2:32|tag!", "-x|literal|_h:2:19 x:2:32|", " # |literal|x:2:58|", "1|action|x:2:63|",
	}
	if !reflect.DeepEqual(said, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
}

// TestOrder checks that templates see what those before them did to the values, in Helm's order, and that of two
// definitions the same one counts.
func TestOrder(t *testing.T) {
	t.Parallel()
	for _, r := range tiny(t, map[string]string{
		"x.yaml":     `{{ define "n" }}x{{ end }}{{ .Values.m.k }} {{ include "n" . }}`,
		"y.yaml":     `{{ define "n" }}y{{ end }}{{ $_ := set .Values.m "k" "changed" }}`,
		"sub/z.yaml": `{{ define "n" }}z{{ end }}{{ .Values.m.k }}`,
		"a.yaml":     `{{ define "n" }}{{ end }}`,
	}, "m: {k: first}") {
		want, err := r.engine()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range want {
			if out := string(got.Files[name].Output); out != text {
				t.Errorf("Helm %d: %s is %q, Helm says %q", r.line, name, out, text)
			}
		}
		if x := string(got.Files["web/templates/x.yaml"].Output); x != "changed x" {
			t.Errorf("Helm %d: got %q", r.line, x)
		}
	}
}
