package imagetable

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// sample is a manifest of testdata with the images that its comments say are found, as "line: reference [open]".
type sample struct {
	object *manifests.Object
	want   []string
}

var mark = regexp.MustCompile(` # (image|chart) (.*)$`)

func samples(t testing.TB, pattern string) (all []sample) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range manifests.SplitDocuments(text) {
			object, err := manifests.NewObject(doc.Data)
			if err != nil {
				t.Fatalf("%s:%d: %v", file, doc.Line, err)
			}
			all = append(all, sample{object, marks(doc.Data)})
		}
	}
	return all
}

func marks(text []byte) (want []string) {
	for i, line := range bytes.Split(text, []byte("\n")) {
		m := mark.FindSubmatch(line)
		if m == nil {
			continue
		}
		for _, ref := range strings.Split(string(m[2]), ", ") {
			want = append(want, said(i+1, string(m[1]), ref))
		}
	}
	return want
}

func said(line int, kind, ref string) string { return strings.Repeat(" ", line) + kind + " " + ref }

// found writes what was found in an object as marks do.
func found(o *manifests.Object, all []Found) (got []string) {
	for _, one := range all {
		kind, ref := "image", one.Text
		if one.Chart {
			kind = "chart"
		}
		if one.Open {
			ref += " open"
		}
		got = append(got, said(lineOf(o, one.Path()), kind, ref))
	}
	return got
}

// lineOf is the line of a field, or of what above it is written: of a text that holds the field.
func lineOf(o *manifests.Object, path string) int {
	for {
		if f := o.Lookup(path); f.Exists() {
			return f.Node().Line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
}

// TestFind holds that of every sample exactly what its comments say is found.
func TestFind(t *testing.T) {
	t.Parallel()
	all := samples(t, "testdata/*.yaml")
	repositories := map[string]*manifests.Object{}
	for _, s := range all {
		if s.object.Kind == "HelmRepository" {
			repositories[s.object.Namespace+"/"+s.object.Name] = s.object
		}
	}
	lookup := func(_, namespace, name string) *manifests.Object { return repositories[namespace+"/"+name] }
	for _, s := range all {
		got := found(s.object, Find(s.object, nil, lookup))
		want := slices.Sorted(slices.Values(s.want))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s:\n\t%s\nwant:\n\t%s", s.object, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// TestRows holds that every row has a source and finds something in a sample, and that no two say the same.
func TestRows(t *testing.T) {
	t.Parallel()
	all := samples(t, "testdata/*.yaml")
	seen := map[string]bool{}
	for _, row := range Rows() {
		if !strings.HasPrefix(row.Source, "https://") {
			t.Errorf("%s: says not where it is from", row.Kind)
		}
		for _, path := range slices.Concat(row.Images, row.Pods, row.Values, row.Whole, row.Parameters) {
			if key := row.Kind + row.Name + row.Scheme + path; seen[key] {
				t.Errorf("%s: %s is there twice", row.Kind, path)
			} else {
				seen[key] = true
			}
		}
		hit := slices.ContainsFunc(all, func(s sample) bool {
			f := finder{}
			if row.matches(s.object) {
				f.row(row, s.object.Field())
			}
			return len(f.found) > 0
		})
		if !hit {
			t.Errorf("%s %v finds nothing in any sample", row.Kind, row.Images)
		}
	}
}

// toldBy lists what the pods of an object tell of.
func toldBy(o *manifests.Object) (all []Found) {
	for _, containers := range []string{"spec.containers[*]", "spec.template.spec.containers[*]"} {
		for _, c := range o.Field().All(containers) {
			all = append(all, Told(c)...)
		}
	}
	return append(all, Injected(o.Field().Get("metadata"))...)
}

// TestTold holds that of every operator's Deployment exactly what its comments say is told.
func TestTold(t *testing.T) {
	t.Parallel()
	for _, s := range samples(t, "testdata/told/*.yaml") {
		got, want := found(s.object, toldBy(s.object)), slices.Sorted(slices.Values(s.want))
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s:\n\t%s\nwant:\n\t%s", s.object, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		}
	}
}

// TestWords holds that every word has a source and is told by a sample.
func TestWords(t *testing.T) {
	t.Parallel()
	var said []string
	for _, s := range samples(t, "testdata/told/*.yaml") {
		for _, one := range toldBy(s.object) {
			said = append(said, one.Word)
		}
	}
	for kind, words := range map[string][]Word{"argument ": Flags(), "variable ": Variables(), "annotation ": Annotations()} {
		for _, w := range words {
			if !strings.HasPrefix(w.Source, "https://") {
				t.Errorf("%s%s: says not where it is from", kind, w.Name)
			}
			if !slices.ContainsFunc(said, func(text string) bool {
				ok, _ := filepath.Match(w.Name, strings.TrimLeft(strings.TrimPrefix(text, kind), "-"))
				return ok && strings.HasPrefix(text, kind)
			}) {
				t.Errorf("%s%s is told by no sample", kind, w.Name)
			}
		}
	}
}

// TestMore holds that a policy's own rows are found beside the table's.
func TestMore(t *testing.T) {
	t.Parallel()
	object, err := manifests.NewObject([]byte("apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: a}\nspec:\n  image: web\n  tag: 1\n  parts:\n    - {image: a}\n    - {image: b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row  Row
		want []string
	}{
		{Row{Kind: "Widget.example.com", Images: []string{"spec.image"}}, []string{"web"}},
		{Row{Kind: "Widget", Images: []string{"spec: {image}:{tag}"}}, []string{"web:1"}},
		{Row{Kind: "Widget", Images: []string{"spec.parts[*].image"}}, []string{"a", "b"}},
		{Row{Kind: "Widget.other.example.com", Images: []string{"spec.image"}}, nil},
		{Row{Kind: "Widget", Name: "b*", Images: []string{"spec.image"}}, nil},
	} {
		var got []string
		for _, one := range Find(object, []Row{c.row}, nil) {
			got = append(got, one.Text)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.row, got, c.want)
		}
	}
}

// TestTooMany holds that an object that is made to name very many images is bounded.
func TestTooMany(t *testing.T) {
	t.Parallel()
	text := "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec:\n  steps:\n" + strings.Repeat("  - {image: a}\n", 3*maxFound)
	object, err := manifests.NewObject([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(Find(object, nil, nil)); n != maxFound {
		t.Errorf("%d found", n)
	}
}

// FuzzFind looks into any object: what is found has a path, and text.
func FuzzFind(f *testing.F) {
	for _, s := range samples(f, "testdata/*.yaml") {
		f.Add(s.object.Raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		object, err := manifests.NewObject(raw)
		if err != nil {
			return
		}
		for _, one := range Find(object, nil, func(string, string, string) *manifests.Object { return object }) {
			if one.Text == "" || one.Path() == "" {
				t.Errorf("%+v", one)
			}
		}
	})
}
