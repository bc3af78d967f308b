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
		if want := discover(t, change.Head); describe(got) != describe(want) {
			t.Fatalf("base %q\nhead %q\ngot\n%swant\n%s", base, head, describe(got), describe(want))
		}
		if len(got.units) > 0 && got.units[0] == old.units[0] {
			short++
		}
		index, err := IndexObjects(context.Background(), change.Head, got, []string{"K1"})
		want, err2 := IndexObjects(context.Background(), change.Head, discover(t, change.Head), []string{"K1"})
		if err != nil || err2 != nil || len(index.Found) != len(want.Found) {
			t.Fatalf("index: %v, %v, %v, %v", index, want, err, err2)
		}
	}
	if short < 50 || short > 350 {
		t.Errorf("the short way was taken %d times of 400", short)
	}
}
