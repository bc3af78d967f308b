package kustomize

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// noNetwork fails whatever would reach the network, and remembers it.
type noNetwork struct {
	mu      sync.Mutex
	onDisk  bool // kustomize runs on disk, for comparison: it may ask
	reached []string
}

// wall stands before the network in all tests.
var wall noNetwork

func (n *noNetwork) expect(onDisk bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.onDisk = onDisk
}

func (n *noNetwork) RoundTrip(r *http.Request) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.onDisk {
		n.reached = append(n.reached, r.URL.String())
	}
	return nil, errors.New("no network in tests")
}

// TestMain takes the network and the git command away from kustomize, and fails when it asked for the network.
func TestMain(m *testing.M) {
	http.DefaultTransport = &wall
	os.Setenv("PATH", "")
	code := m.Run()
	if len(wall.reached) > 0 {
		fmt.Println("FAIL: rendering reached for the network:", wall.reached)
		code = 1
	}
	os.Exit(code)
}

// FuzzCheckYAML holds the quick check to the thorough one: what it lets pass unparsed neither nests too deep nor
// grows too large.
func FuzzCheckYAML(f *testing.F) {
	for _, seed := range []string{"a: b\n", "a: &x [b]\nc: *x\n", bomb(), "- - - - a\n", "a:\r  b:\r    c\r", "? - a\n: - b\n", "{a: [b, {c: d}]}", "x: *a\n---\n*b\n", "[*a,*b]", "a:\n- b:\n  - c:\n    - d\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if suspicious(data) {
			return
		}
		for _, doc := range splitStream(data) {
			_, err := manifests.ParseYAML(doc.Data)
			if errors.Is(err, manifests.ErrYAMLDepth) || errors.Is(err, manifests.ErrYAMLSize) {
				t.Fatalf("let pass: %v", err)
			}
		}
	})
}

// FuzzRender renders arbitrary files with and without lines. Nothing panics, what fails says so as a RenderError,
// tracing changes no byte, and an exact frame stands on a line that there is.
func FuzzRender(f *testing.F) {
	const web = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: web\n        image: nginx:1\n"
	f.Add("resources: [web.yaml]\nnamePrefix: a-\nimages: [{name: nginx, newTag: '2'}]\n", web, "")
	f.Add("resources: [web.yaml]\npatches: [{path: p.yaml}]\ncommonLabels: {a: b}\n", web, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n")
	f.Add("resources: [web.yaml]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\n", web, "- {op: add, path: /spec/template/spec/containers/-, value: {name: b}}\n- {op: remove, path: /spec/replicas}\n")
	f.Add("resources: [web.yaml]\npatches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 3}\n", web, "")
	f.Add("configMapGenerator: [{name: c, literals: [a=b], files: [web.yaml]}]\nreplacements: [{path: p.yaml}]\n", web, "source: {kind: ConfigMap, fieldPath: data.a}\ntargets: [{select: {kind: ConfigMap}, fieldPaths: [data.b], options: {create: true}}]\n")
	f.Add("resources: [web.yaml, p.yaml]\nvars: [{name: X, objref: {kind: Deployment, name: web, apiVersion: apps/v1}}]\n", web, "apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: &d {x: $(X)}}, {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: *d}]\n")
	f.Fuzz(func(t *testing.T, kustomization, web, patch string) {
		tree := memory(t, map[string][]byte{"kustomization.yaml": []byte(kustomization), "web.yaml": []byte(web), "p.yaml": []byte(patch)})
		plain, err := render(t, tree, ".")
		traced, errTraced := New(nil).Render(context.Background(), tree, manifests.Root{Dir: "."}, manifests.Settings{Lines: true})
		if (err == nil) != (errTraced == nil) {
			t.Fatalf("plain: %v, with lines: %v", err, errTraced)
		}
		if err != nil {
			renderError(t, err)
			return
		}
		if !bytes.Equal(printed(plain.Objects), printed(traced.Objects)) {
			t.Fatalf("lines changed the output:\n%s\n%s", printed(plain.Objects), printed(traced.Objects))
		}
		checkFrames(t, tree, traced.Objects)
	})
}

func checkFrames(t *testing.T, tree source.Tree, objects []*manifests.Object) {
	for _, o := range objects {
		fields := 0
		o.Walk(func(manifests.Field) { fields++ })
		if fields != len(o.Origins) {
			t.Fatalf("%s: %d fields, %d origins", o.Identity, fields, len(o.Origins))
		}
		for _, origin := range o.Origins {
			for _, frame := range origin {
				data, err := tree.ReadFile(frame.Span.File)
				if err != nil {
					t.Fatalf("%s: %v", o.Identity, err)
				}
				if frame.Precision == manifests.Exact && (frame.Span.Line < 1 || frame.Span.Line > len(lines(data))) {
					t.Fatalf("%s: line %d of %s", o.Identity, frame.Span.Line, frame.Span.File)
				}
			}
		}
	}
}
