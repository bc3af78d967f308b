package kops_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/manifests/kops"
	"github.com/landwaiter/landwaiter/internal/source"
	"sigs.k8s.io/yaml"
)

// object begins a template that makes one object.
const object = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata: {name: c}\nspec:\n"

// toolbox cases are rendered by us and by what kops is made of: text/template and sprig, with its two own functions.
var toolbox = []struct {
	name     string
	template string
	values   []string
	snippets map[string]string
	want     string // a part of the output, written by hand
}{
	{"values are the dot", "  a: {{.a}}\n  b: {{$.m.b}}\n", []string{"a: 1\nm: {b: x}\n"}, nil, "a: 1\n  b: x"},
	{"maps are merged deeply, lists are replaced", "  a: {{.m.a}}\n  b: {{.m.o.b}}\n  c: {{.m.o.c}}\n  l: {{join \",\" .l}}\n",
		[]string{"m: {a: 1, o: {b: 2, c: 3}}\nl: [x, y, z]\n", "m: {o: {c: 4}}\nl: [w]\n"}, nil, "a: 1\n  b: 2\n  c: 4\n  l: w"},
	{"a map takes the place of a word, and a word that of a map", "  a: {{.a.x}}\n  b: {{.b}}\n", []string{"a: w\nb: {x: 1}\n", "a: {x: 2}\nb: v\n"}, nil, "a: 2\n  b: v"},
	{"numbers are those of JSON", "  a: {{.a}}\n  b: {{.b}}\n  c: {{int .a}}\n  d: {{.d}}\n", []string{"a: 1234567\nb: 443\nd: 1.50\n"}, nil, "a: 1.234567e+06\n  b: 443\n  c: 1234567\n  d: 1.5"},
	{"keys of other types are texts", "  a: {{index .m \"1\"}} {{index .m \"true\"}}\n", []string{"m: {1: one, true: yes}\n"}, nil, "a: one true"},
	{"null over a value", "  a: {{hasKey . \"a\"}} {{empty .a}}\n", []string{"a: 1\n", "a: null\n"}, nil, "a: true true"},
	{"snippets", "  a: {{include \"one.yaml\" .}}\n  b: {{template \"two\" .m}}\n", []string{"m: {x: 2}\na: 1\n"}, map[string]string{"one.yaml": "{{.a}}", "sub/two": "{{.x}}{{$.x}}"}, "a: 1\n  b: 22"},
	{"indent leaves the first line and empty ones", "  manifest: |\n    {{ include \"unit\" . | indent 4 }}\n", nil, map[string]string{"unit": "[Unit]\nA=b\n\n[Service]\nC=d"}, "manifest: |\n    [Unit]\n    A=b\n\n    [Service]\n    C=d"},
	{"indent of one line, and of none", "  a: \"{{ indent 3 \"x\" }}{{ indent 3 \"\" }}{{ indent 0 \"y\" }}\"\n", nil, nil, "a: \"xy\""},
	{"nindent is sprig's", "  a: {{ \"b: 1\\nc: 2\" | nindent 4 }}\n", nil, nil, "a: \n    b: 1\n    c: 2"},
	{"negative indent", "  a: |\n    {{ indent -4 \"x\\ny\" }}\n", nil, nil, "a: |\n    x\n    y"},
	{"a template that defines others", "{{define \"port\"}}{{.}}{{end}}  a: {{template \"port\" .a}}\n  b: {{include \"inner\" .}}\n", []string{"a: 80\n"}, map[string]string{"s": "{{define \"inner\"}}in{{end}}"}, "a: 80\n  b: in"},
	{"white space is trimmed", "{{- range $i, $z := .zones }}\n  z{{$i}}: {{$z}}\n{{- end }}\n", []string{"zones: [a, b]\n"}, nil, "\n  z0: a\n  z1: b"},
	{"functions of sprig", "  a: {{ default \"d\" .a }}-{{ upper .b }}-{{ .c | b64enc }}\n  t: {{ ternary 1 2 true }}\n  j: {{ toJson .l }}\n", []string{"a: ''\nb: x\nc: z\nl: [1, {k: v}]\n"}, nil, "a: d-X-eg==\n  t: 1\n  j: [1,{\"k\":\"v\"}]"},
	{"the name that values give", "  a: {{.clusterName}}.{{.zone}}\n", []string{"clusterName: eu1\nzone: example.com\n"}, nil, "a: eu1.example.com"},
	{"ranges over a map in order", "{{range $k, $v := .groups}}  {{$k}}: {{$v.type}}\n{{end}}", []string{"groups: {b: {type: m5}, a: {type: t3}}\n"}, nil, "a: t3\n  b: m5"},
}

func TestToolbox(t *testing.T) {
	t.Parallel()
	for _, c := range toolbox {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := object + c.template
			want := upstream(t, text, c.values, c.snippets)
			if !strings.Contains(want, c.want) {
				t.Fatalf("kops makes\n%s\nnot %q", want, c.want)
			}
			rendering, err := render(t, text, c.values, c.snippets)
			if err != nil {
				t.Fatal(err)
			}
			if len(rendering.Objects) != 1 || strings.TrimSpace(string(rendering.Objects[0].Raw)) != strings.TrimSpace(want) {
				t.Errorf("%d objects, the first\n%s\nwant\n%s", len(rendering.Objects), rendering.Objects[0].Raw, want)
			}
			if len(rendering.Notes) > 0 {
				t.Errorf("notes %q", rendering.Notes)
			}
		})
	}
}

// upstream renders as kops does.
func upstream(t *testing.T, text string, values []string, snippets map[string]string) string {
	t.Helper()
	scope := map[string]any{}
	for _, v := range values {
		var m map[string]any
		if err := yaml.Unmarshal([]byte(v), &m); err != nil {
			t.Fatal(err)
		}
		over(scope, m)
	}
	main := template.New("main")
	functions := sprig.TxtFuncMap()
	functions["indent"] = func(n int, text string) string {
		var b strings.Builder
		for i, l := range strings.Split(text, "\n") {
			if i > 0 {
				b.WriteByte('\n')
			}
			if i > 0 && l != "" {
				fmt.Fprintf(&b, fmt.Sprintf("%%%ds", n), "")
			}
			b.WriteString(l)
		}
		return b.String()
	}
	functions["include"] = func(name string, dot map[string]any) (string, error) {
		var b strings.Builder
		err := main.ExecuteTemplate(&b, name, dot)
		return b.String(), err
	}
	template.Must(main.Funcs(functions).Parse(text))
	for name, s := range snippets {
		template.Must(main.New(path.Base(name)).Parse(s))
	}
	var b strings.Builder
	if err := main.Execute(&b, scope); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// over lays values over others.
func over(under, values map[string]any) {
	for k, v := range values {
		a, isMap := under[k].(map[string]any)
		b, both := v.(map[string]any)
		if isMap && both {
			over(a, b)
		} else {
			under[k] = v
		}
	}
}

// render renders with our renderer.
func render(t *testing.T, text string, values []string, snippets map[string]string) (*manifests.Rendering, error) {
	t.Helper()
	root := manifests.Root{Kind: manifests.Kops, Dir: "kops", Files: []string{"kops/cluster.tmpl"}}
	files := map[string][]byte{"kops/cluster.tmpl": []byte(text)}
	for i, v := range values {
		name := fmt.Sprintf("kops/values-%d.yaml", i)
		files[name] = []byte(v)
		root.Values = append(root.Values, name)
	}
	for _, name := range slices.Sorted(maps.Keys(snippets)) {
		files["kops/snippets/"+name] = []byte(snippets[name])
		root.Files = append(root.Files, "kops/snippets/"+name)
	}
	tree, err := source.Memory(files, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return kops.New(helm.New()).Render(context.Background(), tree, root, manifests.Settings{KubeVersion: "1.34", HelmLine: 3, Lines: true})
}

// TestLines proves that fields stand on the lines of templates, snippets and values, exactly.
func TestLines(t *testing.T) {
	t.Parallel()
	rendering, err := render(t, "{{define \"own\"}}3{{end}}"+object+"  plain: 1\n  value: {{.m.a}}\n  {{include \"s.yaml\" . | indent 2}}\n  own: {{template \"own\"}}\n",
		[]string{"m:\n  a: 1\n  b: 2\n", "m:\n  a: 5\n"}, map[string]string{"s.yaml": "one: {{.m.b}}\n\ntwo: w"})
	if err != nil {
		t.Fatal(err)
	}
	spec := rendering.Objects[0].Field().Get("spec")
	for key, want := range map[string]string{
		"plain": "kops/cluster.tmpl:5", "value": "kops/values-1.yaml:2", "one": "kops/values-0.yaml:3", "two": "kops/snippets/s.yaml:3", "own": "kops/cluster.tmpl:8",
	} {
		origin, _ := rendering.Objects[0].OriginAt(spec.Get(key).Path())
		best := origin.Best()
		if best == nil || fmt.Sprintf("%s:%d", best.Span.File, best.Span.Line) != want || best.Precision != manifests.Exact {
			t.Errorf("%s: %+v, want %s", key, best, want)
		}
		for _, frame := range origin {
			if strings.Contains(frame.Span.File, "landwaiter") {
				t.Errorf("%s: %+v is of the chart around it", key, frame)
			}
		}
	}
}

// TestChannel proves that what kops' channel recommends is left open, and that this is said.
func TestChannel(t *testing.T) {
	t.Parallel()
	rendering, err := render(t, object+`  image: {{ChannelRecommendedImage "aws" "1.30.1" "amd64"}}
  old: {{ChannelRecommendedImage "aws" "1.30.1"}}
  upgrade: {{ChannelRecommendedKubernetesUpgradeVersion "v1.30.1"}}
{{if semverCompare ">=1.20" ChannelRecommendedKopsKubernetesVersion}}  new: true
{{end}}`, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec := rendering.Objects[0].Field().Get("spec")
	if spec.Get("image").IsSet() || spec.Get("old").IsSet() || spec.Get("upgrade").Text() != "1.30.1" || !spec.Get("new").True() {
		t.Errorf("%s", rendering.Objects[0].Raw)
	}
	notes := strings.Join(rendering.Notes, "\n")
	if len(rendering.Notes) != 4 || !strings.Contains(notes, "kops/cluster.tmpl:5: ChannelRecommendedImage asks kops' release channel") || strings.Contains(notes, "landwaiter") {
		t.Errorf("notes\n%s", notes)
	}
}

// TestFailures proves what cannot be rendered, and that it is said where it stands.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, snippet, want string }{
		{"no function of kops", object + "  a: {{toYaml .}}\n", "", `kops/cluster.tmpl:5: .*toYaml`},
		{"no function of kops either", object + "  a: {{tpl \"x\" .}}\n", "", `kops/cluster.tmpl:5: .*tpl`},
		{"the environment", object + "  a: {{env \"HOME\"}}\n", "", `kops/cluster.tmpl:5: .*env`},
		{"a snippet that is not there", object + "  a: {{include \"no\" .}}\n", "", `kops/cluster.tmpl:5: .*no`},
		{"a snippet at fault", object + "  a: {{include \"s\" .}}\n", "\n{{fail \"words\"}}", `kops/snippets/s:2: .*words.*kops/cluster.tmpl:5`},
		{"a snippet that does not parse", object, "\n\n{{if}}", `kops/snippets/s:3: `},
		{"endless", object + "  a: {{include \"s\" .}}\n", "{{include \"s\" .}}", `kops/`},
		{"indent without bounds", object + "  a: {{indent 2000000000 \"x\\ny\"}}\n", "", `kops/cluster.tmpl:5: `},
		{"indent without bounds on the other side", object + "  a: {{indent -2000000000 \"x\\ny\"}}\n", "", `kops/cluster.tmpl:5: `},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := render(t, c.text, nil, map[string]string{"s": c.snippet})
			var failed *manifests.RenderError
			if !errors.As(err, &failed) || !matches(failed.Error(), c.want) || strings.Contains(failed.Error(), "landwaiter") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func matches(text, pattern string) bool {
	return regexp.MustCompile("(?s)^" + pattern).MatchString(text)
}
