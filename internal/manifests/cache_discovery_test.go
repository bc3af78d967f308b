package manifests

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// storedFiles have something of everything that a discovery knows.
var storedFiles = map[string]string{
	"base/kustomization.yaml":      "resources: [web.yaml]\n",
	"base/web.yaml":                "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n",
	"prod/kustomization.yaml":      "resources: [../base]\ncomponents: [../part]\npatches:\n- path: patch.yaml\ngenerators: [gen.yaml]\n",
	"prod/patch.yaml":              "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: patched\n",
	"prod/gen.yaml":                "apiVersion: builtin\nkind: ConfigMapGenerator\nfiles: [data.txt]\n",
	"prod/data.txt":                "x\n",
	"part/kustomization.yaml":      "kind: Component\nresources: [ns.yaml]\n",
	"part/ns.yaml":                 "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: part\n",
	"chart/Chart.yaml":             "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
	"chart/values-prod.yaml":       "a: 1\n",
	"chart/crds/crd.yaml":          "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: crd\n",
	"chart/templates/ns.yaml":      "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: chart\n",
	"plain/ns.yaml":                "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: plain\n",
	"plain/broken.yaml":            "apiVersion: v1\nkind: Namespace\n  metadata: x\n",
	"unused/kustomization.yaml":    "kind: Component\n",
	"main.tf":                      "x\n",
	"clusters/kustomization.yaml":  "resources: [\n",
	"clusters/later/settings.yaml": "a: 1\n",
}

// indexed says what an index holds.
func indexed(t *testing.T, tree source.Tree, d *Discovery) (lines []string) {
	t.Helper()
	x, err := IndexObjects(t.Context(), tree, d, []string{"Namespace", "ResourceQuota"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range x.Found {
		lines = append(lines, fmt.Sprint(f.Object, " ", f.File, ":", f.Line, " ", f.AsIs))
	}
	for _, f := range x.Failed {
		lines = append(lines, f.Error())
	}
	return lines
}

// A discovery that was stored is the one that was made, in every question to it: its roots, what changes reach, the
// objects in the source, and the head of a change.
func TestStoredDiscovery(t *testing.T) {
	t.Parallel()
	c := OpenCache(filepath.Join(t.TempDir(), "cache"), 1<<20, "v1")
	first := c.Memo("r")
	tree := treeOfFiles(t, storedFiles)
	made := discoverWith(t, tree, DiscoverOptions{Memo: first})
	indexed(t, tree, made)
	first.Save()
	for file, text := range map[string]string{
		"base/web.yaml": "apiVersion: v1\nkind: Service\nmetadata:\n  name: other\n",
		"part/ns.yaml":  "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: edited\n",
		"plain/ns.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: plain\n",
		"prod/gen.yaml": "apiVersion: builtin\nkind: ConfigMapGenerator\nfiles: [other.txt]\n", "prod/patch.yaml": "a: 1\n",
		"clusters/later/settings.yaml": "apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: q\n",
		"chart/templates/ns.yaml":      "apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: q\n",
		"base/kustomization.yaml":      "resources: [web.yaml, more.yaml]\n",
	} {
		head, err := source.Edit(tree, map[string][]byte{file: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		change := &source.Change{Base: tree, Head: head, Files: []source.FileChange{{Old: file, New: file}}}
		stored := discoverWith(t, tree, DiscoverOptions{Memo: c.Memo("r")})
		if !stored.stored {
			t.Fatal("nothing was stored")
		}
		now, err := DiscoverHead(context.Background(), change, stored)
		want := discoverWith(t, head, DiscoverOptions{})
		if err != nil || !reflect.DeepEqual(now.Roots, want.Roots) || !reflect.DeepEqual(now.Problems, want.Problems) || !reflect.DeepEqual(now.Passed, want.Passed) {
			t.Errorf("%s: head %+v, %v; want %+v", file, now, err, want)
		}
		plain := discoverWith(t, tree, DiscoverOptions{})
		if got, want := Candidates(change, stored, now), Candidates(change, plain, want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: reaches %+v, want %+v", file, got, want)
		}
		if got, want := indexed(t, tree, stored), indexed(t, tree, plain); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: base holds %q, want %q", file, got, want)
		}
		if got, want := indexed(t, head, now), indexed(t, head, want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: head holds %q, want %q", file, got, want)
		}
	}
}

// Another tree, or other wishes, are not answered with what was stored; nor is anything damaged.
func TestStoredDiscoveryOfAnother(t *testing.T) {
	t.Parallel()
	c := OpenCache(filepath.Join(t.TempDir(), "cache"), 1<<20, "v1")
	m := c.Memo("r")
	tree := treeOfFiles(t, storedFiles)
	discoverWith(t, tree, DiscoverOptions{Memo: m})
	m.Save()
	edited, err := source.Edit(tree, map[string][]byte{"plain/ns.yaml": nil})
	if err != nil {
		t.Fatal(err)
	}
	if discoverWith(t, edited, DiscoverOptions{Memo: c.Memo("r")}).stored {
		t.Error("another tree has the stored discovery")
	}
	if discoverWith(t, tree, DiscoverOptions{Memo: c.Memo("r"), Ignore: []string{"prod"}}).stored {
		t.Error("other wishes have the stored discovery")
	}
	file := m.file + discoverySuffix
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(data); i += 7 {
		bad := bytes.Clone(data)
		bad[i] ^= 4
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if discoverWith(t, tree, DiscoverOptions{Memo: c.Memo("r")}).stored {
			t.Fatalf("byte %d is damaged and not missed", i)
		}
	}
}

// FuzzDecodeDiscovery decodes anything: it is refused or can be asked.
func FuzzDecodeDiscovery(f *testing.F) {
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, data []byte) {
		d, err := decodeDiscovery(data)
		if err != nil {
			return
		}
		change := &source.Change{Files: []source.FileChange{{Old: "a/b", New: "a/b"}}}
		Candidates(change, d, d)
		encodeDiscovery(d)
	})
}

func discoverWith(t *testing.T, tree source.Tree, options DiscoverOptions) *Discovery {
	t.Helper()
	d, err := Discover(t.Context(), tree, options)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func treeOfFiles(t *testing.T, texts map[string]string) source.Tree {
	t.Helper()
	files := map[string][]byte{}
	for file, text := range texts {
		files[file] = []byte(text)
	}
	return memoryTree(t, files)
}
