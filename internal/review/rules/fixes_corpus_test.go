package rules_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

// fixRounds is how often fixes that touch the same lines may need another round.
const fixRounds = 20

// fixBytes is how large a repository is tried without being asked for.
const fixBytes = 4 << 20

func sizeOf(files map[string][]byte) (n int) {
	for _, text := range files {
		n += len(text)
	}
	return n
}

// fixRoots is about how many roots of a repository are tried.
const fixRoots = 10

// TestFixesCorpus applies every fix that is offered for real repositories, be it safe or not. As a change, that causes
// no finding and breaks no root; what is announced as fixed is; and there is an end to it.
func TestFixesCorpus(t *testing.T) {
	t.Parallel()
	for _, dir := range lineRepositories(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			if n := sizeOf(readRepository(t, dir)); n > fixBytes && os.Getenv("LANDWAITER_FIXES") != "all" {
				t.Skipf("%s: %d MiB are tried with LANDWAITER_FIXES=all only", filepath.Base(dir), n>>20)
			}
			for _, safeOnly := range []bool{true, false} {
				before := readRepository(t, dir)
				s := fixSample{t: t, under: someRoots(t, before)}
				after, applied := s.fixAll(before, safeOnly)
				s.check(before, after, applied)
			}
		})
	}
}

// readRepository reads what may be a manifest.
func readRepository(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	tree, err := source.OpenDir(dir, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	files := make(map[string][]byte)
	err = fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		if text, err := tree.ReadFile(name); err == nil {
			files[name] = text
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// fixSample is a part of a repository whose fixes are tried.
type fixSample struct {
	t     *testing.T
	under []string
}

// someRoots returns the directories of roots from all over a repository.
func someRoots(t *testing.T, files map[string][]byte) (dirs []string) {
	t.Helper()
	tree, err := source.Memory(files, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := manifests.Discover(t.Context(), tree, manifests.DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	every := len(found.Roots)/fixRoots + 1
	for i := 0; i < len(found.Roots); i += every {
		dirs = append(dirs, found.Roots[i].Dir)
	}
	return dirs
}

func (s fixSample) review(before, after map[string][]byte) *review.Result {
	t := s.t
	t.Helper()
	lab := newLab()
	engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
	f := reviewtest.Fixture{Head: after, Base: before}
	change, err := f.Change()
	if err != nil {
		t.Fatal(err)
	}
	policy := review.DefaultPolicy()
	policy.Profile = "everything"
	// That a second replica calls for a disruption budget and for different nodes is meant. So is that a running cluster
	// makes some objects anew.
	skip := []string{"replicas-min"}
	for _, rule := range engine.Rules {
		if rule.Area == "change" {
			skip = append(skip, rule.ID)
		}
	}
	result, err := engine.Review(t.Context(), change, policy, review.Options{Under: s.under, Skip: skip})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func (s fixSample) fixAll(before map[string][]byte, safeOnly bool) (after map[string][]byte, applied int) {
	t := s.t
	t.Helper()
	after = maps.Clone(before)
	for range fixRounds {
		result := s.review(nil, after)
		tree, err := source.Memory(after, source.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		changed, n, err := review.ApplyFixes(tree, result.Findings, safeOnly)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return after, applied
		}
		applied += n
		maps.Copy(after, changed)
	}
	t.Errorf("after %d rounds there are still fixes to apply", fixRounds)
	return after, applied
}

func (s fixSample) check(before, after map[string][]byte, applied int) {
	t := s.t
	t.Helper()
	result := s.review(before, after)
	for _, root := range result.Roots {
		if root.Status == review.Failed {
			t.Logf("%s does not render: %s", root.Path, root.Reason)
		}
	}
	for _, f := range result.Findings {
		if f.Status == review.New {
			t.Errorf("the fixes cause %s:%d: %s: %s [%s at %s in %s]", f.Location.File, f.Location.Line, f.Rule, f.Message, f.Object, f.Path, f.Root)
		}
	}
	if applied > 0 && result.Summary.Fixed == 0 {
		t.Errorf("%d fixes mend nothing", applied)
	}
	t.Logf("%d fixes mend %d findings, %d are left", applied, result.Summary.Fixed, result.Summary.Existing)
	for name, text := range before {
		if manifests.SplitDocuments(text) != nil && len(manifests.SplitDocuments(text)) != len(manifests.SplitDocuments(after[name])) {
			t.Errorf("%s has other documents than before", name)
		}
	}
}
