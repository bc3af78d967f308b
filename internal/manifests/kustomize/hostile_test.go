package kustomize

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/openapi"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// bomb is a document of a few lines that becomes 10^9 nodes once its aliases are followed.
func bomb() string {
	var b strings.Builder
	b.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bomb}\nx0: &x0 [a,a,a,a,a,a,a,a,a,a]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "x%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d,", i-1), 10), ","))
	}
	return b.String()
}

func indented(text string) string { return "    " + strings.ReplaceAll(text, "\n", "\n    ") }

// diamond is a chain of kustomizations each of which uses the next twice.
func diamond(depth int) map[string][]byte {
	files := map[string][]byte{}
	for i := range depth {
		for _, side := range []string{"a", "b"} {
			files[fmt.Sprintf("%d%s/kustomization.yaml", i, side)] = fmt.Appendf(nil, "namePrefix: %s\nresources: [../%da, ../%db]\n", side, i+1, i+1)
		}
	}
	for _, side := range []string{"a", "b"} {
		files[fmt.Sprintf("%d%s/kustomization.yaml", depth, side)] = []byte("namePrefix: " + side + "\nresources: [x.yaml]\n")
		files[fmt.Sprintf("%d%s/x.yaml", depth, side)] = []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n")
	}
	return files
}

// TestHostile holds what a pull request may try: each must fail soon, with the place named.
func TestHostile(t *testing.T) {
	t.Parallel()
	one := func(kustomization string, more ...string) map[string][]byte {
		files := map[string][]byte{"kustomization.yaml": []byte(kustomization), "web.yaml": []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n")}
		for i := 0; i+1 < len(more); i += 2 {
			files[more[i]] = []byte(more[i+1])
		}
		return files
	}
	deep := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\nx: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "\n"
	var stairs strings.Builder
	stairs.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: deep}\n")
	for i := range 400 {
		stairs.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	large := map[string][]byte{}
	var names []string
	for i := range 9 {
		name := fmt.Sprintf("large%d.yaml", i)
		large[name] = []byte("# " + strings.Repeat("x", 8<<20) + "\n")
		names = append(names, name)
	}
	large["kustomization.yaml"] = []byte("resources: [" + strings.Join(names, ", ") + "]\n")
	var many strings.Builder
	for i := range maxObjects + 1 {
		fmt.Fprintf(&many, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x%d}\n", i)
	}
	for _, c := range []struct {
		what, dir string
		files     map[string][]byte
		where     string
		reason    string
	}{
		{"alias bomb in a resource", ".", one("resources: [bomb.yaml]\n", "bomb.yaml", bomb()), "bomb.yaml", "aliases"},
		{"alias bomb behind a separator", ".", one("resources: [bomb.yaml]\n", "bomb.yaml", "a: b\n--- # x\n"+bomb()), "bomb.yaml", "aliases"},
		{"alias bomb behind CRLF", ".", one("resources: [bomb.yaml]\n", "bomb.yaml", strings.ReplaceAll(bomb(), "\n", "\r\n")), "bomb.yaml", "aliases"},
		{"alias bomb in the kustomization", ".", one("resources: [web.yaml]\n" + bomb()), "kustomization.yaml", "aliases"},
		{"alias bomb in a patch", ".", one("resources: [web.yaml]\npatches:\n- path: bomb.yaml\n", "bomb.yaml", bomb()), "bomb.yaml", "aliases"},
		{"alias bomb in an inline patch", ".", one("resources: [web.yaml]\npatches:\n- patch: |\n" + indented(bomb())), "kustomization.yaml:3", "aliases"},
		{"alias bomb in a strategic patch", ".", one("resources: [web.yaml]\npatchesStrategicMerge:\n- |\n" + indented(bomb())), "kustomization.yaml:3", "aliases"},
		{"alias bomb in a transformer", ".", one("resources: [web.yaml]\ntransformers:\n- |\n" + indented(bomb())), "kustomization.yaml:3", "aliases"},
		{"alias bomb in a transformer's patch", ".", one("resources: [web.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  patch: |\n" + indented(bomb())), "kustomization.yaml:3", "aliases"},
		{"alias bomb in a CRD", ".", one("resources: [web.yaml]\ncrds: [bomb.yaml]\n", "bomb.yaml", bomb()), "bomb.yaml", "aliases"},
		{"objects under another name", ".", one("resources: [list.yaml]\n", "list.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: y}}]\n"), "kustomization.yaml", "write kind: List"},
		{"deep flow", ".", one("resources: [deep.yaml]\n", "deep.yaml", deep), "deep.yaml", "deeper"},
		{"deep blocks", ".", one("resources: [deep.yaml]\n", "deep.yaml", stairs.String()), "deep.yaml", "deeper"},
		{"diamond of kustomizations", "0a", diamond(18), "", "more than 2000 times"},
		{"too many bytes", ".", large, "large", "64 MB"},
		{"too many objects", ".", one("resources: [many.yaml]\n", "many.yaml", many.String()), "many.yaml", "more than 20000 documents"},
	} {
		t.Run(c.what, func(t *testing.T) {
			_, err := render(t, memory(t, c.files), c.dir)
			r := renderError(t, err)
			if !strings.HasPrefix(r.Error(), c.where) || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("got %q, want %q at %s", r.Error(), c.reason, c.where)
			}
		})
	}
}

// TestSymlinksStayInside reads through symbolic links of a tree: inside the root they work, out of it they do not.
func TestSymlinks(t *testing.T) {
	t.Parallel()
	blobs := map[string]string{
		"a/kustomization.yaml": "resources: [link.yaml]\n", "a/link.yaml": "real.yaml", "a/real.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
		"b/kustomization.yaml": "resources: [link.yaml]\n", "b/link.yaml": "../a/real.yaml",
		"c/kustomization.yaml": "resources: [link.yaml]\n", "c/link.yaml": "/etc/passwd",
		"d/kustomization.yaml": "resources: [link.yaml]\n", "d/link.yaml": "../../../../etc/passwd",
		"e/kustomization.yaml": "resources: [link.yaml]\n", "e/link.yaml": "link.yaml",
		"f/kustomization.yaml": "configMapGenerator:\n- name: f\n  files: [/etc/passwd]\n",
	}
	tree := linkedTree(t, blobs)
	for dir, reason := range map[string]string{"a": "", "b": "is not in or below", "c": "link", "d": "link", "e": "loop", "f": "etc/passwd"} {
		_, err := render(t, tree, dir)
		if reason == "" && err != nil || reason != "" && (err == nil || !strings.Contains(err.Error(), reason)) {
			t.Errorf("%s: got %v, want %q", dir, err, reason)
		}
	}
	free := New(nil).Unrestricted()
	if _, err := free.Render(context.Background(), tree, manifests.Root{Dir: "b"}, manifests.Settings{}); err != nil {
		t.Errorf("unrestricted: %v", err)
	}
}

// linkedTree makes a tree in which every link.yaml is a symbolic link to its content.
func linkedTree(t *testing.T, blobs map[string]string) source.Tree {
	var entries []source.Entry
	for name, text := range blobs {
		mode := source.Regular
		if strings.HasSuffix(name, "link.yaml") {
			mode = source.Symlink
		}
		entries = append(entries, source.Entry{Path: name, Mode: mode, ID: source.ContentID([]byte(text)), Size: int64(len(text))})
	}
	tree, err := source.New(entries, texts(blobs), source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

type texts map[string]string

func (b texts) Blob(e source.Entry, _ int64) ([]byte, error) { return []byte(b[e.Path]), nil }

// TestSchemaIsForgotten builds with a schema of its own, and then without: the second must not know of the first.
func TestSchemaIsForgotten(t *testing.T) {
	t.Parallel()
	tree := repository(t, `
-- with/kustomization.yaml --
resources: [x.yaml]
openapi: {path: schema.json}
patches: [{path: p.yaml}]
-- with/schema.json --
{"definitions": {"v1.X": {"type": "object", "properties": {"parts": {"type": "array", "items": {"type": "object"},
 "x-kubernetes-patch-merge-key": "id", "x-kubernetes-patch-strategy": "merge"}},
 "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "X"}]}}}
-- with/x.yaml --
apiVersion: example.com/v1
kind: X
metadata: {name: x}
parts: [{id: a}]
-- with/p.yaml --
apiVersion: example.com/v1
kind: X
metadata: {name: x}
parts: [{id: b}]
-- without/kustomization.yaml --
resources: [x.yaml]
patches: [{path: p.yaml}]
-- without/x.yaml --
apiVersion: example.com/v1
kind: X
metadata: {name: x}
parts: [{id: a}]
-- without/p.yaml --
apiVersion: example.com/v1
kind: X
metadata: {name: x}
parts: [{id: b}]
`)
	for _, c := range []struct{ dir, want string }{{"with", "id: a"}, {"without", ""}, {"with", "id: a"}} {
		got, err := render(t, tree, c.dir)
		if err != nil {
			t.Fatal(err)
		}
		if text := string(printed(got.Objects)); strings.Contains(text, "id: a") != (c.want != "") {
			t.Errorf("%s: %s", c.dir, text)
		}
	}
	if v := openapi.GetSchemaVersion(); v != openapi.DefaultOpenAPI {
		t.Errorf("schema left behind: %s", v)
	}
}

// TestCancelled stops when its context ends; that is nobody's fault.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	tree := memory(t, map[string][]byte{"kustomization.yaml": []byte("namePrefix: x\n")})
	_, err := New(nil).Render(ctx, tree, manifests.Root{Dir: "."}, manifests.Settings{})
	var r *manifests.RenderError
	if !errors.Is(err, context.Canceled) || errors.As(err, &r) {
		t.Errorf("got %v", err)
	}
}
