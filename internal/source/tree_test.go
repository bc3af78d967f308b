package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// build makes a tree: "name" → content, "name@" → symbolic link, "name!" → submodule.
func build(t testing.TB, files map[string]string, limits Limits) Tree {
	t.Helper()
	contents := memory{}
	var entries []Entry
	for name, text := range files {
		e := Entry{Path: name, Mode: Regular, Size: -1}
		if trimmed, ok := strings.CutSuffix(name, "@"); ok {
			e.Path, e.Mode = trimmed, Symlink
		} else if trimmed, ok := strings.CutSuffix(name, "!"); ok {
			e.Path, e.Mode = trimmed, Gitlink
		}
		e.ID = ContentID([]byte(text))
		contents[e.Path] = []byte(text)
		entries = append(entries, e)
	}
	tree, err := New(entries, contents, limits)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func names(list []Info) string {
	var all []string
	for _, info := range list {
		name := info.Name
		if info.Link {
			name += "@"
		}
		if info.Kind == Dir {
			name += "/"
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

var sample = map[string]string{
	"a/b": "ab", "a/c/d": "acd", "a.b": "a.b", "a-b/x": "x", "a/c.d": "acd2", "a/c-d": "x", "b": "b", "mod!": "",
	"in@": "a/c", "file@": "a/b", "up@": "..", "abs@": "/etc/passwd", "loop@": "loop2", "loop2@": "./loop", "nowhere@": "missing",
	"a/back@": "../b", "a/c/root@": "../..", "through@": "in/d", "twice@": "in/../b", "intomod@": "mod/x", "slash@": "a/c/", "fileslash@": "b/x",
}

func TestStatAndRead(t *testing.T) {
	t.Parallel()
	tree := build(t, sample, Limits{})
	for asked, want := range map[string]string{
		".": "dir .", "": "dir .", "a": "dir a", "a/": "dir a", "./a/b": "file a/b ab", "a/b": "file a/b ab", "a//b": "file a/b ab", "a/../b": "file b b",
		"in": "dir a/c", "in/d": "file a/c/d acd", "file": "file a/b ab", "a/back": "file b b", "through": "file a/c/d acd",
		"twice": "file a/b ab", "a/c/root": "dir .", "a/c/root/in/root/b": "file b b", "slash/d": "file a/c/d acd", "mod": "submodule mod",
	} {
		info, err := tree.Stat(asked)
		if err != nil {
			t.Errorf("Stat(%q): %v", asked, err)
			continue
		}
		got := [...]string{File: "file ", Dir: "dir ", Submodule: "submodule "}[info.Kind] + info.Path
		data, err := tree.ReadFile(asked)
		switch info.Kind {
		case File:
			got += " " + string(data)
			if err != nil || info.ID != ContentID(data) {
				t.Errorf("ReadFile(%q): %v, ID %s", asked, err, info.ID)
			}
		case Dir:
			if !errors.Is(err, ErrNotFile) {
				t.Errorf("ReadFile(%q): %v", asked, err)
			}
		}
		if got != want {
			t.Errorf("Stat(%q) = %s, want %s", asked, got, want)
		}
	}
}

func TestTreeErrors(t *testing.T) {
	t.Parallel()
	tree := build(t, sample, Limits{Depth: 5})
	for asked, want := range map[string]error{
		"missing": ErrNotExist, "a/missing": ErrNotExist, "b/x": ErrNotExist, "a/b/../../b/x": ErrNotExist, "nowhere": ErrNotExist, "a.": ErrNotExist,
		"up": ErrEscapes, "up/b": ErrEscapes, "abs": ErrEscapes, "loop": ErrLoop, "loop2/x": ErrLoop, "mod/x": ErrSubmodule, "intomod": ErrSubmodule,
		"..": ErrPath, "../b": ErrPath, "a/../../b": ErrPath, "/b": ErrPath, "b\x00": ErrPath, `a\b`: ErrNotExist, "a/c/../\xff": ErrNotExist,
		"1/2/3/4/5/6": ErrDepth, "fileslash": ErrNotExist,
	} {
		_, statErr := tree.Stat(asked)
		_, readErr := tree.ReadFile(asked)
		_, listErr := tree.ReadDir(asked)
		for what, err := range map[string]error{"Stat": statErr, "ReadFile": readErr, "ReadDir": listErr} {
			if !errors.Is(err, want) || err != nil && strings.ContainsAny(err.Error(), "\x00\uFFFD") {
				t.Errorf("%s(%q): %v, want %v", what, asked, err, want)
			}
		}
	}
	for asked, want := range map[string]error{"b": ErrNotDir, "mod": ErrSubmodule, "file": ErrNotDir} {
		if _, err := tree.ReadDir(asked); !errors.Is(err, want) {
			t.Errorf("ReadDir(%q): %v", asked, err)
		}
	}
	if _, err := tree.ReadFile("mod"); !errors.Is(err, ErrSubmodule) {
		t.Errorf("ReadFile(mod): %v", err)
	}
}

func TestReadDir(t *testing.T) {
	t.Parallel()
	tree := build(t, sample, Limits{})
	for dir, want := range map[string]string{
		".":    "a/ a-b/ a.b b file@ in@/ mod slash@/ through@ twice@",
		"a":    "b back@ c/ c-d c.d",
		"a/c":  "d root@/",
		"in":   "d root@/",
		"a-b/": "x",
	} {
		list, err := tree.ReadDir(dir)
		if err != nil || names(list) != want {
			t.Errorf("ReadDir(%q) = %s, %v, want %s", dir, names(list), err, want)
		}
	}
	list, err := tree.ReadDir("in")
	if err != nil || list[0].Path != "in/d" {
		t.Errorf("paths are not as asked for: %+v, %v", list, err)
	}
	if _, err := tree.ReadDir("a/b"); !errors.Is(err, ErrNotDir) {
		t.Errorf("a file: %v", err)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	tree := build(t, sample, Limits{})
	walk := func(dir string, skip map[string]error) string {
		var seen []string
		err := Walk(tree, dir, func(info Info) error {
			seen = append(seen, info.Path)
			return skip[info.Path]
		})
		if err != nil {
			return err.Error()
		}
		return strings.Join(seen, " ")
	}
	for _, test := range []struct {
		dir  string
		skip map[string]error
		want string
	}{
		{"a", nil, "a/b a/back a/c a/c/d a/c/root a/c-d a/c.d"},
		{"in", nil, "in/d in/root"},
		{"a", map[string]error{"a/c": fs.SkipDir}, "a/b a/back a/c a/c-d a/c.d"},
		{"a", map[string]error{"a/c/d": fs.SkipAll}, "a/b a/back a/c a/c/d"},
		{"a", map[string]error{"a/c/d": ErrLoop}, ErrLoop.Error()},
		{"none", nil, "none: file does not exist"},
	} {
		if got := walk(test.dir, test.skip); got != test.want {
			t.Errorf("Walk(%s) = %s, want %s", test.dir, got, test.want)
		}
	}
}

func TestHostileEntries(t *testing.T) {
	t.Parallel()
	entries := []Entry{
		{Path: "ok", Mode: Regular}, {Path: "../x", Mode: Regular}, {Path: "/x", Mode: Regular}, {Path: "a//b", Mode: Regular},
		{Path: "a/./b", Mode: Regular}, {Path: "", Mode: Regular}, {Path: "x\x00y", Mode: Regular}, {Path: "\xff", Mode: Regular},
		{Path: `back\..\slash`, Mode: Regular}, {Path: "ok", Mode: Regular}, {Path: "ok/below", Mode: Regular}, {Path: "ok/be/low", Mode: Regular},
		{Path: "1/2/3/4", Mode: Regular}, {Path: "ok-1/2/3", Mode: Regular}, {Path: "trailing/", Mode: Regular},
	}
	tree, err := New(slices.Clone(entries), memory{}, Limits{Depth: 3})
	if err != nil {
		t.Fatal(err)
	}
	list, err := tree.ReadDir(".")
	if err != nil || names(list) != `back\..\slash ok ok-1/` {
		t.Errorf("%s, %v", names(list), err)
	}
	if problems := Problems(tree); len(problems) != 12 {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
	if _, err := New(entries, memory{}, Limits{Files: 3}); !errors.Is(err, ErrFileCount) {
		t.Errorf("too many: %v", err)
	}
}

// A chain of links, each of which goes through the one before twice, leads to 2^n steps if nothing is remembered.
func TestLinkBomb(t *testing.T) {
	t.Parallel()
	files := map[string]string{"l0@": ".", "f": "x"}
	for i := range 39 {
		files[fmt.Sprintf("l%d@", i+1)] = fmt.Sprintf("l%d/l%d", i, i)
	}
	files["long@"] = strings.Repeat("l0/", 2000)
	tree := build(t, files, Limits{})
	if data, err := tree.ReadFile("l38/f"); err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := tree.Stat("long"); !errors.Is(err, ErrDepth) {
		t.Errorf("too long: %v", err)
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	pointer := lfsVersion + "oid sha256:" + strings.Repeat("0", 64) + "\nsize 1\n"
	tree := build(t, map[string]string{
		"large": strings.Repeat("x", 11), "fits": strings.Repeat("x", 10), "pointer": pointer, "mention": lfsVersion + "\nx",
	}, Limits{FileSize: 10})
	if _, err := tree.ReadFile("large"); !errors.Is(err, ErrFileSize) {
		t.Errorf("large: %v", err)
	}
	if _, err := tree.ReadFile("fits"); err != nil {
		t.Errorf("fits: %v", err)
	}
	tree = build(t, map[string]string{"pointer": pointer, "mention": lfsVersion + "\nx", "long": pointer + strings.Repeat("x", 1024)}, Limits{})
	for name, want := range map[string]error{"pointer": ErrLFS, "mention": nil, "long": nil} {
		if _, err := tree.ReadFile(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// As git hash-object names them.
	if id := ContentID([]byte("hello\n")); id != "ce013625030ba8dba906f756967f9e9ca394464a" {
		t.Error(id)
	}
	if id := ContentID256([]byte("hello\n")); id != "2cf8d83d9ee29543b34a87727421fdecb7e3f3a183d337639025de576db9ebb4" {
		t.Error(id)
	}
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	base, err := Memory(map[string][]byte{"a": []byte("1"), "dir/b": []byte("2"), "gone": []byte("3")}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := Edit(Record(base), map[string][]byte{"a": []byte("one"), "new/x": []byte("x"), "gone": nil, "dir/b": nil, "dir": []byte("file")})
	if err != nil {
		t.Fatal(err)
	}
	list, err := tree.ReadDir(".")
	if err != nil || names(list) != "a dir new/" {
		t.Errorf("%s, %v", names(list), err)
	}
	for name, want := range map[string]string{"a": "one", "dir": "file", "new/x": "x"} {
		data, err := tree.ReadFile(name)
		info, statErr := tree.Stat(name)
		if err != nil || statErr != nil || string(data) != want || info.ID != ContentID(data) {
			t.Errorf("%s: %q %+v %v", name, data, info, errors.Join(err, statErr))
		}
	}
	if data, err := base.ReadFile("a"); err != nil || string(data) != "1" {
		t.Errorf("the base changed: %q, %v", data, err)
	}
}

func TestOpenDir(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "dir")
	for name, text := range map[string]string{
		"dir/a": "1", "dir/sub/b": "2", "dir/.git/config": "secret", "dir/sub/.git": "gitdir: x", "secret": "secret", "dir/large": strings.Repeat("x", 100),
	} {
		path := filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": "sub", "out": "../secret", "abs": filepath.Join(top, "secret"), "git": ".git/config"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	tree, err := OpenDir(dir, Limits{FileSize: 50})
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close()
	list, err := tree.ReadDir(".")
	if err != nil || names(list) != "a large link@/ sub/" {
		t.Errorf("%s, %v", names(list), err)
	}
	info, err := tree.Stat("link/b")
	if err != nil || info.Path != "sub/b" || info.ID != ContentID([]byte("2")) {
		t.Errorf("%+v, %v", info, err)
	}
	for name, want := range map[string]error{"out": ErrEscapes, "abs": ErrEscapes, "git": ErrNotExist, ".git/config": ErrNotExist, "large": ErrFileSize} {
		if _, err := tree.ReadFile(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tree.Stat("large"); err != nil {
		t.Errorf("what cannot be read can still be described: %v", err)
	}
	// Put in place after listing: nothing outside is read through it.
	if err := errors.Join(os.Remove(filepath.Join(dir, "a")), os.Symlink("../secret", filepath.Join(dir, "a"))); err != nil {
		t.Fatal(err)
	}
	if data, err := tree.ReadFile("a"); err == nil {
		t.Errorf("read %q", data)
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "b"), []byte("3"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := tree.ReadFile("sub/b"); !errors.Is(err, ErrChanged) {
		t.Errorf("changed meanwhile: %v", err)
	}
	if _, err := OpenDir(dir, Limits{Files: 2}); !errors.Is(err, ErrFileCount) {
		t.Errorf("too many: %v", err)
	}
	if _, err := OpenDir(filepath.Join(dir, "missing"), Limits{}); !errors.Is(err, ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
}

func manyEntries() []Entry {
	var entries []Entry
	for i := range 20_000 {
		entries = append(entries, Entry{Path: fmt.Sprintf("apps/team-%02d/service-%04d/overlays/file-%d.yaml", i/400, i/5, i%5), Mode: Regular, ID: fmt.Sprintf("%040d", i), Size: -1})
	}
	return entries
}

func BenchmarkNew(b *testing.B) {
	entries := manyEntries()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := New(slices.Clone(entries), memory{}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStat(b *testing.B) {
	entries := manyEntries()
	tree, err := New(slices.Clone(entries), memory{}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(entries)
		if _, err := tree.Stat(entries[i].Path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	tree, err := New(manyEntries(), memory{}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := Walk(tree, ".", func(Info) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
