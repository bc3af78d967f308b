package manifests

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// rendered renders the first root of a tree, recording what it reads.
func rendered(t testing.TB, tree source.Tree, settings Settings) (Root, *Rendering, source.ReadSet) {
	t.Helper()
	root := discover(t, tree).Roots[0]
	recorder := source.Record(tree)
	r, err := PlainRenderer{}.Render(context.Background(), recorder, root, settings)
	if err != nil {
		t.Fatal(err)
	}
	return root, r, recorder.Reads()
}

// sameRendering compares what a reader can see of two renderings.
func sameRendering(t *testing.T, got, want *Rendering) {
	t.Helper()
	if !reflect.DeepEqual(got.Root, want.Root) || !reflect.DeepEqual(got.Notes, want.Notes) || len(got.Objects) != len(want.Objects) || len(got.Failed) != len(want.Failed) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
	for i, f := range want.Failed {
		if got.Failed[i].Error() != f.Error() {
			t.Errorf("failed: got %v, want %v", got.Failed[i], f)
		}
	}
	for i, o := range want.Objects {
		g := got.Objects[i]
		if g.Identity != o.Identity || g.Hook != o.Hook || !bytes.Equal(g.Raw, o.Raw) || !reflect.DeepEqual(g.Origins, o.Origins) {
			t.Errorf("object %d: got %+v, want %+v", i, g, o)
		}
	}
}

const cachedTree = `
-- a/a.yaml --
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: n}
x: &x {y: 1}
z: *x
---
foo: bar
---
apiVersion: [
-- a/b.yaml --
OBJECT b
-- other.txt --
1
`

func TestCache(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	files := filesOf(cachedTree)
	tree := memoryTree(t, files)
	settings := Settings{Lines: true, KubeVersion: "1.34"}
	root, want, reads := rendered(t, tree, settings)
	want.Objects[0].Hook = "test"
	c := OpenCache(dir, 1<<20, "v1")
	if _, _, ok := c.Get(root, settings, tree); ok {
		t.Fatal("found in an empty cache")
	}
	c.Put(root, settings, reads, want)

	got, gotReads, ok := OpenCache(dir, 1<<20, "v1").Get(root, settings, tree)
	if !ok || !reflect.DeepEqual(gotReads, reads) {
		t.Fatalf("not found: %v, %v", ok, gotReads)
	}
	sameRendering(t, got, want)

	head := memoryTree(t, edited(files, map[string]string{"other.txt": "2"}))
	if _, _, ok := c.Get(root, settings, head); !ok {
		t.Error("a change elsewhere loses it")
	}
	changed := memoryTree(t, edited(files, map[string]string{"a/b.yaml": "apiVersion: v1\nkind: New\n"}))
	if _, reads, ok := c.Get(root, settings, changed); ok || reads != nil {
		t.Error("a changed file is not noticed")
	}
	otherRoot := root
	otherRoot.Files = root.Files[:1]
	for name, miss := range map[string]func() bool{
		"version":   func() bool { _, _, ok := OpenCache(dir, 1<<20, "v2").Get(root, settings, tree); return !ok },
		"settings":  func() bool { _, _, ok := c.Get(root, Settings{Lines: true}, tree); return !ok },
		"root":      func() bool { _, _, ok := c.Get(otherRoot, settings, tree); return !ok },
		"disabled":  func() bool { _, _, ok := OpenCache("", 1<<20, "v1").Get(root, settings, tree); return !ok },
		"no budget": func() bool { _, _, ok := OpenCache(dir, 0, "v1").Get(root, settings, tree); return !ok },
	} {
		if !miss() {
			t.Errorf("another %s finds it", name)
		}
	}

	_, second, secondReads := rendered(t, changed, settings)
	c.Put(root, settings, secondReads, second)
	for _, state := range []source.Tree{tree, changed} {
		if _, _, ok := c.Get(root, settings, state); !ok {
			t.Error("one state drives out the other")
		}
	}
	checkModes(t, dir)
}

func checkModes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: mode %v", p, info.Mode())
		}
		if strings.HasPrefix(e.Name(), "new-") {
			t.Errorf("%s was left behind", p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCacheNoticesNewFile(t *testing.T) {
	t.Parallel()
	files := filesOf(cachedTree)
	tree := memoryTree(t, files)
	root, r, _ := rendered(t, tree, Settings{})
	recorder := source.Record(tree)
	_, _ = recorder.Stat("a/absent")
	c := OpenCache(t.TempDir(), 1<<20, "v1")
	c.Put(root, Settings{}, recorder.Reads(), r)
	if _, _, ok := c.Get(root, Settings{}, tree); !ok {
		t.Fatal("not found")
	}
	if _, _, ok := c.Get(root, Settings{}, memoryTree(t, edited(files, map[string]string{"a/absent": "x"}))); ok {
		t.Error("a file that appeared is not noticed")
	}
}

// TestCacheDamage damages each file of a cache in each way: what is then found is right, or nothing is.
func TestCacheDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tree := treeOf(t, cachedTree)
	root, want, reads := rendered(t, tree, Settings{Lines: true})
	c := OpenCache(dir, 1<<20, "v1")
	c.Put(root, Settings{Lines: true}, reads, want)
	files := map[string][]byte{}
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, _ error) error {
		if !e.IsDir() {
			files[p], _ = os.ReadFile(p)
		}
		return nil
	})
	if len(files) != 2 {
		t.Fatalf("%d files", len(files))
	}
	check := func(what string) {
		t.Helper()
		if got, _, ok := c.Get(root, Settings{Lines: true}, tree); ok {
			t.Errorf("%s is not noticed", what)
			sameRendering(t, got, want)
		}
	}
	for file, data := range files {
		for i := range data {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << (i % 8)
			_ = os.WriteFile(file, bad, 0o600)
			check("a bit")
		}
		_ = os.WriteFile(file, data[:len(data)/2], 0o600)
		check("half a file")
		_ = os.WriteFile(file, append(bytes.Clone(data), 'x'), 0o600)
		check("a longer file")
		_ = os.Remove(file)
		check("a missing file")
		_ = os.Mkdir(file, 0o700)
		check("a directory in its place")
		_ = os.Remove(file)
		_ = os.WriteFile(file, data, 0o600)
	}
	if _, _, ok := c.Get(root, Settings{Lines: true}, tree); !ok {
		t.Error("the files as they were are not found")
	}
}

func TestCacheKeepsNoSecrets(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, "-- a.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: hunter2hunter2}\n")
	root, r, reads := rendered(t, tree, Settings{})
	dir := t.TempDir()
	c := OpenCache(dir, 1<<20, "v1")
	c.Put(root, Settings{}, reads, r)
	got, gotReads, ok := c.Get(root, Settings{}, tree)
	if ok || got != nil || !reflect.DeepEqual(gotReads, reads) {
		t.Errorf("got %v, %v, %v", got, gotReads, ok)
	}
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, _ error) error {
		if data, _ := os.ReadFile(p); bytes.Contains(data, []byte("hunter2")) {
			t.Errorf("%s holds the secret", p)
		}
		return nil
	})
}

func TestCacheIsCapped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tree := treeOf(t, cachedTree)
	root, r, reads := rendered(t, tree, Settings{Lines: true})
	c := OpenCache(dir, cacheShards*4<<10, "v1")
	named := func(i int) Root {
		named := root
		named.Release = strings.Repeat("r", i)
		return named
	}
	const n = 250
	c.Put(named(0), Settings{}, reads, r)
	for i := range n {
		c.Get(named(0), Settings{}, tree) // used all the time
		c.Put(named(i+1), Settings{}, reads, r)
		if i%40 == 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
	var size int64
	_ = filepath.WalkDir(dir, func(p string, e fs.DirEntry, _ error) error {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			size += info.Size()
		}
		return nil
	})
	if size > cacheShards*4<<10 || size == 0 {
		t.Errorf("%d bytes", size)
	}
	if _, _, ok := c.Get(named(0), Settings{}, tree); !ok {
		t.Error("what is used goes first")
	}
	if _, _, ok := c.Get(named(n), Settings{}, tree); !ok {
		t.Error("the newest is gone")
	}
}

func TestCacheTogether(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	tree := treeOf(t, cachedTree)
	root, want, reads := rendered(t, tree, Settings{})
	var wait sync.WaitGroup
	for range 4 {
		c := OpenCache(dir, cacheShards*2<<10, "v1") // as another process has it
		wait.Go(func() {
			for i := range 40 {
				named := root
				named.Release = strings.Repeat("r", i%5)
				c.Put(named, Settings{}, reads, want)
				if got, _, ok := c.Get(named, Settings{}, tree); ok && len(got.Objects) != len(want.Objects) {
					t.Error("half a rendering")
				}
			}
		})
	}
	wait.Wait()
	checkModes(t, dir)
}

func TestCacheWithoutDisk(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, cachedTree)
	root, r, reads := rendered(t, tree, Settings{})
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*Cache{nil, OpenCache(file, 1<<20, "v1")} {
		c.Put(root, Settings{}, reads, r)
		if _, _, ok := c.Get(root, Settings{}, tree); ok {
			t.Error("found")
		}
		m := c.Memo("r")
		m.remember(memoKey{'k'}, fact{Apart: true})
		m.Save()
		if f, ok := m.fact(memoKey{'k'}); !ok || !f.Apart {
			t.Error("a memo without a file forgets")
		}
	}
}

func TestMemo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cache")
	c := OpenCache(dir, 1<<20, "v1")
	facts := map[memoKey]fact{
		{'a'}: {Apart: true, Dirs: []string{"x", "y"}, Configs: []string{"z\n"}},
		{'b'}: {}, {'c'}: {Err: "is bad", Line: 3, Files: []string{"x"}, Charts: []string{"x", "x"}},
	}
	m := c.Memo("r")
	for key, f := range facts {
		m.remember(key, f)
	}
	m.Save()
	m = c.Memo("r")
	m.remember(memoKey{'d'}, fact{Line: 4})
	m.Save()
	m = c.Memo("r")
	facts[memoKey{'d'}] = fact{Line: 4}
	for key, want := range facts {
		if got, ok := m.fact(key); !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v, %v", key[:1], got, ok)
		}
	}
	if _, ok := m.fact(memoKey{'e'}); ok {
		t.Error("what was never there is found")
	}
	if _, ok := c.Memo("other").fact(memoKey{'a'}); ok {
		t.Error("repositories share facts")
	}
	data, _ := os.ReadFile(m.file)
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		_ = os.WriteFile(m.file, bad, 0o600)
		if got, ok := c.Memo("r").fact(memoKey{'a'}); ok {
			t.Fatalf("byte %d: found %+v", i, got)
		}
	}
	checkModes(t, dir)
}

// TestMemoAndDiscovery proves that a discovery with a memo, empty or full, says the same as one without, and that
// a full one reads nothing.
func TestMemoAndDiscovery(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, cachedTree+"-- k/kustomization.yaml --\nresources: [x.yaml]\ntransformers: [t.yaml]\n-- k/t.yaml --\npath: p.yaml\n-- k/p.yaml --\nOBJECT a\n-- web/Chart.yaml --\ntype: application\n-- bad/x.yaml --\napiVersion: {{ .v }}\nkind: A\n")
	_, _ = Discover(context.Background(), tree, DiscoverOptions{}) // lets the tree know its IDs
	want := describe(discover(t, tree))
	c := OpenCache(t.TempDir(), 1<<20, "v1")
	for _, full := range []bool{false, true} {
		m := c.Memo("r")
		counting := &readCounter{Tree: tree}
		d, err := Discover(context.Background(), counting, DiscoverOptions{Memo: m})
		if err != nil || describe(d) != want {
			t.Errorf("full %v: %v\n%s", full, err, describe(d))
		}
		if full && counting.reads > 0 {
			t.Errorf("%d files were read again", counting.reads)
		}
		m.Save()
	}
}

// readCounter counts what is read, and gives every file its ID as trees of commits do.
type readCounter struct {
	source.Tree
	mu    sync.Mutex
	reads int
}

func (c *readCounter) ReadFile(p string) ([]byte, error) {
	c.mu.Lock()
	c.reads++
	c.mu.Unlock()
	return c.Tree.ReadFile(p)
}

func (c *readCounter) ReadDir(p string) ([]source.Info, error) {
	list, err := c.Tree.ReadDir(p)
	for i := range list {
		if info, err := c.Tree.Stat(p + "/" + list[i].Name); err == nil {
			list[i].ID = info.ID
		}
	}
	return list, err
}

func FuzzDecodeRendering(f *testing.F) {
	r := &Rendering{Notes: []string{"n"}, Failed: []*RenderError{{Reason: "r"}}, Objects: []*Object{{Raw: []byte("a: b"), Origins: []Origin{{{Role: RolePatch}}}}}}
	f.Add(encodeRendering(r))
	f.Add(encodeVariants([]variant{{body: hashName(nil), reads: source.ReadSet{{Path: "a", Is: "f1", Lists: "x"}}}}))
	f.Add(encodeFact(fact{Dirs: []string{"a", "a"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		if r, err := decodeRendering(data, Root{}); err == nil {
			again, err := decodeRendering(encodeRendering(r), Root{})
			if err != nil || len(again.Objects) != len(r.Objects) {
				t.Fatalf("%v", err)
			}
		}
		_, _ = decodeVariants(data)
		if got, err := decodeFact(data); err == nil {
			if again, err := decodeFact(encodeFact(got)); err != nil || !reflect.DeepEqual(again, got) {
				t.Fatalf("%+v, %+v, %v", got, again, err)
			}
		}
	})
}

func TestKeep(t *testing.T) {
	t.Parallel()
	c := OpenCache(t.TempDir(), 1<<20, "v1")
	c.Keep("n", "k", []byte("old"))
	c.Keep("n", "k", []byte("new"))
	c.Keep("other", "k", []byte{})
	if got := string(c.Kept("n", "k")); got != "new" {
		t.Errorf("kept %q", got)
	}
	if c.Kept("n", "l") != nil || c.Kept("none", "k") != nil || OpenCache(c.dir, 1<<20, "v2").Kept("n", "k") != nil {
		t.Error("what was kept for something else is found")
	}
	data, err := os.ReadFile(c.keepFile("n"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		bad := bytes.Clone(data)
		bad[i] ^= 1
		if err := os.WriteFile(c.keepFile("n"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if c.Kept("n", "k") != nil {
			t.Fatalf("byte %d is damaged and not missed", i)
		}
	}
	var none *Cache
	none.Keep("n", "k", nil)
	if none.Kept("n", "k") != nil {
		t.Error("nothing keeps something")
	}
}
