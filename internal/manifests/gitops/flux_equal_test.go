package gitops

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/manifests/kustomize"
	"github.com/landwaiter/landwaiter/internal/source"
	"sigs.k8s.io/yaml"
)

// inProcess renders as the child does, without one.
type inProcess struct{}

func (inProcess) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	record := source.Record(tree)
	var r manifests.Renderer = &manifests.PlainRenderer{}
	switch root.Kind {
	case manifests.Kustomize:
		r = kustomize.New(helm.New())
	case manifests.Helm:
		r = helm.New()
	}
	rendering, err := r.Render(ctx, record, root, settings)
	return rendering, record.Reads(), err
}

// TestFluxEqual holds what is rendered of Kustomizations and HelmReleases to what Flux's own libraries made of them; see
// tools/flux.
func TestFluxEqual(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/flux/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("nothing is recorded")
	}
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkFlux(t, archive)
	}
}

func checkFlux(t *testing.T, archive *txtar.Archive) {
	t.Helper()
	files, wants := map[string]string{}, map[string]string{}
	var sync strings.Builder
	for _, f := range archive.Files {
		if name, ok := strings.CutPrefix(f.Name, "want/"); ok {
			wants[strings.TrimSuffix(name, ".yaml")] = string(f.Data)
			continue
		}
		files[f.Name] = string(f.Data)
		if strings.HasPrefix(f.Name, "clusters/") {
			sync.WriteString(string(f.Data) + "\n---\n")
		}
	}
	w, objects := worldOf(t, files, sync.String())
	r := &Renderer{Inner: inProcess{}}
	for _, root := range w.Roots(manifests.Root{Path: "clusters", Dir: "clusters"}, objects) {
		_, name, _ := strings.Cut(root.Path, "#")
		_, name, _ = strings.Cut(name, "/")
		want, ok := wants[name]
		if !ok {
			continue
		}
		delete(wants, name)
		rendering, _, err := r.Render(context.Background(), w.repository.Tree, root, manifests.Settings{KubeVersion: "1.36", HelmLine: 4, Lines: true})
		var failed *manifests.RenderError
		switch {
		case err != nil && !errors.As(err, &failed):
			t.Fatal(err)
		case (err != nil) != (want == "# error\n"):
			t.Errorf("%s: %v, want\n%s", name, err, want)
		case err == nil:
			if got := normalised(t, rendering.Objects); got != want {
				t.Errorf("%s:\n%s\nFlux has\n%s", name, got, want)
			}
		}
	}
	for name := range wants {
		t.Errorf("%s is no root", name)
	}
}

// normalised are objects as the library writes them: without what tells nothing, sorted by their texts.
func normalised(t *testing.T, objects []*manifests.Object) string {
	t.Helper()
	var all []string
	for _, o := range objects {
		var value any
		if err := yaml.Unmarshal(o.Raw, &value); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(text))
	}
	slices.Sort(all)
	return strings.Join(all, "---\n")
}
