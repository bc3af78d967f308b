package trace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const sampleValues = `
s: text
n: 7
f: 1.5
"yes": true
"no": false
nothing: null
none: ""
lines: "a\nb\n\nc"
m: {a: 1, b: two, c: {d: x, e: [1, 2]}}
l: [1, two, {k: v}, [3]]
strs: [b, a, c, a]
date: 1700000000
ver: 1.2.3
tmpl: "{{ .Values.s }}!"
`

// addresses are what fmt prints of pointers.
var addresses = regexp.MustCompile(`\b0x[0-9a-f]{6,}`)

// sameAsHelm executes a template and fails the test if Helm gives something else. It reports whether it succeeded.
func sameAsHelm(t testing.TB, templates map[string]string, values string) bool {
	t.Helper()
	ok := false
	for _, r := range tiny(t, templates, values) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		got, err := Execute(ctx, r.chart, Options{HelmLine: r.line, OutputBudget: 1 << 20, Steps: 100_000})
		cancel()
		var limit *LimitError
		if errors.As(err, &limit) || errors.Is(err, context.DeadlineExceeded) || err == nil && len(got.Pinned) > 0 {
			continue // Helm has no limits, or would differ from itself
		}
		want, wantErr := r.engine()
		if (err == nil) != (wantErr == nil) {
			t.Errorf("Helm %d: of %q we say %v, Helm %v", r.line, templates, err, wantErr)
			continue
		}
		if err != nil {
			continue
		}
		ok = true
		for name, text := range want {
			if out := got.Files[name]; addresses.ReplaceAllString(string(out.Output), "") != addresses.ReplaceAllString(text, "") {
				t.Errorf("Helm %d: %s of %q:\n ours: %q\n Helm: %q", r.line, name, templates, out.Output, text)
			}
		}
	}
	return ok
}

// generator makes random expressions, mostly of the types that functions want.
type generator struct {
	*rand.Rand
	funcs map[string]*function
	names []string
}

var atoms = map[reflect.Kind][]string{
	reflect.String: {
		".Values.s", ".Values.none", ".Values.lines", ".Values.m.b", ".Values.ver", ".Values.tmpl", ".Release.Name", ".Chart.Version",
		".Template.Name", ".Capabilities.KubeVersion.Version", `"x"`, `"a"`, "`r`", `""`, `"%s-%v"`, `","`, `"\n"`, "$.Values.s",
		`(.Files.Get "f.txt")`, `(include "h" .)`, `(toYaml .Values.m)`, `(index .Values.strs 1)`, `(.Values.n | toString)`, `(.Values.s | quote)`,
	},
	reflect.Int:   {".Values.n", "0", "1", "2", "-1", "0x1F", "'c'", "(int .Values.f)", "(len .Values.l)", ".Values.m.a", "(.Values.n | int)"},
	reflect.Map:   {".Values.m", ".Values.m.c", ".Values", "(dict `k` .Values.s `l` .Values.l)", "(fromYaml .Values.lines)", "(deepCopy .Values.m)", "dict"},
	reflect.Slice: {".Values.l", ".Values.strs", ".Values.m.c.e", "(list 1 `a` .Values.s)", "(until 3)", "(splitList `,` `a,b`)", "list"},
	reflect.Invalid: {
		".Values.f", ".Values.yes", ".Values.no", ".Values.nothing", ".Values.date", ".Values.missing", ".Values.missing.more",
		"1.5", "true", "false", "nil", "$", "$v", "1e3", ".",
	},
}

var kinds = []reflect.Kind{reflect.String, reflect.Int, reflect.Map, reflect.Slice, reflect.Invalid, reflect.Invalid}

func (g *generator) operand(kind reflect.Kind, depth int) string {
	if depth > 0 && g.IntN(3) == 0 {
		return "(" + g.pipeline(depth-1) + ")"
	}
	choice := atoms[kind]
	if choice == nil || g.IntN(20) == 0 {
		choice = atoms[kinds[g.IntN(len(kinds))]]
	}
	return choice[g.IntN(len(choice))]
}

func (g *generator) command(depth int, piped bool) string {
	name := g.names[g.IntN(len(g.names))]
	f := g.funcs[name]
	count := f.typ.NumIn()
	if f.typ.IsVariadic() {
		count += g.IntN(3) - 1
	}
	if piped {
		count--
	}
	for i := range count {
		name += " " + g.operand(f.parameter(i).Kind(), depth)
	}
	return name
}

func (g *generator) pipeline(depth int) string {
	text := g.command(depth, false)
	if g.IntN(3) == 0 {
		text = g.operand(reflect.Interface, depth)
	}
	for g.IntN(3) == 0 {
		text += " | " + g.command(depth, true)
	}
	return text
}

func (g *generator) statement(depth int) string {
	body := func() string {
		if depth == 0 {
			return "body\n"
		}
		return g.statement(depth - 1)
	}
	switch g.IntN(9) {
	case 0:
		return fmt.Sprintf("{{ if %s }}%s{{ else }}%s{{ end }}", g.pipeline(1), body(), body())
	case 1:
		return fmt.Sprintf("{{- with %s }}  %s{{ . }}{{ else }}%s{{ end }}\n", g.operand(reflect.Slice, 1), body(), body())
	case 2:
		return fmt.Sprintf("{{ range $i, $v := %s }}{{ $i }}={{ $v }}\n%s{{ end }}", g.operand(reflect.Slice, 1), body())
	case 3:
		return fmt.Sprintf("{{ $v = %s }}[{{ $v }}] {{- %s }}", g.pipeline(1), g.operand(reflect.Interface, 0))
	case 4:
		return fmt.Sprintf("{{ $w := %s }}  {{ $w -}}\n %s", g.pipeline(1), body())
	case 5:
		return fmt.Sprintf(`{{ template "h" %s }}`, g.operand(reflect.Slice, 1))
	case 6:
		return fmt.Sprintf("{{ range %s }}{{ if eq $v . }}{{ break }}{{ end }}{{ . }}{{ continue }}{{ end }}", g.operand(reflect.Slice, 1))
	}
	return "k: {{ " + g.pipeline(2) + " }}\n"
}

// TestSameAsHelm compares random templates.
func TestSameAsHelm(t *testing.T) {
	t.Parallel()
	g := &generator{rand.New(rand.NewPCG(1, 2)), functions(Options{HelmLine: 3}), nil}
	notRepeated := slices.Collect(maps.Keys(pinnedFunctions()))
	for name := range g.funcs {
		if !slices.Contains(append(notRepeated, "keys", "values", "fail"), name) {
			g.names = append(g.names, name)
		}
	}
	slices.Sort(g.names)
	rendered := 0
	rounds := 1500
	for range rounds {
		text := `{{ $v := "" }}` + g.statement(2)
		if sameAsHelm(t, map[string]string{
			"x.yaml": text, "_h.tpl": "{{ define \"h\" }}h[{{ . }}]\n{{ end }}", "files/f.txt": "file\n",
		}, sampleValues) {
			rendered++
		}
		if t.Failed() {
			break
		}
	}
	if rendered < rounds/10 {
		t.Errorf("only %d of %d random templates rendered: they say too little", rendered, rounds)
	}
}

// FuzzSameAsHelm looks for a template whose output, or failure, differs from Helm's.
func FuzzSameAsHelm(f *testing.F) {
	for _, c := range cases {
		for _, name := range slices.Sorted(maps.Keys(c.templates)) {
			f.Add(c.templates[name])
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "getHostByName") || len(text) > 4096 {
			return
		}
		sameAsHelm(t, map[string]string{"x.yaml": text, "_h.tpl": `{{ define "h" }}h[{{ . }}]{{ end }}`}, sampleValues)
	})
}
