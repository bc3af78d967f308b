package gitrepo

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/source"
)

// shuffle does something to a work tree that people do.
func (r *repo) shuffle(random *rand.Rand) {
	r.t.Helper()
	name := func() string { return fmt.Sprintf("%c/%c", 'a'+random.IntN(4), 'a'+random.IntN(6)) }
	file := name()
	path := filepath.Join(r.dir, file)
	switch random.IntN(10) {
	case 0:
		r.remove(file)
	case 1:
		r.remove(filepath.Dir(file))
	case 2:
		r.git("add", "-A")
	case 3:
		r.git("add", "-N", ".")
	case 4:
		r.git("rm", "-q", "-r", "--cached", "--ignore-unmatch", file)
	case 5:
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && os.Chmod(path, 0o644|fs.FileMode(random.IntN(2)*0o111)) != nil {
			r.t.Error("chmod failed")
		}
	case 6:
		to := filepath.Join(r.dir, name())
		if info, err := os.Lstat(to); err != nil || !info.IsDir() {
			_ = os.Rename(path, to) // there may be nothing to rename
		}
	case 7:
		r.remove(file)
		_ = os.MkdirAll(filepath.Dir(path), 0o755)
		_ = os.Symlink("../"+name(), path)
	default:
		r.remove(file)
		var text strings.Builder
		for i := range random.IntN(30) {
			fmt.Fprintf(&text, "%d\n", i*random.IntN(8)/6)
		}
		r.write(file, text.String()+strings.Repeat("end", random.IntN(2)))
	}
}

// Whatever was done to it: the work tree is what is on disk, its IDs are those of the contents, lines that a change
// calls unchanged are equal at base and head, and a read set changes exactly with what was read.
func TestRandomWorkTrees(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		r := newRepo(t)
		for range 12 {
			r.shuffle(random)
		}
		r.commit()
		r.git("branch", "base")
		for round := range 6 {
			for range 4 {
				r.shuffle(random)
			}
			if round == 2 {
				r.commit()
			}
			if index := filepath.Join(r.dir, ".git", "index"); seed%2 == 1 {
				later := time.Now().Add(time.Hour) // so that no file is as young as the index, and all are told by their state
				if err := os.Chtimes(index, later, later); err != nil && !errors.Is(err, fs.ErrNotExist) {
					t.Fatal(err)
				}
			}
			c := r.change("base", "")
			disk, err := source.OpenDir(r.dir, source.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			expect(t, fmt.Sprintf("seed %d, round %d", seed, round), show(t, c.Head), show(t, disk))
			checkLines(t, c)
			checkReads(t, c)
			if err := disk.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// The head of a change between commits, put together from what differs, is the commit's own tree.
func TestRandomCommits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 2))
		r := newRepo(t)
		r.commit("start", "1\n")
		r.git("branch", "base")
		for round := range 6 {
			for range 8 {
				r.shuffle(random)
			}
			r.commit(fmt.Sprintf("round%d", round), "x\n")
			opened := r.open()
			c, err := opened.Change(t.Context(), "base", "HEAD")
			if err != nil {
				t.Fatal(err)
			}
			listed, err := opened.Tree(t.Context(), "HEAD")
			if err != nil {
				t.Fatal(err)
			}
			expect(t, fmt.Sprintf("seed %d, round %d", seed, round), show(t, c.Head), show(t, listed))
			if source.Fingerprint(c.Head) != source.Fingerprint(listed) && len(source.Problems(listed)) == 0 {
				t.Errorf("seed %d, round %d: not the same entries", seed, round)
			}
			if round%2 == 1 {
				r.git("branch", "-f", "base")
			}
		}
	}
}

func checkLines(t *testing.T, c *source.Change) {
	t.Helper()
	err := source.Walk(c.Head, ".", func(info source.Info) error {
		if info.Kind != source.File || info.Link {
			return nil
		}
		data, err := c.Head.ReadFile(info.Path)
		if err != nil {
			return err
		}
		for i, line := range strings.SplitAfter(string(data), "\n") {
			old, at, ok := c.ToBase(info.Path, i+1)
			if !ok || line == "" {
				continue
			}
			base, err := c.Base.ReadFile(old)
			if err != nil {
				return err
			}
			if was := strings.SplitAfter(string(base), "\n"); at < 1 || at > len(was) || was[at-1] != line {
				t.Errorf("%s:%d %q is not %s:%d of %q", info.Path, i+1, line, old, at, base)
			}
			if path, back, kept := c.ToHead(old, at); path != info.Path || back != i+1 || !kept {
				t.Errorf("%s:%d came back as %s:%d %v", info.Path, i+1, path, back, kept)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// checkReads reads every name that may be in the base, and compares what changed with asking both trees.
func checkReads(t *testing.T, c *source.Change) {
	t.Helper()
	for dir := range 4 {
		for file := range 6 {
			name := fmt.Sprintf("%c/%c", 'a'+dir, 'a'+file)
			recorder := source.Record(c.Base)
			before, beforeErr := recorder.ReadFile(name)
			after, afterErr := c.Head.ReadFile(name)
			old, _ := c.Base.Stat(name)
			now, _ := c.Head.Stat(name)
			same := string(before) == string(after) && old.Path == now.Path && kindOfError(beforeErr) == kindOfError(afterErr)
			if changed := recorder.Reads().Changed(c.Head); (len(changed) == 0) != same {
				t.Errorf("%s: changed %v, but %q %v became %q %v", name, changed, before, beforeErr, after, afterErr)
			}
		}
	}
}

func kindOfError(err error) error {
	for _, kind := range []error{source.ErrNotExist, source.ErrLoop, source.ErrNotFile, source.ErrEscapes} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}
