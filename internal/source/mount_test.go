package source

import (
	"errors"
	"testing"
)

// linked is a tree in which some entries are symbolic links.
func linked(t *testing.T, files, targets map[string]string) Tree {
	t.Helper()
	held, entries := memory{}, []Entry{}
	for name, text := range files {
		held[name] = []byte(text)
		entries = append(entries, Entry{Path: name, Mode: Regular, ID: ContentID([]byte(text)), Size: int64(len(text))})
	}
	for name, target := range targets {
		held[name] = []byte(target)
		entries = append(entries, Entry{Path: name, Mode: Symlink, ID: ContentID([]byte(target)), Size: int64(len(target))})
	}
	tree, err := New(entries, held, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// TestMount holds that a tree in a directory of another is what it was, and that none of its links leads out of it.
func TestMount(t *testing.T) {
	t.Parallel()
	base := linked(t, map[string]string{"secret": "base's", "a/b": "1"}, nil)
	other := linked(t, map[string]string{"x/y": "other's", "secret": "other's too"},
		map[string]string{"in": "x/y", "dir": "x", "out": "../../secret", "absolute": "/secret", "around": "x/../../m/secret", "loop": "loop"})
	tree, err := Mount(base, "at/m", other)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"secret": "base's", "a/b": "1", "at/m/secret": "other's too", "at/m/in": "other's", "at/m/dir/y": "other's"} {
		if text, err := tree.ReadFile(name); err != nil || string(text) != want {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"at/m/out", "at/m/absolute", "at/m/around", "at/m/loop"} {
		if _, err := tree.ReadFile(name); !errors.Is(err, ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
