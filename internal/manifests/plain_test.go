package manifests

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// renderPlain renders one file with lines.
func renderPlain(t *testing.T, name, data string) (*Rendering, error) {
	t.Helper()
	tree := memoryTree(t, map[string][]byte{name: []byte(data)})
	root := Root{Path: ".", Dir: ".", Kind: Plain, Files: []string{name}}
	return PlainRenderer{}.Render(context.Background(), tree, root, Settings{Lines: true})
}

// places writes the lines and columns of an Origin: "5:3-9 < 2:1" is line 5, columns 3 to 8, taken in at line 2.
func places(o Origin) string {
	var b strings.Builder
	for i, f := range o {
		if i > 0 {
			b.WriteString(" < ")
		}
		fmt.Fprintf(&b, "%d:%d", f.Span.Line, f.Span.Column)
		if f.Span.EndColumn > 0 {
			fmt.Fprintf(&b, "-%d", f.Span.EndColumn)
		}
	}
	return b.String()
}

func TestPlainOrigins(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, data string
		file       string // "a.yaml" by default
		object     int
		want       map[string]string // path to places
	}{
		{name: "second document", object: 1, data: "# c\na: 1\napiVersion: v1\nkind: A\n---\n# c\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: web # c\n    image: 'x'\n  -\n    # c\n    name: b\n",
			want: map[string]string{"": "7:1", "kind": "8:1-10", "spec": "9:1-5", "spec.containers": "10:3-13", "spec.containers[0]": "11:5",
				"spec.containers[0].name": "11:5-14", "spec.containers[0].image": "12:5-10", "spec.containers[1]": "15:5", "spec.containers[1].name": "15:5-12"}},
		{name: "carriage returns", data: "apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  a: b\r\n", want: map[string]string{"spec.a": "4:3-7"}},
		{name: "byte order mark", data: "\xef\xbb\xbfapiVersion: v1\nkind: Pod\nä: ü\n", want: map[string]string{"apiVersion": "1:1-15", "[ä]": "3:1-5"}},
		{name: "UTF-16", data: "\xff\xfea\x00p\x00i\x00V\x00e\x00r\x00s\x00i\x00o\x00n\x00:\x00 \x00v\x001\x00\n\x00k\x00i\x00n\x00d\x00:\x00 \x00P\x00\n\x00",
			want: map[string]string{"kind": "2:1-8"}},
		{name: "on the line of the separator", object: 1, data: "apiVersion: v1\nkind: A\n--- {apiVersion: v1, kind: Pod, a: [1, x]}\n",
			want: map[string]string{"kind": "3:22-31", "a": "3:33-34", "a[1]": "3:40-41"}},
		{name: "JSON", file: "a.json", data: "{\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\", \"a\": \"\\ud83d\\ude00\",\n\"b\": 12}", want: map[string]string{"kind": "2:2", "b": "3:1-8"}},
		{name: "aliases and merge keys", data: `apiVersion: v1
kind: Pod
x-base: &base
  privileged: true
  more:
    deep: 1
x-flag: &flag true
spec:
  a: *base
  b:
    <<: *base
    own: 1
  c:
  - *flag
  d: *flag
`, want: map[string]string{"spec.a": "3:1-7 < 9:3-4", "spec.a.privileged": "4:3-19 < 9:3-4", "spec.a.more.deep": "6:5-12 < 9:3-4",
			"spec.b.more": "5:3-7 < 11:5-7", "spec.b.more.deep": "6:5-12 < 11:5-7", "spec.b.own": "12:5-11", "spec.b": "10:3-4",
			"spec.c[0]": "7:1-7 < 14:5-10", "spec.d": "7:1-7 < 15:3-4"}},
		{name: "list", object: 1, data: `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: A
- apiVersion: v1
  kind: List
  items:
  - apiVersion: v1
    kind: B
    spec: {x: [1,
      2]}
`, want: map[string]string{"": "9:5", "kind": "10:5-12", "spec": "11:5-9", "spec.x": "11:12-13", "spec.x[1]": "12:7-8"}},
		{name: "typed list", data: "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n", want: map[string]string{"kind": "2:1-10 < 4:3", "metadata.name": "4:14-21"}},
		{name: "block scalar", data: "apiVersion: v1\nkind: A\ndata:\n  a: |\n    x\n  b: c\n", want: map[string]string{"data.a": "4:3-4", "data.b": "6:3-7"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := "a.yaml"
			if c.file != "" {
				file = c.file
			}
			r, err := renderPlain(t, file, c.data)
			if err != nil || len(r.Objects) <= c.object {
				t.Fatalf("%v, %v", r, err)
			}
			o := r.Objects[c.object]
			fields := 0
			o.Walk(func(Field) { fields++ })
			if fields != len(o.Origins) {
				t.Fatalf("%d fields, %d origins", fields, len(o.Origins))
			}
			for path, want := range c.want {
				origin, exists := o.OriginAt(path)
				if got := places(origin); got != want || !exists {
					t.Errorf("%q: got %s (%v), want %s", path, got, exists, want)
				}
				for _, f := range origin {
					if f.Span.File != file || f.Precision != Exact || f.Role != RoleResource {
						t.Errorf("%q: frame %+v", path, f)
					}
				}
			}
		})
	}
}

func TestPlainRender(t *testing.T) {
	t.Parallel()
	good := "apiVersion: v1\nkind: Pod\nmetadata:\n  name: good\n"
	cases := []struct {
		name   string
		files  map[string]string
		want   string // identities
		notes  string
		failed string
		err    string
	}{
		{name: "kinds of documents", files: map[string]string{"a.yaml": good + "---\n# only a comment\n---\nfoo: bar\n--- # c\n- 1\n---\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"},
			want: "Pod/good", notes: "a.yaml:8: the document is no Kubernetes object: has no apiVersion or no kind; a.yaml:10: the document is no Kubernetes object: is not a mapping; a.yaml:12: Kustomization configures kustomize, and no kustomization names it"},
		{name: "a bad document hides nothing", files: map[string]string{"a.yaml": "a: [\n---\n" + good + "---\napiVersion: v1\nkind: {{ .x }}\n---\n? {kind: apiVersion}\n: c\n", "b.yaml": good},
			want: "Pod/good Pod/good", failed: "a.yaml:1: is no valid YAML; a.yaml:9: is a template; a.yaml:11: has a key",
			notes: ""},
		{name: "only bad ones", files: map[string]string{"a.yaml": "kind: Pod\napiVersion: v1\n  x: [\n"}, err: "a.yaml:3: is no valid YAML"},
		{name: "missing file", files: map[string]string{"a.yaml": good, "b.yaml": ""}, want: "Pod/good"},
		{name: "bombs", files: map[string]string{"a.yaml": bomb(), "b.yaml": good}, want: "Pod/good", failed: "a.yaml:1: is no valid YAML: YAML grows"},
		{name: "nesting", files: map[string]string{"a.yaml": "a: " + strings.Repeat("[", 500) + strings.Repeat("]", 500), "b.yaml": good}, want: "Pod/good",
			failed: "a.yaml:1: is no valid YAML: YAML is nested deeper"},
		{name: "lists with other things", files: map[string]string{"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- a: b\n- 1\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: n}\n"},
			want: "Pod/n/a", notes: "a.yaml:4: the item is no Kubernetes object: has no apiVersion or no kind; a.yaml:5: the item is no Kubernetes object: is not a mapping"},
		{name: "a list of another name", files: map[string]string{"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a}\n- metadata: {name: b}\n"},
			want: "Pod/a ConfigMap/b"},
		{name: "JSON values in a row", files: map[string]string{"a.yaml": `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}`},
			want: "Pod/a Pod/b"},
		{name: "a kind in base64", files: map[string]string{"a.yaml": "apiVersion: v1\n!!binary a2luZA==: !!binary UG9k\nmetadata: {name: a}\n"}, want: "Pod/a"},
		{name: "a list without items", files: map[string]string{"a.yaml": "apiVersion: v1\nkind: List\nitems: []\n"}},
		{name: "a kind that ends like one", files: map[string]string{"a.yaml": "apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}\n"}, want: "AllowList/a"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{}
			root := Root{Path: ".", Dir: ".", Kind: Plain}
			for _, name := range []string{"a.yaml", "b.yaml"} {
				if data, ok := c.files[name]; ok {
					files[name] = []byte(data)
					root.Files = append(root.Files, name)
				}
			}
			r, err := PlainRenderer{}.Render(context.Background(), memoryTree(t, files), root, Settings{})
			if c.err != "" {
				var failed *RenderError
				if !errors.As(err, &failed) || !strings.HasPrefix(err.Error(), c.err) {
					t.Fatalf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, o := range r.Objects {
				ids = append(ids, o.String())
				if o.Origins != nil {
					t.Error("traced without being asked to")
				}
			}
			for i, want := range strings.Split(c.failed, "; ") {
				if want != "" && (i >= len(r.Failed) || !strings.HasPrefix(r.Failed[i].Error(), want)) {
					t.Errorf("failed %v, want %s", r.Failed, want)
				}
			}
			if c.failed == "" && len(r.Failed) > 0 {
				t.Errorf("failed %v", r.Failed)
			}
			if got := strings.Join(ids, " "); got != c.want {
				t.Errorf("objects %q, want %q", got, c.want)
			}
			if got := strings.Join(r.Notes, "; "); got != c.notes {
				t.Errorf("notes %q, want %q", got, c.notes)
			}
		})
	}
}

// bomb is a document that doubles with every line.
func bomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: Pod\na0: &a0 [x]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	return b.String()
}

func TestPlainLimits(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("---\napiVersion: v1\nkind: Pod\n", maxPlainObjects+1)
	if _, err := renderPlain(t, "a.yaml", many); err == nil || !strings.Contains(err.Error(), "objects") {
		t.Errorf("too many objects: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	root := Root{Kind: Plain, Files: []string{"a.yaml"}}
	if _, err := (PlainRenderer{}).Render(ctx, memoryTree(t, map[string][]byte{"a.yaml": nil}), root, Settings{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestPlainMissingFile(t *testing.T) {
	t.Parallel()
	tree := memoryTree(t, map[string][]byte{"a.yaml": []byte("apiVersion: v1\nkind: Pod\n")})
	root := Root{Kind: Plain, Files: []string{"a.yaml", "gone.yaml"}}
	r, err := PlainRenderer{}.Render(context.Background(), tree, root, Settings{})
	if err != nil || len(r.Objects) != 1 || len(r.Failed) != 1 || !errors.Is(r.Failed[0], source.ErrNotExist) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestJoinSurrogates(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`"\ud83d\ude00"`: `"😀"`, `"\\ud83d\ude00"`: `"\\ud83d\ude00"`, `"\\\ud83d\ude00"`: `"\\😀"`, `"\ud83d"`: `"\ud83d"`, `x`: `x`,
	} {
		if got := string(joinSurrogates([]byte(in))); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

// TestPlainClash proves that a document which kubectl and kustomize read differently is said to be one.
func TestPlainClash(t *testing.T) {
	t.Parallel()
	const head = "apiVersion: v1\nkind: A\nx: &x {p: true}\n"
	for text, want := range map[string]int{
		"s: {p: false, <<: *x}\n":       4,
		"s:\n  p: false\n  <<: *x\n":    5,
		"s: {<<: *x, p: false}\n":       0,
		"s: {q: false, <<: *x}\n":       0,
		"s: {p: 1, <<: *x, p: false}\n": 0,
	} {
		r, err := renderPlain(t, "a.yaml", head+text)
		if err != nil || len(r.Objects) != 1 {
			t.Fatalf("%q: %v", text, err)
		}
		line := 0
		if len(r.Failed) > 0 {
			line = r.Failed[0].Span.Line
		}
		if line != want {
			t.Errorf("%q: fails at line %d, want %d", text, line, want)
		}
	}
}
