package manifests

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// corpus returns the directory of real repositories, and skips the test by name where there is none.
func corpus(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("%s: no corpus (LANDWAITER_CORPUS)", t.Name())
	}
	return dir
}

// simpleRoots computes the kustomization roots of a directory in the shortest way there is.
func simpleRoots(t *testing.T, dir string) []string {
	all, used := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || !slices.Contains(kustomizationNames(), e.Name()) {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var k struct{ Kind, Resources, Bases, Components any }
		if err := yaml.Unmarshal(data, &k); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		rel, _ := filepath.Rel(dir, filepath.Dir(file))
		all[filepath.ToSlash(rel)] = k.Kind != "Component"
		for _, list := range []any{k.Resources, k.Bases, k.Components} {
			items, _ := list.([]any)
			for _, item := range items {
				used[path.Join(filepath.ToSlash(rel), item.(string))] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var roots []string
	for dir, may := range all {
		if may && !used[dir] {
			roots = append(roots, dir)
		}
	}
	slices.Sort(roots)
	return roots
}

// TestCorpusRoots compares the kustomization roots with a simple computation, prints what every repository holds,
// and holds some counts: of the corpus, which leaves parts of these repositories out.
func TestCorpusRoots(t *testing.T) {
	t.Parallel()
	dir := corpus(t)
	known := map[string]int{"argo-cd": 7, "kubeflow": 63, "flux-example": 6}
	repositories, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, repository := range repositories {
		if !repository.IsDir() {
			continue
		}
		name := repository.Name()
		tree, err := source.OpenDir(filepath.Join(dir, name), source.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		defer tree.Close()
		d, err := Discover(context.Background(), tree, DiscoverOptions{})
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[RootKind]int{}
		var kustomizations []string
		for _, r := range d.Roots {
			kinds[r.Kind]++
			if r.Kind == Kustomize {
				kustomizations = append(kustomizations, r.Dir)
			}
		}
		if want := simpleRoots(t, filepath.Join(dir, name)); !slices.Equal(kustomizations, want) {
			t.Errorf("%s: roots\n%s\nsimply computed\n%s", name, strings.Join(kustomizations, "\n"), strings.Join(want, "\n"))
		}
		if want, ok := known[name]; ok && len(kustomizations) != want {
			t.Errorf("%s: %d kustomizations are roots, %d expected", name, len(kustomizations), want)
		}
		t.Logf("%s: %v\n%s", name, kinds, describe(d))
	}
}
