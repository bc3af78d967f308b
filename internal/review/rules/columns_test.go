package rules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// columnForms are ways to write YAML. All begin with the same Pod.
var columnForms = map[string]string{
	"block":         "  containers:\n  - name: web\n    image: nginx\n    args:\n    - a\n    - b\n",
	"indented list": "  containers:\n    - name: web\n      image: nginx\n",
	"wide dash":     "  containers:\n  -   name: web\n      image: nginx\n  -   name: two\n      image: nginx\n",
	"lone dash":     "  containers:\n  -\n    name: web\n    image: nginx\n    args:\n    -\n      a\n  -\n    name: two\n    image: nginx\n",
	"lone dash with a comment": "  containers:\n  - # the first\n    name: web\n    image: nginx\n  -\n    # the second\n\n" +
		"    name: two\n    image: nginx\n",
	"dashes in a row":    "  matrix:\n  - - a\n    - b\n  -\n    - c\n    -\n      - d\n",
	"flow":               "  containers: [{name: web, image: nginx, args: [a, \"b\", 'c']}, {name: two}]\n",
	"flow in lines":      "  containers: [\n    {name: web,\n     image: nginx},\n    {name: two\n    }]\n",
	"flow below a dash":  "  containers:\n  -\n    {name: web, image: nginx}\n  - {name: two}\n",
	"quotes":             "  containers:\n  - \"name\": \"web\"\n    'image': 'nginx'\n  - 'name': two\n",
	"beyond ASCII":       "  containers:\n  - {name: \"ü\", \"ключ\": ü, image: nginx}\n  - {name: \"😀\", image: nginx}\n",
	"question mark":      "  containers:\n  - ? name\n    : web\n    ? image\n    : nginx\n",
	"value on next line": "  containers:\n  - name:\n      web\n    image:\n      nginx\n",
	"block scalars":      "  containers:\n  - name: web\n    args:\n    - |\n      a\n      b\n    - >-\n      c\n    command:\n    -\n      |\n      x\n",
	"keyed block":        "  script: |\n    a\n    b\n  folded: >-\n\n    a\n\n    b\n  below:\n    |\n    x\n  \"quoted\": \"a\n    b\"\n",
	"aliases":            "  first: &x {name: web}\n  second: *x\n  image: &i nginx\n  list:\n  - *i\n  - *x\n  again: *i\n",
	"merge keys":         "  first: &x\n    name: web\n    image: nginx\n  second:\n    <<: *x\n    image: apache\n  third: {<<: *x, own: 1}\n",
	"one line":           "  {containers: [{name: web}]}\n",
	"long gap":           "  containers:\n\n\n  -\n\n\n    name: web\n\n    image: nginx\n  - name: two\n",
	"folded plain":       "  containers:\n  - name: web\n    args:\n    - one\n      two\n    - three\n",
	"tags":               "  containers:\n  - !!map\n    name: web\n    image: !!str nginx\n  - !!map {name: two}\n",
	"anchors":            "  containers:\n  - &first\n    name: web\n    image: &image nginx\n  - &second {name: two}\n",
	"empty values":       "  containers:\n  - name: web\n    resources: {}\n    args: []\n    env:\n    stdin: ~\n  volumes:\n",
	"comments":           "  # c\n  containers: # c\n  # c\n  - name: web # c\n    # c\n    image: nginx # c\n",
	"same words":         "  containers:\n  - {name: name, image: image, args: [name, image, args]}\n",
	"dash as a value":    "  containers:\n  - name: web\n    args:\n    - \"-\"\n    - '-'\n    -\n      - x\n",
}

// everyRule reports every field of an object, and one that each mapping lacks.
func everyRule() *review.Rule {
	return &review.Rule{ID: "every-field", Level: review.Error, Kinds: []string{review.AnyKind}, Check: func(p *review.Pass) {
		p.Object.Walk(func(f manifests.Field) {
			p.Report(f, "is there")
			if f.IsMap() {
				p.Report(f.Get("absent"), "is not there")
			}
		})
	}}
}

// TestColumns reviews the same text as plain YAML, as a resource of a kustomization and as a template without any
// action: every field, and every missing one, has the same line and column.
func TestColumns(t *testing.T) {
	t.Parallel()
	for name, spec := range columnForms {
		for ends, end := range map[string]string{"LF": "\n", "CRLF": "\r\n"} {
			t.Run(strings.ReplaceAll(name, " ", "_")+"/"+ends, func(t *testing.T) {
				t.Parallel()
				text := "# c\napiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: web}\nspec:\n" + spec
				text = strings.ReplaceAll(text, "\n", end)
				plain := columns(t, "a/x.yaml", map[string]string{"a/x.yaml": text})
				for file, others := range map[string]map[string]string{
					"a/x.yaml":           {"a/x.yaml": text, "a/kustomization.yaml": "resources: [x.yaml]\n"},
					"a/templates/x.yaml": {"a/templates/x.yaml": text, "a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n"},
				} {
					diff := manifests.Unified("plain", file, plain, columns(t, file, others))
					if diff != "" {
						t.Errorf("%d files:\n%s\n%s", len(others), text, diff)
					}
				}
			})
		}
	}
}

// columns reviews a tree and returns "path line:column" of every field, in lines.
func columns(t *testing.T, file string, files map[string]string) string {
	t.Helper()
	content := map[string][]byte{}
	for name, text := range files {
		content[name] = []byte(text)
	}
	lab := lineLab()
	tree, err := source.Memory(content, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Renderer: lab.Renderer, Rules: []*review.Rule{everyRule()}, Now: time.Now}
	result, err := engine.Review(t.Context(), &source.Change{Head: tree}, &review.Policy{}, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]bool{}
	for _, f := range result.Findings {
		if f.Location.File != file || f.Location.Precision != "exact" {
			t.Errorf("%s: %+v", f.Path, f.Location)
		}
		at[fmt.Sprintf("%s %s %d:%d\n", f.Path, f.Message, f.Location.Line, f.Location.Column)] = true
	}
	if len(at) < 8 {
		t.Fatalf("found only %v", at)
	}
	return strings.Join(slices.Sorted(maps.Keys(at)), "")
}
