// Flux records what Flux's own library makes of repositories, for the tests of internal/manifests/gitops to be held to.
//
//	cd tools/flux && go run . ../../internal/manifests/gitops/testdata/flux/*.txtar
//
// An archive is a repository. For each Kustomization of Flux in its clusters/ directory the library of kustomize-controller
// generates and builds what its path names, and the objects, with variables substituted, become the file want/NAME.yaml of
// the archive; an error is recorded as one that there has to be. For each HelmRelease the library of helm-controller puts
// the values together, and what Helm and kustomize make of the chart with them is recorded likewise.
package main

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fluxcd/pkg/kustomize"
	"github.com/fluxcd/pkg/sourceignore"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func main() {
	log.SetFlags(0)
	for _, file := range os.Args[1:] {
		if err := record(file); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
	}
}

// record writes an archive again, with what Flux makes of it.
func record(file string) error {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		return err
	}
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return strings.HasPrefix(f.Name, "want/") })
	objects, err := objectsOf(archive)
	if err != nil {
		return err
	}
	for _, o := range objects {
		make := map[string]maker{"Kustomization": build, "HelmRelease": release}[o.GetKind()]
		if make == nil {
			continue
		}
		out, err := inArtifact(archive, objects, o, make)
		if err != nil {
			out = []byte("# error\n")
			log.Printf("%s: %s: %v", file, o.GetName(), err)
		}
		archive.Files = append(archive.Files, txtar.File{Name: "want/" + o.GetName() + ".yaml", Data: out})
	}
	return os.WriteFile(file, txtar.Format(archive), 0o644)
}

// objectsOf are the objects in clusters/.
func objectsOf(archive *txtar.Archive) (objects []unstructured.Unstructured, err error) {
	for _, f := range archive.Files {
		if !strings.HasPrefix(f.Name, "clusters/") {
			continue
		}
		for _, text := range strings.Split(string(f.Data), "\n---\n") {
			var o unstructured.Unstructured
			if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
				return nil, fmt.Errorf("%s: %w", f.Name, err)
			}
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// maker makes what an object has rendered of the artifact in a directory.
type maker func(top string, objects []unstructured.Unstructured, o unstructured.Unstructured) ([]byte, error)

// inArtifact makes it in a directory of its own.
func inArtifact(archive *txtar.Archive, objects []unstructured.Unstructured, o unstructured.Unstructured, make maker) ([]byte, error) {
	top, err := os.MkdirTemp("", "flux")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(top)
	if top, err = filepath.EvalSymlinks(top); err != nil {
		return nil, err
	}
	if err := artifact(archive, objects, top); err != nil {
		return nil, err
	}
	return make(top, objects, o)
}

// build is what kustomize-controller does with a Kustomization and the artifact of its source.
func build(top string, objects []unstructured.Unstructured, o unstructured.Unstructured) ([]byte, error) {
	at, _, _ := unstructured.NestedString(o.Object, "spec", "path")
	dir := filepath.Join(top, filepath.Join("/", at))
	if _, err := kustomize.NewGenerator(top, o).WriteFile(dir); err != nil {
		return nil, err
	}
	built, err := kustomize.SecureBuild(top, dir, false)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, resource := range built.Resources() {
		if _, err := kustomize.SubstituteVariables(context.Background(), holders{objects: objects}, o, resource); err != nil {
			return nil, err
		}
		text, err := resource.AsYAML()
		if err != nil {
			return nil, err
		}
		out = append(out, string(text))
	}
	slices.Sort(out)
	return []byte(strings.Join(out, "---\n")), nil
}

// artifact writes the files of the repository that are not ignored, as source-controller packs them.
func artifact(archive *txtar.Archive, objects []unstructured.Unstructured, top string) error {
	for _, f := range archive.Files {
		name := filepath.Join(top, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			return err
		}
	}
	domain := strings.Split(top, string(filepath.Separator))
	patterns, err := sourceignore.LoadIgnorePatterns(top, domain)
	if err != nil {
		return err
	}
	for _, o := range objects {
		if text, _, _ := unstructured.NestedString(o.Object, "spec", "ignore"); o.GetKind() == "GitRepository" {
			patterns = append(patterns, sourceignore.ReadPatterns(strings.NewReader(text), domain)...)
		}
	}
	matcher := sourceignore.NewDefaultMatcher(patterns, domain)
	return filepath.WalkDir(top, func(p string, d fs.DirEntry, err error) error {
		if err == nil && p != top && matcher.Match(strings.Split(p, string(filepath.Separator)), d.IsDir()) {
			if err = os.RemoveAll(p); d.IsDir() && err == nil {
				return filepath.SkipDir
			}
		}
		return err
	})
}
