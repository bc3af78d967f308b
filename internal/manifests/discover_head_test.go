package manifests

import (
	"context"
	"maps"
	"math/rand/v2"
	"testing"
)

// TestDiscoverHead proves on random repositories and changes that the short way gives what the long one does, and
// that it is taken where only contents change.
func TestDiscoverHead(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	short := 0
	for range 400 {
		base := randomRepository(random)
		base["a/gen.yaml"] = []byte("path: x.yaml\n")
		base["a/kustomization.yaml"] = append(randomFile(random, "kustomization.yaml"), "transformers: [gen.yaml]\nnamePrefix: a\n"...)
		base["web/Chart.yaml"] = []byte("name: web\ntype: application\n")
		head := maps.Clone(base)
		switch name := randomName(random); random.IntN(8) {
		case 0:
			delete(head, name)
		case 1, 2:
			head[name] = randomFile(random, name)
		case 3:
			head["a/gen.yaml"] = []byte("path: y.yaml\n")
		case 4:
			head["a/kustomization.yaml"] = append(base["a/kustomization.yaml"], "images: []\n"...)
		case 5:
			head["web/Chart.yaml"] = []byte("name: web\ntype: library\n")
		case 6:
			head["d/x.yaml"] = []byte("apiVersion: {{ .x }}\nkind: A\n")
		}
		change := changeOf(t, base, head)
		old := discover(t, change.Base)
		got, err := DiscoverHead(context.Background(), change, old)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Discover(context.Background(), change.Head, old.keeping())
		if err != nil {
			t.Fatal(err)
		}
		if describe(got) != describe(want) {
			t.Fatalf("base %q\nhead %q\ngot\n%swant\n%s", base, head, describe(got), describe(want))
		}
		if len(got.units) > 0 && got.units[0] == old.units[0] {
			short++
		}
		index, err := IndexObjects(context.Background(), change.Head, got, []string{"K1"})
		all, err2 := IndexObjects(context.Background(), change.Head, want, []string{"K1"})
		if err != nil || err2 != nil || len(index.Found) != len(all.Found) {
			t.Fatalf("index: %v, %v, %v, %v", index, all, err, err2)
		}
	}
	if short < 50 || short > 350 {
		t.Errorf("the short way was taken %d times of 400", short)
	}
}

// TestDiscoverKept proves that what was applied as plain manifests stays so, as long as no kustomization of its own
// directory takes it over, and that nothing else becomes plain.
func TestDiscoverKept(t *testing.T) {
	t.Parallel()
	const base = `
-- web/a.yaml --
OBJECT a
-- web/b.yaml --
OBJECT b
-- web/patch.yaml --
OBJECT c
-- kustomization.yaml --
patches: [{path: web/patch.yaml}]
`
	cases := []struct{ name, base, head, want string }{
		{"a kustomization elsewhere reads a file", base, "-- kustomization.yaml --\nresources: [web/a.yaml]\npatches: [{path: web/patch.yaml}]\n",
			"kustomize .\nplain web web/a.yaml web/b.yaml\n"},
		{"and a new one", base, "-- web/c.yaml --\nOBJECT c-- kustomization.yaml --\nresources: [web/c.yaml]\npatches: [{path: web/patch.yaml}]\n",
			"kustomize .\nplain web web/a.yaml web/b.yaml web/c.yaml\n"},
		{"something else changes", base, "-- README --\nx\n", "kustomize .\nplain web web/a.yaml web/b.yaml\n"},
		{"a kustomization of their own, without one", base, "-- web/kustomization.yaml --\nresources: [a.yaml]\n",
			"kustomize .\nkustomize web\nplain web web/b.yaml\n"},
		{"a chart above", "-- c/templates/x.yaml --\nOBJECT a", "-- c/Chart.yaml --\nname: c\n", "helm c\nplain c/templates c/templates/x.yaml\n"},
		{"a chart above, and templates", "-- c/templates/x.yaml --\nOBJECT a", "-- c/Chart.yaml --\nname: c\n-- c/templates/x.yaml --\napiVersion: v1\nkind: {{ .x }}\n", "helm c\n"},
		{"made unreadable", base, "-- web/a.yaml --\nOBJECT a\n# {{\nx: [\n-- web/n.yaml --\nOBJECT n\n# {{\nx: [\n", "kustomize .\nplain web web/a.yaml web/b.yaml\n! web/n.yaml:6: is a template, which only the tool that it is written for can fill in: it is not reviewed\n"},
		{"made something else", base, "-- web/a.yaml --\na: b\n", "kustomize .\nplain web web/b.yaml\n"},
		{"a kustomization that was there", base + "-- x/kustomization.yaml --\nnamePrefix: x\n-- x/a.yaml --\nOBJECT a",
			"-- x/kustomization.yaml --\nresources: []\n",
			"kustomize .\nplain web web/a.yaml web/b.yaml\nkustomize x\npassed objects beside a kustomization that does not list them: x/a.yaml\n"},
	}
	for _, c := range cases {
		base, head := filesOf(c.base), filesOf(c.base)
		maps.Copy(head, filesOf(c.head))
		change := changeOf(t, base, head)
		got, err := DiscoverHead(context.Background(), change, discover(t, change.Base))
		if err != nil || describe(got) != c.want {
			t.Errorf("%s: %v, got\n%swant\n%s", c.name, err, describe(got), c.want)
		}
	}
}
