package manifests

import (
	"errors"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

func TestNewObject(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want, err string }{
		{"namespaced", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: n}\n", "apps Deployment/n/a", ""},
		{"core, of the cluster", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n", " Namespace/a", ""},
		{"without metadata", "{apiVersion: v1, kind: X}", " X/", ""},
		{"a list", "- a\n", "", "is not a mapping"},
		{"nothing", "# c\n", "", "is not a mapping"},
		{"no kind", "apiVersion: v1\nkind: null\n", "", "no apiVersion or no kind"},
		{"kind is a mapping", "apiVersion: v1\nkind: {a: b}\n", "", "no apiVersion or no kind"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o, err := NewObject([]byte(c.in))
			if c.err != "" {
				if !errors.Is(err, ErrNotObject) || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := o.Group() + " " + o.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if _, err := NewObject([]byte("a: [")); err == nil || errors.Is(err, ErrNotObject) {
		t.Errorf("no YAML: %v", err)
	}
}

func TestOriginAt(t *testing.T) {
	t.Parallel()
	o, err := NewObject([]byte("apiVersion: v1\nkind: Pod\nspec:\n  list:\n  - a: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if origin, exists := o.OriginAt("spec.list"); origin != nil || !exists {
		t.Errorf("without lines: %v, %v", origin, exists)
	}
	var paths []string
	o.Walk(func(f Field) {
		paths = append(paths, f.Path())
		o.Origins = append(o.Origins, Origin{{Span: source.Span{Line: len(paths)}}})
	})
	if got, want := strings.Join(paths, " "), " apiVersion kind spec spec.list spec.list[0] spec.list[0].a"; got != want {
		t.Fatalf("walked %q, want %q", got, want)
	}
	for path, want := range map[string]struct {
		line   int
		exists bool
	}{
		"": {1, true}, "kind": {3, true}, "spec.list[0].a": {7, true}, "spec.list[0].b.c[3]": {6, false}, "spec.list[9]": {5, false}, "none": {1, false},
		"metadata.annotations[a.b/c]": {1, false},
	} {
		origin, exists := o.OriginAt(path)
		if len(origin) != 1 || origin[0].Span.Line != want.line || exists != want.exists {
			t.Errorf("%q: got %v, %v, want %v", path, origin, exists, want)
		}
	}
	if f := o.Lookup("spec.list[0].a"); f.Text() != "1" || f.Path() != "spec.list[0].a" {
		t.Errorf("looked up %q at %q", f.Text(), f.Path())
	}
	if f := o.Lookup("spec.none"); f.Exists() || f.Path() != "spec.none" {
		t.Errorf("looked up what is absent: %q", f.Path())
	}
}

// TestShareNodes proves that only objects of the same text share their nodes, be they read already or not, and none that
// takes values in by aliases; and that they share Origins only where these are the same.
func TestShareNodes(t *testing.T) {
	t.Parallel()
	shares := func(o, other *Object) bool { nodes, _ := o.ShareNodes(other); return nodes }
	a, b, read, other := object(t, mapOne), object(t, mapOne), object(t, mapOne), object(t, mapTwo)
	read.Field()
	for _, o := range []*Object{b, read} {
		if !shares(o, a) || o.Field() != a.Field() || o.Lookup("data.a").Text() != "x" || o.Lookup("data.a") != a.Lookup("data.a") {
			t.Error("objects of the same text do not share their nodes")
		}
	}
	if shares(object(t, mapOne), other) || shares(a, a) {
		t.Error("other objects share nodes")
	}
	aliased := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: &n x, namespace: *n}\n"
	if shares(object(t, aliased), object(t, aliased)) {
		t.Error("objects with aliases share nodes")
	}
	at := func(line int) []Origin { return []Origin{{{Span: source.Span{File: "a.yaml", Line: line}}}} }
	here, alsoHere, moved := object(t, mapOne), object(t, mapOne), object(t, mapOne)
	here.Origins, alsoHere.Origins, moved.Origins = at(1), at(1), at(2)
	if _, same := alsoHere.ShareNodes(here); !same || &alsoHere.Origins[0] != &here.Origins[0] {
		t.Error("the same Origins are not shared")
	}
	if nodes, same := moved.ShareNodes(here); !nodes || same || moved.Origins[0][0].Span.Line != 2 {
		t.Error("other Origins are shared")
	}
}

// TestLookupEitherWay holds the walk to a path against the index of all paths, also where keys look like paths or are
// written twice.
func TestLookupEitherWay(t *testing.T) {
	t.Parallel()
	o, err := NewObject([]byte("apiVersion: v1\nkind: A\na.b: 1\na: {b: 2, 'c]': 3, '1': 4, '': 5, 'x].y[z': 6, x: [7]}\n'a[x]': 8\n" +
		"'x].y[z': {'0': 9}\nl: [1, {m: [2, 3]}, [4, 5], 6, 7, 8, 9, 10, 11, 12, {n: 13}, [14]]\ntwice: {a: 1, b: 2}\ntwice: {a: 3}\nx: 15\n'é': {'.': 16}\n" +
		"n: {n: {n: 17}}\n'n.n': 18\n'[0]': 19\n"))
	if err != nil {
		t.Fatal(err)
	}
	o.Field()
	o.makeIndex()
	paths := []string{"", ".", "[", "]", "[]", "a.", ".a", "a..b", "l[01]", "l[+1]", "l[1", "l[12]", "l[1]m", "l.1", "no", "twice.c", "n.n.n.n", "[a]", "[[0]]", "a[b]"}
	for path := range o.positions {
		paths = append(paths, path, path+".a", path+"[0]", path+"]", strings.TrimSuffix(path, "]"))
	}
	for _, path := range paths {
		at, ok := o.layout.lookup(path)
		want, known := o.positions[path]
		if at != want && known || ok != known {
			t.Errorf("%q: %d, %v; want %d, %v", path, at, ok, want, known)
		}
	}
}
