package kustomize

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// corpus returns the directory of real repositories; without one the test is skipped.
func corpus(t testing.TB) string {
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = "../../../../shared/corpus"
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no corpus: LANDWAITER_CORPUS names no directory")
	}
	return dir
}

// kustomizations returns the directories that hold a kustomization.
func kustomizations(t testing.TB, repository string) []string {
	var dirs []string
	err := filepath.WalkDir(repository, func(p string, d os.DirEntry, err error) error {
		for _, base := range konfig.RecognizedKustomizationFileNames() {
			if err == nil && !d.IsDir() && d.Name() == base {
				rel, _ := filepath.Rel(repository, filepath.Dir(p))
				dirs = append(dirs, filepath.ToSlash(rel))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

func onDisk(dir string) ([]byte, error) {
	oneAtATime.Lock()
	defer oneAtATime.Unlock()
	wall.expect(true)
	defer wall.expect(false)
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified
	built, err := krusty.MakeKustomizer(options).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, err
	}
	return built.AsYaml()
}

// TestCorpus renders every kustomization of the corpus over a tree, with lines, and compares with kustomize on disk:
// the same bytes, or both fail. No exact line may be wrong, by a checker that knows nothing of how lines are found.
func TestCorpus(t *testing.T) {
	for _, repository := range repositories(t) {
		t.Run(path.Base(repository), func(t *testing.T) {
			tree, err := source.OpenDir(repository, source.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer tree.Close()
			same, n := 0, tally{tree: tree, files: map[string]*sourceFile{}}
			for _, dir := range kustomizations(t, repository) {
				objects, rendered := equalsDisk(t, tree, repository, dir)
				if rendered {
					same++
				}
				for _, o := range objects {
					n.object(t, dir, o)
				}
			}
			t.Logf("%d kustomizations render to the same bytes", same)
			n.report(t)
		})
	}
}

func repositories(t testing.TB) []string {
	all, err := filepath.Glob(filepath.Join(corpus(t), "*"))
	if err != nil {
		t.Fatal(err)
	}
	var with []string
	for _, dir := range all {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && len(kustomizations(t, dir)) > 0 {
			with = append(with, dir)
		}
	}
	return with
}

func equalsDisk(t *testing.T, tree source.Tree, repository, dir string) ([]*manifests.Object, bool) {
	got, err := New(nil).Render(context.Background(), tree, manifests.Root{Dir: dir}, manifests.Settings{Lines: true})
	if err != nil {
		t.Logf("does not render: %v", err)
		if errors.Is(err, errRemote) || strings.Contains(err.Error(), "chart") {
			return nil, false // on disk it would be fetched
		}
		if _, err := onDisk(filepath.Join(repository, dir)); err == nil {
			t.Errorf("%s renders on disk, but not here", dir)
		}
		return nil, false
	}
	want, err := onDisk(filepath.Join(repository, dir))
	if err != nil {
		t.Errorf("%s renders here, but not on disk: %v", dir, err)
	} else if !bytes.Equal(printed(got.Objects), want) {
		t.Errorf("%s differs from what kustomize prints on disk", dir)
	}
	return got.Objects, true
}
