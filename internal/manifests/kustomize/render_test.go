package kustomize

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// repository makes a tree of a txtar archive.
func repository(t testing.TB, archive string) source.Tree {
	t.Helper()
	files := map[string][]byte{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		files[f.Name] = f.Data
	}
	return memory(t, files)
}

func memory(t testing.TB, files map[string][]byte) source.Tree {
	t.Helper()
	tree, err := source.Memory(files, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func render(t testing.TB, tree source.Tree, dir string) (*manifests.Rendering, error) {
	t.Helper()
	return New(nil).Render(context.Background(), tree, manifests.Root{Dir: dir, Kind: manifests.Kustomize}, manifests.Settings{})
}

// printed is what kustomize build prints.
func printed(objects []*manifests.Object) []byte {
	raws := make([][]byte, len(objects))
	for i, o := range objects {
		raws[i] = o.Raw
	}
	return bytes.Join(raws, []byte("---\n"))
}

// renderError returns the error of a root that must not render.
func renderError(t *testing.T, err error) *manifests.RenderError {
	t.Helper()
	var r *manifests.RenderError
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a RenderError", err)
	}
	return r
}

func TestRender(t *testing.T) {
	t.Parallel()
	tree := repository(t, `
-- base/kustomization.yaml --
resources: [web.yaml]
-- base/web.yaml --
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
-- over/kustomization.yaml --
resources: [../base]
namePrefix: prod-
patches:
- target: {kind: Service}
  patch: |
    - {op: add, path: /spec/type, value: NodePort}
`)
	got, err := render(t, tree, "over")
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: v1
kind: Service
metadata:
  name: prod-web
spec:
  ports:
  - port: 80
  type: NodePort
`
	if text := string(printed(got.Objects)); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if id := got.Objects[1].Identity; id.String() != "Service/prod-web" {
		t.Errorf("identity %s", id)
	}
}

// TestRefused holds what must not render, each with the place and a word of the reason.
func TestRefused(t *testing.T) {
	t.Parallel()
	const web = "\n-- web.yaml --\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
	for _, c := range []struct{ what, kustomization, more, where, reason string }{
		{"http base", "resources:\n- web.yaml\n- https://example.com/x.yaml\n", web, "kustomization.yaml:3", "remote base https://example.com/x.yaml is not in the repository"},
		{"github base", "resources:\n- github.com/x/y?ref=v1\n", "", "kustomization.yaml:2", "remote base github.com/x/y?ref=v1"},
		{"deprecated bases", "bases:\n- git@github.com:x/y\n", "", "kustomization.yaml:2", "remote base"},
		{"ssh", "resources:\n- ssh://git@example.com/x/y.git\n", "", "kustomization.yaml:2", "remote base"},
		{"file", "resources: ['file:///etc/x']\n", "", "kustomization.yaml:1", "remote base"},
		{"forced git", "resources: ['git::https://example.com/x/y']\n", "", "kustomization.yaml:1", "remote base"},
		{"upper case key and scheme", "RESOURCES:\n- HTTPS://example.com/x.yaml\n", "", "kustomization.yaml:2", "remote base"},
		{"binary tag", "resources:\n- !!binary aHR0cHM6Ly9leGFtcGxlLmNvbS94LnlhbWw=\n", "", "kustomization.yaml:2", "remote base https://example.com/x.yaml"},
		{"duplicate key", "resources: [web.yaml]\nresources: ['https://example.com/x.yaml']\n", web, "kustomization.yaml:2", "remote base"},
		{"alias", "crds: [&a 'https://example.com/x.yaml']\nresources: [*a]\n", "", "kustomization.yaml:1", "remote CRD"},
		{"remote component", "components:\n- https://github.com/x/y//c\n", "", "kustomization.yaml:2", "remote component"},
		{"remote patch", "resources: [web.yaml]\npatches:\n- path: https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote patch"},
		{"remote strategic patch", "resources: [web.yaml]\npatchesStrategicMerge:\n- https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote patch"},
		{"remote JSON patch", "resources: [web.yaml]\npatchesJson6902:\n- target: {kind: Service, name: web, version: v1}\n  path: https://example.com/p.yaml\n", web, "kustomization.yaml:4", "remote patch"},
		{"remote CRD", "resources: [web.yaml]\ncrds:\n- https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote CRD"},
		{"remote schema", "resources: [web.yaml]\nopenapi:\n  path: https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote OpenAPI schema"},
		{"remote configuration", "resources: [web.yaml]\nconfigurations:\n- https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote configuration"},
		{"remote replacement", "resources: [web.yaml]\nreplacements:\n- path: https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote replacement"},
		{"remote file", "configMapGenerator:\n- name: c\n  files:\n  - a=http://example.com/x\n", "", "kustomization.yaml:4", "remote file"},
		{"remote env", "secretGenerator:\n- name: c\n  envs:\n  - http://example.com/x\n", "", "kustomization.yaml:4", "remote file"},
		{"remote transformer", "resources: [web.yaml]\ntransformers:\n- https://example.com/t.yaml\n", web, "kustomization.yaml:3", "remote configuration"},
		{"inline transformer that fetches", "resources: [web.yaml]\ntransformers:\n- |\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  Path: https://example.com/p.yaml\n", web, "kustomization.yaml:3", "remote file"},
		{"listed transformer that fetches", "resources: [web.yaml]\ntransformers: [t.yaml]\n", web + "-- t.yaml --\napiVersion: v1\nkind: List\nitems:\n- apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: p}\n  path: https://example.com/p.yaml\n", "t.yaml:1", "remote file"},
		{"generator that fetches", "generators: [g.yaml]\n", "-- g.yaml --\n# a comment\n---\napiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: p}\nfiles: ['a=https://example.com/p.yaml']\n", "g.yaml:3", "remote file"},
		{"transformers made by a kustomization", "resources: [web.yaml]\ntransformers: [t]\n", web + "-- t/kustomization.yaml --\nnamePrefix: a\nresources: [t.yaml]\n-- t/t.yaml --\napiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: p}\n", "kustomization.yaml:2", "changes their configuration"},
		{"exec function", "generators: [g.yaml]\n", "-- g.yaml --\napiVersion: x/v1\nkind: G\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n", "g.yaml:1", "would execute"},
		{"container function", "resources: [web.yaml]\ntransformers: [g.yaml]\n", web + "-- g.yaml --\napiVersion: x/v1\nkind: G\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      container: {image: x}\n", "g.yaml:1", "would execute"},
		{"starlark validator", "resources: [web.yaml]\nvalidators:\n- |\n  apiVersion: x/v1\n  kind: G\n  metadata:\n    name: g\n    annotations: {config.kubernetes.io/function: 'starlark: {path: x.star}'}\n", web, "kustomization.yaml:3", "would execute"},
		{"chart generator without an inflater", "generators: [g.yaml]\n", "-- g.yaml --\napiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: x\n", "g.yaml:1", "chart x"},
		{"chart generator in a list", "generators: [g.yaml]\n", "-- g.yaml --\napiVersion: v1\nkind: List\nitems:\n- {apiVersion: builtin, kind: HelmChartInflationGenerator, metadata: {name: g}, name: x}\n", "g.yaml:1", "as a document of its own"},
		{"chart generator beside another", "generators: [g.yaml]\n", "-- g.yaml --\napiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: c}\n---\napiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: x\n", "g.yaml:5", "with other generators"},
		{"chart generator that transforms", "resources: [web.yaml]\ntransformers: [g.yaml]\n", web + "-- g.yaml --\napiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: x\n", "g.yaml:1", "under generators"},
		{"chart generator of wrong types", "generators: [g.yaml]\n", "-- g.yaml --\napiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: x\nincludeCRDs: [1]\n", "g.yaml:1", "wrong type"},
		{"charts without an inflater", "helmCharts:\n- name: redis\n", "", "kustomization.yaml:2", "chart redis"},
		{"missing file", "resources:\n- web.yaml\n- gone.yaml\n", web, "kustomization.yaml:3", "gone.yaml is not in the repository"},
		{"missing directory file", "resources:\n- ./d\n", "-- d/x.yaml --\na: b\n", "kustomization.yaml:2", "holds no kustomization.yaml"},
		{"two files", "resources: [web.yaml]\n", web + "-- kustomization.yml --\nresources: []\n", "kustomization.yml", "second kustomization"},
		{"cycle", "resources: [a]\n", "-- a/kustomization.yaml --\nresources: [../a2]\n-- a2/kustomization.yaml --\nresources:\n- ../a\n", "a2/kustomization.yaml:2", "cycle"},
		{"component as resource", "resources: [c]\n", "-- c/kustomization.yaml --\nkind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: x\n", "kustomization.yaml:1", "list it under components"},
		{"resource as component", "components: [c]\n", "-- c/kustomization.yaml --\nnamePrefix: x\n", "kustomization.yaml:1", "list it under resources"},
		{"unknown field", "resources: [web.yaml]\nnameprefiks: a\n", web, "kustomization.yaml:2", "no field nameprefiks"},
		{"wrong type", "resources: web.yaml\n", web, "kustomization.yaml:1", "resources has the wrong type"},
		{"broken kustomization", "resources:\n- a\n b: [\n", "", "kustomization.yaml:", "not valid YAML"},
		{"broken resource", "resources: [web.yaml, bad.yaml]\n", web + "-- bad.yaml --\napiVersion: v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: v1\nkind: B\n bad: [\n", "bad.yaml:7", "not valid YAML"},
		{"patch without a target", "resources: [web.yaml]\npatches:\n- path: p.yaml\n", web + "-- p.yaml --\napiVersion: v1\nkind: Service\nmetadata: {name: nobody}\n", "p.yaml:3", "nobody"},
		{"inline patch without a target", "resources: [web.yaml]\npatchesStrategicMerge:\n- |\n  apiVersion: v1\n  kind: Service\n  metadata:\n    name: no.body\n", web, "kustomization.yaml:7", "no.body"},
		{"missing patch", "resources: [web.yaml]\npatches:\n- path: p.yaml\n", web, "kustomization.yaml:3", "patch p.yaml is not in the repository"},
		{"missing generator file", "configMapGenerator:\n- name: a\n  files:\n  - k=gone.txt\n", "", "kustomization.yaml:4", "file gone.txt is not in the repository"},
		{"same object twice", "resources: [web.yaml, web2.yaml]\n", web + "-- web2.yaml --\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n", "kustomization.yaml:1", "already registered"},
		{"file above the root", "configMapGenerator:\n- name: a\n  files: [../x]\n", "", "kustomization.yaml", "x"},
		{"empty", "", "", "kustomization.yaml", "empty"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			tree := repository(t, "-- kustomization.yaml --\n"+c.kustomization+c.more)
			_, err := render(t, tree, ".")
			r := renderError(t, err)
			if where, _, _ := strings.Cut(r.Error(), ": "); !strings.HasPrefix(where, c.where) || !strings.Contains(r.Reason, c.reason) {
				t.Errorf("got %q, want %q at %s", r.Error(), c.reason, c.where)
			}
		})
	}
}
