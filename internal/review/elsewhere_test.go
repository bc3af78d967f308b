package review

import (
	"context"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// shelf has one repository, whatever is asked for, at a commit.
type shelf struct {
	tree   source.Tree
	commit string
	asked  []manifests.Base
}

func (s *shelf) Get(_ context.Context, base manifests.Base) (manifests.Fetched, error) {
	s.asked = append(s.asked, base)
	return manifests.Fetched{Tree: s.tree, Pinned: s.commit}, nil
}

func (s *shelf) Pin(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	got, err := s.Get(ctx, base)
	got.Tree = nil
	return got, err
}

func memory(t *testing.T, files map[string]string) source.Tree {
	t.Helper()
	all := make(map[string][]byte)
	for name, text := range files {
		all[name] = []byte(text)
	}
	tree, err := source.Memory(all, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// reader is a renderer that makes an object of a file, and lacks what is not there.
type reader struct {
	file string
	lack manifests.Lack
}

func (r reader) Render(_ context.Context, tree source.Tree, root manifests.Root, _ manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	text, err := tree.ReadFile(r.file)
	if err != nil {
		return nil, nil, &manifests.RenderError{Reason: "it is not there", Lacks: []manifests.Lack{r.lack}}
	}
	return &manifests.Rendering{Root: root, Notes: []string{string(text)}}, nil, nil
}

// TestPlanted holds that what a repository has itself where the fetched is laid is never seen, under the ID of what is
// named as little as under others, be it a file in the place of a directory.
func TestPlanted(t *testing.T) {
	t.Parallel()
	lack := manifests.Lack{Kind: manifests.LackGit, Address: "https://github.com/acme/base", Version: "v1", At: source.Span{File: "k.yaml", Line: 3}}.In()
	fetched := memory(t, map[string]string{"a.yaml": "fetched"})
	for name, own := range map[string]map[string]string{
		"nothing": {"k.yaml": ""}, "the file": {lack.Dir + "/a.yaml": "planted"}, "others": {lack.Dir + "/b.yaml": "planted", manifests.ElsewhereDir + "/x": "planted"},
		"a file for the directory": {lack.Dir: "planted"}, "a file for all": {manifests.ElsewhereDir: "planted"}, "below": {lack.Dir + "/a.yaml/c": "planted"},
	} {
		s := &supplier{inner: reader{lack.Dir + "/a.yaml", lack}, bases: &shelf{tree: fetched, commit: strings.Repeat("1", 40)}}
		r, _, err := s.Render(t.Context(), memory(t, own), manifests.Root{}, manifests.Settings{})
		if err != nil || strings.Join(r.Notes, "") != "fetched" || len(r.Supplied) != 1 || r.Supplied[0].Pinned != strings.Repeat("1", 40) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

// TestLaidForDeployments holds that what a deployment names elsewhere lies there before it renders, and that a rendering is
// current as long as it is the same.
func TestLaidForDeployments(t *testing.T) {
	t.Parallel()
	lack := manifests.Lack{Kind: manifests.LackGitRange, Address: "ssh://git@github.com/acme/base", Version: ">=1.0 <2", At: source.Span{File: "k.yaml", Line: 3}}.In()
	bases := &shelf{tree: memory(t, map[string]string{"a.yaml": "fetched"}), commit: "one"}
	s := &supplier{inner: reader{file: lack.Dir + "/a.yaml"}, bases: bases}
	root := manifests.Root{Deployment: &manifests.Deployment{Mounts: []manifests.Lack{lack}}}
	r, _, err := s.Render(t.Context(), memory(t, nil), root, manifests.Settings{})
	if err != nil || len(r.Supplied) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if asked := bases.asked[0]; asked.URL != "https://github.com/acme/base" || !asked.Range || asked.Ref != ">=1.0 <2" {
		t.Errorf("asked for %+v", asked)
	}
	if !s.current(t.Context(), r) {
		t.Error("not current though nothing changed")
	}
	if bases.commit = "two"; s.current(t.Context(), r) {
		t.Error("current though it is another commit")
	}
	if (*supplier)(nil).current(t.Context(), r) {
		t.Error("current though nothing is fetched")
	}
	root.Deployment.Mounts[0].Dir = "../outside"
	if _, _, err := s.Render(t.Context(), memory(t, nil), root, manifests.Settings{}); err == nil {
		t.Error("laid anywhere")
	}
}
