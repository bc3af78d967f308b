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
	eachRepository(t, dir, func(name string, tree source.Tree) {
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
	})
}

// eachRepository opens every repository of the corpus.
func eachRepository(t *testing.T, dir string, do func(name string, tree source.Tree)) {
	t.Helper()
	repositories, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, repository := range repositories {
		if !repository.IsDir() {
			continue
		}
		tree, err := source.OpenDir(filepath.Join(dir, repository.Name()), source.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		do(repository.Name(), tree)
		if err := tree.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCorpusPlainLines renders every plain root of the corpus and looks up each value on the line that its Origin
// names. Every scalar on one line must stand there.
func TestCorpusPlainLines(t *testing.T) {
	t.Parallel()
	values, missed, objects := 0, 0, 0
	eachRepository(t, corpus(t), func(name string, tree source.Tree) {
		lines := map[string][]string{}
		for _, root := range discover(t, tree).Roots {
			if root.Kind != Plain {
				continue
			}
			r, err := PlainRenderer{}.Render(context.Background(), tree, root, Settings{Lines: true})
			if err != nil {
				t.Errorf("%s: %s: %v", name, root.Path, err)
				continue
			}
			for _, failed := range r.Failed {
				t.Errorf("%s: %v", name, failed)
			}
			for _, o := range r.Objects {
				i := -1
				objects++
				o.Walk(func(f Field) {
					i++
					if text := f.Text(); text != "" && f.Node().Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
						values++
						if at := o.Origins[i][0].Span; !standsAt(t, tree, lines, at, text) {
							missed++
							t.Logf("%s/%s:%d: %s is %q", name, at.File, at.Line, f.Path(), text)
						}
					}
				})
			}
		}
	})
	t.Logf("%d objects, %d values, %d not on their line", objects, values, missed)
	if values < 1000 || missed > values/1000 {
		t.Errorf("%d of %d values are not on their line", missed, values)
	}
}

// standsAt reports whether the line of at holds the beginning of text: plain scalars may run over several lines.
// lines remembers the files that were cut into lines.
func standsAt(t *testing.T, tree source.Tree, lines map[string][]string, at source.Span, text string) bool {
	if lines[at.File] == nil {
		data, err := tree.ReadFile(at.File)
		if err != nil {
			t.Fatal(err)
		}
		lines[at.File] = strings.Split(string(data), "\n")
	}
	word, _, _ := strings.Cut(text, " ")
	return at.Line <= len(lines[at.File]) && strings.Contains(lines[at.File][at.Line-1], word)
}
