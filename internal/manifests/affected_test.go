package manifests

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/source"
)

// edited returns files with some replaced; "" removes one.
func edited(files map[string][]byte, edits map[string]string) map[string][]byte {
	files = maps.Clone(files)
	for name, data := range edits {
		if data == "" {
			delete(files, name)
			continue
		}
		files[name] = []byte(data)
	}
	return files
}

// changeOf makes the change between two sets of files.
func changeOf(t testing.TB, base, head map[string][]byte) *source.Change {
	t.Helper()
	c := &source.Change{Base: memoryTree(t, base), Head: memoryTree(t, head)}
	for name, data := range base {
		if now, ok := head[name]; !ok {
			c.Files = append(c.Files, source.FileChange{Old: name})
		} else if string(now) != string(data) {
			c.Files = append(c.Files, source.FileChange{Old: name, New: name})
		}
	}
	for name := range head {
		if _, ok := base[name]; !ok {
			c.Files = append(c.Files, source.FileChange{New: name})
		}
	}
	return c
}

func discover(t testing.TB, tree source.Tree) *Discovery {
	t.Helper()
	d, err := Discover(context.Background(), tree, DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	files := filesOf(`
-- base/kustomization.yaml --
resources: [a.yaml, ../deep, absent.yaml]
-- base/a.yaml --
OBJECT a
-- base/README.md --
-- deep/kustomization.yaml --
components: [part]
-- deep/part/kustomization.yaml --
kind: Component
resources: [p.yaml]
-- deep/part/p.yaml --
OBJECT p
-- prod/kustomization.yaml --
resources: [../base]
transformers: [t.yaml]
-- prod/t.yaml --
path: t-patch.yaml
-- test/kustomization.yaml --
resources: [../base]
-- other/kustomization.yaml --
resources: [o.yaml]
-- other/o.yaml --
OBJECT o
-- web/Chart.yaml --
dependencies:
- repository: file://../lib
-- web/templates/a.yaml --
x
-- web/values-prod.yaml --
a: 1
-- lib/Chart.yaml --
type: library
-- lib/templates/_a.tpl --
x
-- plain/a.yaml --
OBJECT a
-- plain/b.yaml --
OBJECT a
-- README.md --
x
`)
	cases := []struct {
		name  string
		edits map[string]string
		want  string
	}{
		{"deep file", map[string]string{"deep/part/p.yaml": "x"}, "prod (deep/part/p.yaml), test (deep/part/p.yaml)"},
		{"file that was missed", map[string]string{"base/absent.yaml": "x"}, "prod (base/absent.yaml), test (base/absent.yaml)"},
		{"file that a transformer names", map[string]string{"prod/t-patch.yaml": "x"}, "prod (prod/t-patch.yaml)"},
		{"second kustomization file", map[string]string{"base/Kustomization": "x"}, "prod (base/Kustomization), test (base/Kustomization)"},
		{"library", map[string]string{"lib/templates/_a.tpl": "y"}, "web (lib/templates/_a.tpl), web#values-prod.yaml (lib/templates/_a.tpl)"},
		{"chart's new file", map[string]string{"web/.helmignore": "y"}, "web (web/.helmignore), web#values-prod.yaml (web/.helmignore)"},
		{"new values", map[string]string{"web/values-eu.yaml": "y"},
			"web (web/values-eu.yaml), web#values-eu.yaml new (web/values-eu.yaml), web#values-prod.yaml (web/values-eu.yaml)"},
		{"new file of a plain root", map[string]string{"plain/c.yaml": "apiVersion: v1\nkind: A\n"}, "plain settings (plain/c.yaml)"},
		{"nothing", map[string]string{"README.md": "y"}, "unreached README.md"},
		{"gone", map[string]string{"other/kustomization.yaml": "", "other/o.yaml": ""}, "other gone (other/kustomization.yaml other/o.yaml)"},
		{"users gone", map[string]string{"prod/kustomization.yaml": "", "test/kustomization.yaml": ""},
			"base new (prod/kustomization.yaml test/kustomization.yaml), prod gone (prod/kustomization.yaml), test gone (test/kustomization.yaml)"},
		{"directory turns into a file", map[string]string{"deep/kustomization.yaml": "", "deep/part/kustomization.yaml": "", "deep/part/p.yaml": "", "deep": "x"},
			"prod (deep deep/kustomization.yaml deep/part/kustomization.yaml deep/part/p.yaml), test (deep deep/kustomization.yaml deep/part/kustomization.yaml deep/part/p.yaml)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			change := changeOf(t, files, edited(files, c.edits))
			reach := Candidates(change, discover(t, change.Base), discover(t, change.Head))
			if got := describeReach(reach); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func describeReach(reach Reach) string {
	var parts []string
	for _, c := range reach.Candidates {
		root, what := c.Head, ""
		switch {
		case c.Head == nil:
			root, what = c.Base, " gone"
		case c.Base == nil:
			what = " new"
		case c.Certain:
			what = " settings"
		}
		parts = append(parts, fmt.Sprintf("%s%s (%s)", root.Path, what, strings.Join(c.Because, " ")))
	}
	for _, p := range reach.Unreached {
		parts = append(parts, "unreached "+p)
	}
	return strings.Join(parts, ", ")
}

func TestCandidatesWithoutBase(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, "-- a/a.yaml --\nOBJECT a\n-- b/kustomization.yaml --\nresources: []\n")
	reach := Candidates(&source.Change{Head: tree}, nil, discover(t, tree))
	if got := describeReach(reach); got != "a new (), b new ()" {
		t.Error(got)
	}
}

func TestCandidatesThroughLinks(t *testing.T) {
	t.Parallel()
	linked := func(data string) source.Tree {
		files := map[string]string{"a/kustomization.yaml": "resources: [link.yaml, dir/x.yaml]", "a/link.yaml": "../far/y.yaml", "a/dir": "../there",
			"far/y.yaml": "y", "there/x.yaml": data, "web/Chart.yaml": "name: web", "web/templates/t.yaml": "../../far/y.yaml"}
		var entries []source.Entry
		blobs := blobMap{}
		for name, data := range files {
			mode := source.Regular
			if name == "a/link.yaml" || name == "a/dir" || name == "web/templates/t.yaml" {
				mode = source.Symlink
			}
			entries = append(entries, source.Entry{Path: name, Mode: mode, Size: int64(len(data))})
			blobs[name] = []byte(data)
		}
		tree, err := source.New(entries, blobs, source.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	tree := linked("x")
	for changed, want := range map[string]string{
		"far/y.yaml": "a (far/y.yaml), web (far/y.yaml)", "there/x.yaml": "a (there/x.yaml)", "a/dir": "a (a/dir), web (a/dir)", "there/z": "a (there/z)", "else/z": "unreached else/z",
	} {
		change := &source.Change{Base: tree, Head: linked("z"), Files: []source.FileChange{{Old: changed, New: changed}}}
		if got := describeReach(Candidates(change, discover(t, tree), discover(t, change.Head))); got != want {
			t.Errorf("%s: got %s, want %s", changed, got, want)
		}
	}
}

type blobMap map[string][]byte

func (b blobMap) Blob(e source.Entry, _ int64) ([]byte, error) { return b[e.Path], nil }

func TestBecause(t *testing.T) {
	t.Parallel()
	base := filesOf("-- a/x --\n1\n-- a/y --\n1\n-- d/one --\n1\n-- e/one --\n1\n")
	head := edited(base, map[string]string{"a/x": "2", "a/y": "2", "d/two": "1", "e/one": "2", "new": "1"})
	change := changeOf(t, base, head)
	read := func(tree source.Tree) source.ReadSet {
		r := source.Record(tree)
		_, _ = r.ReadFile("a/x")
		_, _ = r.ReadFile("new")
		_, _ = r.ReadDir("d")
		_, _ = r.ReadDir("e")
		return r.Reads()
	}
	if got := Because(change, read(change.Base), read(change.Head)); !slices.Equal(got, []string{"a/x", "d/two", "new"}) {
		t.Error(got)
	}
	if got := Because(change, read(change.Base), nil); !slices.Equal(got, []string{"a/x", "d/two", "new"}) {
		t.Error("base alone:", got)
	}
	if got := Because(change, nil, nil); got != nil {
		t.Error("nothing read:", got)
	}
}

// readKustomizations reads what kustomize would: enough to prove that Candidates leaves nothing out.
func readKustomizations(tree source.Tree, dir string, depth int) {
	for _, name := range kustomizationNames() {
		data, err := tree.ReadFile(path.Join(dir, name))
		if err != nil || depth > 3 {
			continue
		}
		var k struct {
			Resources, Components []string
			Patches               []struct{ Path string }
		}
		if yaml.Unmarshal(data, &k) != nil {
			continue
		}
		for _, p := range k.Patches {
			_, _ = tree.ReadFile(path.Join(dir, p.Path))
		}
		for _, r := range append(k.Resources, k.Components...) {
			if _, err := tree.ReadFile(path.Join(dir, r)); err != nil {
				readKustomizations(tree, path.Join(dir, r), depth+1)
			}
		}
	}
}

// TestCandidatesAreEnough changes made-up repositories at random, and expects each root whose reading notices the
// change among the candidates.
func TestCandidatesAreEnough(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	noticed := 0
	for range 150 {
		base := randomRepository(random)
		head := maps.Clone(base)
		for range 1 + random.IntN(3) {
			name := randomName(random)
			if random.IntN(3) == 0 {
				delete(head, name)
			} else {
				head[name] = randomFile(random, name)
			}
		}
		change := changeOf(t, base, head)
		old, now := discover(t, change.Base), discover(t, change.Head)
		candidates := map[string]bool{}
		for _, c := range Candidates(change, old, now).Candidates {
			for _, root := range []*Root{c.Base, c.Head} {
				if root != nil {
					candidates[string(root.Kind)+root.Path] = true
				}
			}
		}
		for _, root := range slices.Concat(old.Roots, now.Roots) {
			because := Because(change, readRoot(change.Base, root), readRoot(change.Head, root))
			if len(because) > 0 {
				noticed++
			}
			if len(because) > 0 && !candidates[string(root.Kind)+root.Path] {
				t.Fatalf("%s %s is affected by %v and no candidate\nbase %q\nhead %q", root.Kind, root.Path, because, base, head)
			}
		}
	}
	if noticed < 50 {
		t.Errorf("only %d roots were affected", noticed)
	}
}

func readRoot(tree source.Tree, root Root) source.ReadSet {
	r := source.Record(tree)
	if root.Kind == Kustomize {
		readKustomizations(r, root.Dir, 0)
	} else {
		_, _ = PlainRenderer{}.Render(context.Background(), r, root, Settings{})
	}
	return r.Reads()
}

func randomName(r *rand.Rand) string {
	dir := []string{"a", "b", "c", "d", "d/e", "."}[r.IntN(6)]
	return path.Join(dir, []string{"kustomization.yaml", "Kustomization", "x.yaml", "y.yaml", "z.json"}[r.IntN(5)])
}

func randomFile(r *rand.Rand, name string) []byte {
	if !slices.Contains(kustomizationNames(), path.Base(name)) {
		return fmt.Appendf(nil, "apiVersion: v1\nkind: K%d\n", r.IntN(9))
	}
	text := ""
	for _, key := range []string{"resources", "components"} {
		text += key + ":\n"
		for range r.IntN(3) {
			text += "- " + path.Join("..", randomName(r)) + "\n- ../" + []string{"a", "b", "c", "d/e", "."}[r.IntN(5)] + "\n"
		}
	}
	if r.IntN(4) == 0 {
		text += "kind: Component\n"
	}
	return []byte(text + "patches:\n- path: x.yaml\n")
}

func randomRepository(r *rand.Rand) map[string][]byte {
	files := map[string][]byte{}
	for range 12 {
		name := randomName(r)
		files[name] = randomFile(r, name)
	}
	return files
}
