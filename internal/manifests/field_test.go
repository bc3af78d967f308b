package manifests

import (
	"slices"
	"strings"
	"testing"
)

func fieldOf(t *testing.T, text string) Field {
	t.Helper()
	node, err := ParseYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return NewField(node, "")
}

func TestField(t *testing.T) {
	t.Parallel()
	f := fieldOf(t, `
spec:
  containers:
  - name: web
    ports: [80, 0x10, 1.5, "8"]
  flags: {a: true, b: False, c: "true", d: null, e: yes}
  twice: 1
  twice: 2
  a.b/c: x
  "1": y
`)
	containers := f.Get("spec", "containers")
	ports := containers.At(0).Get("ports")
	flags := f.Get("spec", "flags")
	checks := map[string]bool{
		"list":                        containers.IsList() && !containers.IsMap() && len(containers.Items()) == 1,
		"path":                        ports.At(1).Path() == "spec.containers[0].ports[1]",
		"text":                        containers.At(0).Get("name").Text() == "web" && containers.Text() == "" && flags.Get("d").Text() == "",
		"true":                        flags.Get("a").True() && !flags.Get("a").False(),
		"false":                       flags.Get("b").False() && !flags.Get("b").True(),
		"a text is no boolean":        !flags.Get("c").True() && !flags.Get("c").False(),
		"null":                        flags.Get("d").Exists() && !flags.Get("d").IsSet(),
		"the last of two counts":      f.Get("spec", "twice").Text() == "2",
		"absent":                      !f.Get("no").Exists() && !f.Get("no", "more").At(3).Exists() && f.Get("no").Entries() == nil,
		"path of what is absent":      f.Get("no", "more").At(3).Path() == "no.more[3]",
		"beyond the end":              !ports.At(4).Exists() && !ports.At(-1).Exists(),
		"child of a scalar":           !containers.At(0).Get("name", "x").Exists(),
		"key in brackets":             f.Get("spec", "a.b/c").Path() == "spec[a.b/c]",
		"key of digits":               f.Get("spec", "1").Path() == "spec[1]" && f.Get("spec", "1").Text() == "y",
		"entries":                     len(flags.Entries()) == 5 && flags.Entries()[1].Key == "b" && flags.Entries()[1].Value.Path() == "spec.flags.b",
		"the zero field":              !Field{}.Exists() && Field{}.Path() == "" && Field{}.Node() == nil,
		"decoding what is absent":     f.Get("no").Decode(nil) == nil,
		"items of a map, and entries": flags.Items() == nil && containers.Entries() == nil,
	}
	for what, ok := range checks {
		if !ok {
			t.Error(what)
		}
	}
	for i, want := range []struct {
		value int64
		ok    bool
	}{{80, true}, {16, true}, {0, false}, {0, false}, {0, false}} {
		if got, ok := ports.At(i).Int(); got != want.value || ok != want.ok {
			t.Errorf("int %d: got %d, %v", i, got, ok)
		}
	}
	var decoded struct{ Name string }
	if err := containers.At(0).Decode(&decoded); err != nil || decoded.Name != "web" {
		t.Errorf("decoded %+v, %v", decoded, err)
	}
}

// TestFieldAsTheServerReadsIt holds what kubectl makes of a value on the way to the API server.
func TestFieldAsTheServerReadsIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"yes": true, "On": true, "y": true, "!!bool yes": true, `!!bool "on"`: true, "TRUE": true, "!<tag:yaml.org,2002:bool> Y": true,
		"no": false, "!!bool off": false, "False": false,
	} {
		if got, ok := fieldOf(t, "a: "+text).Get("a").Bool(); !ok || got != want {
			t.Errorf("%s: got %v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]int64{
		"0.0": 0, "0e0": 0, ".0": 0, "-0": 0, "0__0": 0, "!!float 0": 0, "1e3": 1000, "1_000": 1000, "0o17": 15, "010": 8, "08": 8, "0b11": 3,
	} {
		if got, ok := fieldOf(t, "a: "+text).Get("a").Int(); !ok || got != want {
			t.Errorf("%s: got %v, %v", text, got, ok)
		}
	}
	for _, text := range []string{"1.5", `"0"`, ".inf", ".nan", "1e300", "1:30", "true"} {
		if got, ok := fieldOf(t, "a: "+text).Get("a").Int(); ok {
			t.Errorf("%s: got %d", text, got)
		}
	}
}

func TestParentPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"": "", "a": "", "a.b": "a", "a[0]": "a", "a[0].b": "a[0]", "a[x.y/z]": "a", "a[x[1]]": "a", "[x.y]": "", "a[b].c[d.e]": "a[b].c",
	} {
		if got := parentPath(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func FuzzPaths(f *testing.F) {
	f.Add("a", "b.c", 3)
	f.Add("", "x[1]", 0)
	f.Add("a[b]", "]", 1)
	f.Fuzz(func(t *testing.T, path, key string, i int) {
		if i >= 0 && parentPath(IndexPath(path, i)) != path {
			t.Errorf("the parent of %q is %q", IndexPath(path, i), parentPath(IndexPath(path, i)))
		}
		balanced := strings.Count(key, "[") == strings.Count(key, "]") && !strings.ContainsAny(key, "[]")
		if balanced && parentPath(KeyPath(path, key)) != path {
			t.Errorf("the parent of %q is %q", KeyPath(path, key), parentPath(KeyPath(path, key)))
		}
	})
}

func TestFieldAll(t *testing.T) {
	t.Parallel()
	o, err := NewObject([]byte("apiVersion: v1\nkind: X\nspec:\n  tasks: [{image: a}, {image: b}, {other: c}]\n  parts: {one: {image: d}, two: {image: null}}\n  a.b/c: {image: e}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string][]string{
		"spec.tasks[*].image": {"spec.tasks[0].image=a", "spec.tasks[1].image=b"}, "spec.tasks[1].image": {"spec.tasks[1].image=b"},
		"spec.parts.*.image": {"spec.parts.one.image=d"}, "spec[a.b/c].image": {"spec[a.b/c].image=e"}, "spec.none[*].image": nil, "spec.tasks[7]": nil,
		"spec.tasks.image": nil, "kind": {"kind=X"},
	} {
		var got []string
		for _, f := range o.Field().All(path) {
			got = append(got, f.Path()+"="+f.Text())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if all := o.Field().All(""); len(all) != 1 || all[0].Path() != "" {
		t.Errorf("an empty path gives %v", all)
	}
}

// TestLayout holds the fields of an object, which find their paths when asked, against those made of nodes, which carry them.
func TestLayout(t *testing.T) {
	text := "apiVersion: v1\nkind: X\nmetadata: &m {name: a, annotations: {a/b.c: x, \"\": y, \"7\": z}}\nspec:\n  same: *m\n  list: [[1, 2], {a: b}, *m]\n  twice: 1\n  twice: {b: 2}\n  none:\n  long: [" +
		strings.Repeat("1, ", 200) + "{a: b}]\n"
	o := object(t, text)
	node, _ := o.Node()
	plain := NewField(node, "")
	var laid, carried []string
	note := func(to *[]string) func(Field) {
		return func(f Field) {
			*to = append(*to, f.Path(), f.Get("annotations", "a/b.c").Path(), f.Get("", "x", "y.z").Path(), f.At(1).Path(), f.At(190).Get("q").Path(), f.At(-1).At(3).Get("a").Path())
			for i, item := range f.Items() {
				*to = append(*to, item.Path(), f.At(i).Path(), f.At(i).Get("a").Path(), f.At(i).Text())
			}
			for _, e := range f.Entries() {
				*to = append(*to, e.Key, e.Value.Path(), f.Get(e.Key).Path(), f.Get(e.Key).Text(), e.Value.Get("name").Path())
			}
		}
	}
	o.Field().Walk(note(&laid))
	plain.Walk(note(&carried))
	if !slices.Equal(laid, carried) {
		t.Errorf("paths of a layout\n%q\nwant\n%q", laid, carried)
	}
	o.Walk(func(f Field) {
		if found := o.Lookup(f.Path()); found.Path() != f.Path() || !found.Exists() {
			t.Errorf("%s is found at %s", f.Path(), found.Path())
		}
	})
}
