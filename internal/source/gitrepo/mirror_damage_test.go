package gitrepo

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever happened to a mirror on disk, it is made anew, once, and nobody notices.
func TestMirrorDamage(t *testing.T) {
	t.Parallel()
	v := newGitServer(t).serve(1)
	for name, hurt := range map[string]func(t *testing.T, dir string){
		"no HEAD":     func(t *testing.T, dir string) { removeAll(t, filepath.Join(dir, "HEAD")) },
		"bad HEAD":    func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "HEAD"), "x") },
		"no objects":  func(t *testing.T, dir string) { removeAll(t, filepath.Join(dir, "objects")) },
		"no packs":    func(t *testing.T, dir string) { removeAll(t, matches(t, dir, "objects/pack/*.pack")...) },
		"no indexes":  func(t *testing.T, dir string) { removeAll(t, matches(t, dir, "objects/pack/*.idx")...) },
		"empty index": func(t *testing.T, dir string) { overwrite(t, matches(t, dir, "objects/pack/*.idx")[0], "") },
		"cut pack":    func(t *testing.T, dir string) { truncate(t, matches(t, dir, "objects/pack/*.pack")[0]) },
		"empty ref":   func(t *testing.T, dir string) { overwrite(t, matches(t, dir, "refs/kept/*")[0], "") },
		"foreign ref": func(t *testing.T, dir string) {
			overwrite(t, matches(t, dir, "refs/kept/*")[0], strings.Repeat("1", 40)+"\n")
		},
		"bad config":    func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "config"), "[core\n") },
		"stale locks":   staleLocks,
		"left aside":    func(t *testing.T, dir string) { _ = os.Rename(dir, strings.TrimSuffix(dir, ".git")+".gone-1") },
		"half a mirror": func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, condemned), "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMirror(t, MirrorOptions{})
			before := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
			if err := before.Close(); err != nil {
				t.Fatal(err)
			}
			hurt(t, before.place.repo)
			f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
			expect(t, "change", files(t, f), pullSeven)
			if left := matches(t, filepath.Dir(f.place.repo), "*.gone-*"); len(left) > 0 {
				t.Errorf("%v are left", left)
			}
		})
	}
}

func staleLocks(t *testing.T, dir string) {
	for _, name := range append(matches(t, dir, "refs/kept/*"), filepath.Join(dir, "packed-refs"), filepath.Join(dir, "shallow"), filepath.Join(dir, "config")) {
		overwrite(t, name+".lock", "")
	}
	overwrite(t, filepath.Join(dir, "objects", "pack", "tmp_pack_x"), "PACK")
	overwrite(t, strings.TrimSuffix(dir, ".git")+".fetch", "at work\n")
}

func matches(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func removeAll(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
	}
}

func overwrite(t *testing.T, name, text string) {
	t.Helper()
	_ = os.Chmod(name, 0o600) // it may not be there
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err == nil {
		err = errors.Join(os.Chmod(name, 0o600), os.Truncate(name, info.Size()/2))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Damage that only shows in reading is told, and the next fetch has a new mirror.
func TestMirrorDamageFoundInReading(t *testing.T) {
	t.Parallel()
	v := newGitServer(t).serve(1)
	m := newMirror(t, MirrorOptions{})
	f := fetch(t, m, v.remote(), "refs/heads/main", pullRef(7))
	pack := matches(t, f.place.repo, "objects/pack/*.pack")[0]
	data, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	for i := 12; i < len(data)-20; i++ { // all but the header and the sum: where the objects are
		data[i] ^= 0x55
	}
	overwrite(t, pack, string(data))
	if _, err := f.Change(t.Context(), f.IDs[0], f.IDs[1]); err == nil || !f.Damaged() {
		t.Errorf("damaged %v: %v", f.Damaged(), err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = fetch(t, m, v.remote(), f.IDs...)
	if !f.Cloned || f.Damaged() {
		t.Errorf("cloned %v, damaged %v", f.Cloned, f.Damaged())
	}
	expect(t, "change", files(t, f), pullSeven)
}
