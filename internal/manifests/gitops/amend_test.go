package gitops

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// here is a place in a file for tests.
func here(file string, line int) manifests.Origin {
	return manifests.Origin{{Span: source.Span{File: file, Line: line, EndLine: line, Column: 1}, Role: manifests.RoleResource, Precision: manifests.Exact}}
}

// TestAmend holds that a kustomization says what it said and what was added, whatever its style, and that every line knows
// where it is from.
func TestAmend(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "patches:\n- {\"a\":1}\nnamespace: \"x\"\n"},
		{"none of the keys", "resources:\n- a.yaml\n", "resources:\n- a.yaml\npatches:\n- {\"a\":1}\nnamespace: \"x\"\n"},
		{"in the middle", "patches:\n  - path: p.yaml\n\n# more\nresources: [a.yaml]\n", "patches:\n  - path: p.yaml\n\n# more\n  - {\"a\":1}\nresources: [a.yaml]\nnamespace: \"x\"\n"},
		{"flow list", "patches: [{path: p.yaml}]\nresources: [a]\n", "patches:\n- {\"path\":\"p.yaml\"}\n- {\"a\":1}\nresources: [a]\nnamespace: \"x\"\n"},
		{"empty list", "patches: []\nnamespace: old\nresources: [a]\n", "patches:\n- {\"a\":1}\nnamespace: \"x\"\nresources: [a]\n"},
		{"null", "patches:\nresources: [a]\n", "patches:\n- {\"a\":1}\nresources: [a]\nnamespace: \"x\"\n"},
		{"block scalar at the end", "resources: [a]\npatches:\n- patch: |\n    x: 1\n    y: |\n\n      z\n", "resources: [a]\npatches:\n- patch: |\n    x: 1\n    y: |\n\n      z\n- {\"a\":1}\nnamespace: \"x\"\n"},
		{"JSON", `{"resources": ["a"], "patches": [{"path": "p"}]}`, "resources:\n    - \"a\"\npatches:\n    - path: \"p\"\n    - {\"a\":1}\nnamespace: \"x\"\n"},
		{"end of the document", "resources: [a]\n...\n", "resources: [a]\npatches:\n- {\"a\":1}\nnamespace: \"x\"\n"},
	} {
		a, err := amend("kustomization.yaml", []byte(c.text))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		items := &page{}
		items.add(`- {"a":1}`, here("flux.yaml", 7))
		if err := a.extend("patches", items); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := a.set("namespace", "x", here("flux.yaml", 9)); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		laid := a.laid()
		if got := string(laid.Text); unquoted(got) != unquoted(c.want) {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
		checkLines(t, c.name, laid)
	}
}

func unquoted(text string) string { return strings.ReplaceAll(text, `"`, "") }

func checkLines(t *testing.T, name string, laid manifests.Laid) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(string(laid.Text), "\n"), "\n")
	if len(lines) != len(laid.Lines) {
		t.Errorf("%s: %d lines, %d origins", name, len(lines), len(laid.Lines))
		return
	}
	for i, line := range lines {
		want := "kustomization.yaml"
		if strings.Contains(line, `{"a":1}`) || strings.HasPrefix(line, "namespace: \"x\"") {
			want = "flux.yaml"
		}
		if got := laid.Lines[i][0].Span.File; got != want && line != "patches:" {
			t.Errorf("%s: line %d, %q, is from %s, want %s", name, i+1, line, got, want)
		}
	}
}

// FuzzAmend holds that adding to any kustomization that is YAML gives YAML that says the same and more.
func FuzzAmend(f *testing.F) {
	for _, text := range []string{"", "patches: []\n", "patches:\n- path: x\n", "{patches: [{path: x}]}", "a: |\n  patches:\n\n", "patches:\n\n  -\n    path: x\n", "? a\n: b\n", "{}", " 0:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var before map[string]any
		if yaml.Unmarshal([]byte(text), &before) != nil {
			return
		}
		if was, ok := before["patches"].([]any); !ok && before["patches"] != nil || len(was) > 100 {
			return
		}
		a, err := amend("kustomization.yaml", []byte(text))
		if err != nil {
			return
		}
		items := &page{}
		items.add(`- {"added":true}`, here("flux.yaml", 1))
		if err := a.extend("patches", items); err != nil {
			return
		}
		laid := a.laid()
		var after map[string]any
		if err := yaml.Unmarshal(laid.Text, &after); err != nil {
			t.Fatalf("%q became %q: %v", text, laid.Text, err)
		}
		was, _ := before["patches"].([]any)
		now, _ := after["patches"].([]any)
		if len(now) != len(was)+1 {
			t.Fatalf("%q became %q", text, laid.Text)
		}
	})
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	known := map[string]manifests.Variable{"A": {Value: "1"}, "EMPTY": {}}
	for _, c := range []struct {
		text, want string
		unknown    []string
	}{
		{"x ${A} ${B}", "x 1 ", nil},
		{"${A:-2} ${B:-2} ${B:=3}", "1 2 3", nil},
		{"$A $${A}", "$A ${A}", nil},
		{"${A} ${B} ${B:-d}", "1 ${B} d", []string{"Secret x"}},
		{"${B}${B}", "${B}${B}", []string{"Secret x"}},
		{"${B//./-} ${B^^} ${#B} ${B:0:2} ${B%x} ${B:?no} ${B:+set}", "${B//./-} ${B^^} ${#B} ${B:0:2} ${B%x} ${B:?no} ${B:+set}", []string{"Secret x"}},
		{"$${B} $$${B} ${A/1/${B}}", "${B} $${B} ${B}", []string{"Secret x"}},
		{"${B:-${C}} ${B:=${A}} ${C/x/${A}}", "${C} 1 ${C/x/${A}}", []string{"Secret x"}},
		{"{${B", "", []string{"Secret x"}},
	} {
		got, err := evaluate(c.text, manifests.Finish{Variables: known, Unknown: c.unknown})
		if (err != nil) != (c.want == "") || got != c.want {
			t.Errorf("%q: %q %v, want %q", c.text, got, err, c.want)
		}
	}
	huge := map[string]manifests.Variable{"A": {Value: strings.Repeat("x", 1<<20)}}
	if _, err := evaluate(strings.Repeat("${A}", 1000), manifests.Finish{Variables: huge}); err == nil {
		t.Error("what grows without end is not refused")
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://github.com/Acme/infra", "https://github.com/acme/infra.git", "git@github.com:acme/infra.git", "ssh://git@github.com:22/acme/infra", "https://token@github.com/acme/infra/"} {
		if got := plainURL(url); got != "github.com/acme/infra" {
			t.Errorf("%s: %s", url, got)
		}
	}
	for _, url := range []string{"https://evil.example/x@github.com/acme/infra", "https://github.com@evil.example/acme/infra", "https://evil.example/@github.com/acme/infra"} {
		if got := plainURL(url); strings.HasPrefix(got, "github.com/") {
			t.Errorf("%s is taken for %s", url, got)
		}
	}
	for text, want := range map[string]map[string]string{
		"nginx:1.2":             {"name": "nginx", "newTag": "1.2"},
		"nginx=my.example/n:1":  {"name": "nginx", "newName": "my.example/n", "newTag": "1"},
		"h:5000/n@sha256:abc":   {"name": "h:5000/n", "digest": "sha256:abc"},
		"h:5000/n=h:5000/other": {"name": "h:5000/n", "newName": "h:5000/other"},
	} {
		got := imageOf(text)
		for key, value := range want {
			if got[key] != value || len(got) != len(want) {
				t.Errorf("%s: %v, want %v", text, got, want)
			}
		}
	}
}
