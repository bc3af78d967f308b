package manifests

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestIndexObjects(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, `
-- a/kustomization.yaml --
resources: [ns.yaml]
patches:
- path: patch.yaml
transformers: [t.yaml]
-- a/ns.yaml --
# c
apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: v1
kind: Pod
metadata: {name: not}
-- a/patch.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: patch}
-- a/t.yaml --
path: more.yaml
-- a/more.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: morepatch}
-- b/many.yaml --
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: "ResourceQuota"
  metadata: {name: q}
- apiVersion: v1
  kind: Pod
---
apiVersion: v1
kind: NamespaceList
items:
- metadata: {name: listed}
-- b/json.json --
{"apiVersion": "v1", "kind":
"Namespace", "metadata": {"name": "json"}}
-- c/odd.yaml --
apiVersion: v1
kind: !!str Namespace
metadata: {name: tagged}
---
apiVersion: v1
kind: # why
  Namespace
metadata: {name: commented}
---
"\u0061piVersion": v1
"k\u0069nd": "\x4eamespace"
metadata: {name: escaped}
---
x: &k Namespace
apiVersion: v1
kind: *k
metadata: {name: alias}
---
apiVersion: v1
kind:
  Namespace
metadata: {name: below}
---
apiVersion: [
kind: Namespace
-- web/Chart.yaml --
name: web
-- web/templates/ns.yaml --
apiVersion: v1
kind: Namespace
-- web/crds/crd.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: crd}
-- old/ns.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: old}
-- d/mention.yaml --
apiVersion: v1
kind: RoleBinding
subjects:
- kind: Namespace
`)
	options := DiscoverOptions{Ignore: []string{"old"}, Memo: &Memo{}}
	for range 2 { // the second time from the memo
		d, err := Discover(context.Background(), tree, options)
		if err != nil {
			t.Fatal(err)
		}
		index, err := IndexObjects(context.Background(), tree, d, []string{"Namespace", "ResourceQuota"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range index.Found {
			got = append(got, fmt.Sprintf("%s:%d %s %v", f.File, f.Line, f.Object, f.AsIs))
		}
		want := []string{
			"a/ns.yaml:2 Namespace/a false", "b/json.json:1 Namespace/json true", "b/many.yaml:4 ResourceQuota/q true",
			"b/many.yaml:13 Namespace/listed true", "c/odd.yaml:1 Namespace/tagged true", "c/odd.yaml:5 Namespace/commented true",
			"c/odd.yaml:10 Namespace/escaped true", "c/odd.yaml:14 Namespace/alias true", "c/odd.yaml:19 Namespace/below true",
			"web/crds/crd.yaml:1 Namespace/crd false",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(index.Failed) != 1 || index.Failed[0].Span.File != "c/odd.yaml" || index.Failed[0].Span.Line != 25 {
			t.Errorf("failed: %v", index.Failed)
		}
	}
}

func TestKindsIn(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"apiVersion: v1\nkind: Pod\n":                             "Pod",
		"apiVersion: v1\nkind:\n  description: x\nkinds: [Node]":  "",
		"{\"apiVersion\": \"v1\",\"kind\":\"Pod\", 'kind' : 'B'}": "B Pod",
		"apiVersion: v1\n? kind\n: Pod\n":                         "Pod",
		"apiVersion: v1\nkind: |-\n  Pod\n":                       "*",
		"apiVersion: v1\nkind: {}\n":                              "",
		"nothing":                                                 "",
	} {
		if got := strings.Join(kindsIn([]byte(in)), " "); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// FuzzKindsIn proves that the search by bytes misses no object.
func FuzzKindsIn(f *testing.F) {
	for _, seed := range []string{"apiVersion: v1\nkind: Pod\n", "{\"apiVersion\": v1, ? kind : !!str Pod}", "apiVersion: v1\nkind: &a Pod\n", "apiVersion: a\n\"k\\x69nd\": Pod"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, doc := range SplitDocuments(toUTF8(data)) {
			o, err := NewObject(doc.Data)
			if err != nil || o.Kind == "" || strings.ContainsFunc(o.Kind, func(r rune) bool { return r > 'z' || !isWord(byte(r)) }) {
				continue
			}
			kinds := kindsIn(doc.Data)
			if !slices.Contains(kinds, o.Kind) && !slices.Contains(kinds, anyKind) {
				t.Fatalf("%q: %s is not among %q", doc.Data, o.Kind, kinds)
			}
			if classify(data).Apart != true && !kustomizeConfig(o.APIVersion) && complexKey(o.node) == nil {
				t.Fatalf("%q holds an object", data)
			}
		}
	})
}
