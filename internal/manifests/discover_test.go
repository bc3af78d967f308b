package manifests

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/landwaiter/landwaiter/internal/source"
)

// treeOf makes a tree of a txtar archive. "OBJECT name" stands for an object of that name.
func treeOf(t testing.TB, archive string) source.Tree {
	t.Helper()
	return memoryTree(t, filesOf(archive))
}

func memoryTree(t testing.TB, files map[string][]byte) source.Tree {
	t.Helper()
	tree, err := source.Memory(files, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func filesOf(archive string) map[string][]byte {
	files := map[string][]byte{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		data := string(f.Data)
		if name, ok := strings.CutPrefix(data, "OBJECT "); ok {
			data = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name
		}
		files[f.Name] = []byte(data)
	}
	return files
}

// describe writes a discovery, a line for each root, problem and group of files passed over.
func describe(d *Discovery) string {
	var b strings.Builder
	for _, r := range d.Roots {
		fmt.Fprintf(&b, "%s %s", r.Kind, r.Path)
		if len(r.Files) > 0 {
			fmt.Fprintf(&b, " %s", strings.Join(r.Files, " "))
		}
		if r.Kind == Helm && (r.Release != defaultRelease || r.Namespace != defaultNamespace) {
			fmt.Fprintf(&b, " as %s/%s", r.Namespace, r.Release)
		}
		b.WriteByte('\n')
	}
	for _, p := range d.Problems {
		fmt.Fprintf(&b, "! %s\n", p)
	}
	for _, p := range d.Passed {
		fmt.Fprintf(&b, "passed %s: %s\n", p.Reason, strings.Join(p.Files, " "))
	}
	return b.String()
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		options DiscoverOptions
		tree    string
		want    string
	}{
		{name: "base, overlays and a component", tree: `
-- base/kustomization.yaml --
resources: [deploy.yaml]
-- base/deploy.yaml --
OBJECT a
-- overlays/prod/kustomization.yml --
resources:
- ../../base
components:
- ../../part
patches:
- path: patch.yaml
-- overlays/prod/patch.yaml --
OBJECT a
-- overlays/test/Kustomization --
bases:
- ../../base/
-- part/kustomization.yaml --
kind: Component
resources:
- ../inner
-- inner/kustomization.yaml --
namePrefix: x-
-- spare/kustomization.yaml --
kind: Component
resources:
- ../alone
-- alone/kustomization.yaml --
namePrefix: y-
`, want: `kustomize alone
kustomize overlays/prod
kustomize overlays/test
passed kustomize components that no kustomization uses: spare/kustomization.yaml
`},
		{name: "circles fail, they do not vanish", tree: `
-- a/kustomization.yaml --
resources: [../b]
-- b/kustomization.yaml --
resources: [../a]
-- c/kustomization.yaml --
resources: [.]
`, want: "kustomize a\nkustomize c\n"},
		{name: "two kustomizations in one directory, and a broken one", tree: `
-- a/kustomization.yaml --
resources: [../b]
-- a/Kustomization --
resources: []
-- b/kustomization.yaml --
namePrefix: b-
-- c/kustomization.yaml --
resources:
- ../d
- "unclosed
-- d/kustomization.yaml --
namePrefix: d-
`, want: `kustomize a
kustomize c
! a/kustomization.yaml: the directory holds several kustomization files, which kustomize refuses: keep one
! c/kustomization.yaml:3: is no valid YAML: found unexpected end of stream
`},
		{name: "what a kustomization reads is not plain, what it leaves is said, and what it may not read is left to others", tree: `
-- a/kustomization.yaml --
resources: [listed.yaml, ../far/listed.yaml]
patchesStrategicMerge: [merge.yaml]
patchesJson6902:
- path: json.yaml
  target: {kind: X, name: y}
configMapGenerator:
- name: c
  files: [key=file.yaml, other.yaml]
  envs: [env.json]
secretGenerator:
- {name: s, env: one.yaml}
configurations: [conf.yaml]
crds: [crd.json]
openapi: {path: api.json}
replacements:
- path: repl.yaml
transformers: [trans.yaml]
-- a/listed.yaml --
OBJECT a
-- far/listed.yaml --
OBJECT a
-- a/merge.yaml --
OBJECT a
-- a/json.yaml --
OBJECT a
-- a/file.yaml --
OBJECT a
-- a/other.yaml --
OBJECT a
-- a/env.json --
OBJECT a
-- a/one.yaml --
OBJECT a
-- a/conf.yaml --
OBJECT a
-- a/crd.json --
OBJECT a
-- a/api.json --
OBJECT a
-- a/repl.yaml --
OBJECT a
-- a/trans.yaml --
apiVersion: builtin
kind: PatchTransformer
path: transpatch.yaml
-- a/transpatch.yaml --
OBJECT a
-- a/unlisted.yaml --
OBJECT a
-- a/unusedtransformer.yaml --
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
`, want: "kustomize a\nplain far far/listed.yaml\npassed objects beside a kustomization that does not list them: a/unlisted.yaml\n"},
		{name: "generators that are directories", tree: `
-- a/kustomization.yaml --
generators: [../gen]
-- gen/kustomization.yaml --
resources: [g.yaml]
-- gen/g.yaml --
apiVersion: builtin
kind: ConfigMapGenerator
`, want: "kustomize a\n"},
		{name: "remote and impossible references", tree: `
-- a/kustomization.yaml --
resources:
- https://example.com/b
- github.com/acme/b?ref=v1
- ../../../b
- /b
- missing.yaml
-- b/kustomization.yaml --
namePrefix: x
`, want: "kustomize a\nkustomize b\n"},
		{name: "charts", tree: `
-- web/Chart.yaml --
apiVersion: v2
name: web
dependencies:
- name: lib
  repository: file://../lib
- {name: app, version: 1, repository: "file://../app"}
- {name: redis, repository: "https://example.com"}
-- web/values.yaml --
{}
-- web/values-prod.yaml --
apiVersion: looks
kind: LikeOne
-- web/values.test.yml --
a: 1
-- web/values.yaml.bak --
-- web/ci/small-values.yaml --
a: 1
-- web/ci/notes.yaml --
OBJECT a
-- web/templates/d.yaml --
OBJECT a
-- web/templates/kustomization.yaml --
namePrefix: {{ .x }}
-- web/charts/sub/Chart.yaml --
name: sub
-- web/crds/crd.yaml --
OBJECT a
-- web/more/deep/x.yaml --
OBJECT a
-- web/more/Chart.yaml --
name: more
-- web/application.yaml --
OBJECT a
-- lib/Chart.yaml --
{name: lib, type: library}
-- free/Chart.yaml --
{name: lib2, type: library}
-- app/Chart.yaml --
name: app
-- old/Chart.yaml --
name: old
-- old/requirements.yaml --
dependencies:
- name: web
  repository: file://../older
-- older/Chart.yaml --
name: older
-- odd/MyChart.yaml --
name: odd
`, want: `helm old
helm web
plain web web/application.yaml
helm web#ci/small-values.yaml
helm web#values-prod.yaml
helm web#values.test.yml
helm web/more
plain web/more/deep web/more/deep/x.yaml
`},
		{name: "a chart at the top owns its own folders", tree: `
-- Chart.yaml --
name: top
-- templates/a.yaml --
OBJECT a
-- deploy/a.yaml --
OBJECT a
-- deploy/charts/a.yaml --
OBJECT a
`, want: "helm .\nplain deploy deploy/a.yaml\nplain deploy/charts deploy/charts/a.yaml\n"},
		{name: "charts that a kustomization renders", tree: `
-- a/kustomization.yaml --
helmCharts:
- name: web
  valuesFile: web.yaml
- name: pulled
  version: 1.2.3
  repo: https://example.com
-- a/web.yaml --
OBJECT a
-- a/charts/web/Chart.yaml --
name: web
-- a/charts/pulled-1.2.3/pulled/Chart.yaml --
name: pulled
-- a/charts/other/Chart.yaml --
name: other
-- b/kustomization.yaml --
helmGlobals:
  chartHome: ../shared
helmCharts:
- name: web
generators:
- |-
  apiVersion: builtin
  kind: HelmChartInflationGenerator
  name: gen
  chartHome: ../more
-- shared/web/Chart.yaml --
name: web
-- more/gen/Chart.yaml --
name: gen
`, want: "kustomize a\nhelm a/charts/other\nkustomize b\n"},
		{name: "variants of the policy", options: DiscoverOptions{Helm: []HelmVariant{
			{Chart: "web", Values: []string{"web/values-prod.yaml"}, Release: "web", Namespace: "shop"},
			{Chart: "web/", Values: []string{"web/values-eu.yaml", "env/eu.yaml"}},
			{Chart: "lib", Release: "x"},
			{Chart: "gone"},
		}}, tree: `
-- web/Chart.yaml --
name: web
-- web/values-prod.yaml --
-- web/values-eu.yaml --
-- web/values-us.yaml --
-- env/eu.yaml --
-- lib/Chart.yaml --
type: library
`, want: `helm gone
helm lib as default/x
helm web
helm web#values-eu.yaml,../env/eu.yaml
helm web#values-prod.yaml as shop/web
helm web#values-us.yaml
! gone/Chart.yaml: roots.helm of the policy names it, but it is not there
`},
		{name: "plain", tree: `
-- a.yaml --
OBJECT a
-- .github/workflows/ci.yaml --
name: ${{ x }}
-- .github/k8s/a.yml --
# comment
---
foo: bar
---
apiVersion: apps/v1 # c
kind: "Deployment"
-- docker-compose.yaml --
services: {}
-- json/a.json --
{"apiVersion": "v1", "kind": "Pod"}
-- json/package.json --
{"name": "kind of", "apiVersion": 1}
-- indented/a.yaml --
  kind: Pod
  apiVersion: v1
-- nested/values.yaml --
objects:
- apiVersion: v1
  kind: Pod
-- escaped/a.yaml --
"\u0061piVersion": v1
"k\x69nd": Pod
-- list/a.yaml --
apiVersion: v1
kind: List
items: []
-- text/a.txt --
OBJECT a
-- tmpl/a.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: {{ .name }}
-- tmpl/b.yaml --
apiVersion: v1
kind: Pod
metadata:
  name: "{{ .name }}"
-- half/a.yaml --
apiVersion: v1
kind: {{ .kind }}
---
apiVersion: v1
kind: Pod
-- broken/a.yaml --
apiVersion: v1
kind: Pod
spec: [
-- brokenjson/a.json --
{"apiVersion": "v1",
"kind" "Pod"}
`, want: `plain . a.yaml
plain .github/k8s .github/k8s/a.yml
plain broken broken/a.yaml
plain escaped escaped/a.yaml
plain half half/a.yaml
plain indented indented/a.yaml
plain json json/a.json
plain list list/a.yaml
plain tmpl tmpl/b.yaml
! brokenjson/a.json:2: is no valid YAML: did not find expected ',' or '}'
! tmpl/a.yaml:4: is a template, which only the tool that it is written for can fill in: it is not reviewed
`},
		{name: "under, include and ignore", options: DiscoverOptions{
			Under: []string{"apps/"}, Include: []string{"apps/**", "x/**"}, Ignore: []string{"apps/old*/**"},
		}, tree: `
-- apps/a/kustomization.yaml --
resources: [../base, ../shared]
-- apps/base/kustomization.yaml --
namePrefix: x
-- apps/shared/kustomization.yaml --
namePrefix: x
-- apps/old/kustomization.yaml --
resources: [../kept]
-- apps/kept/kustomization.yaml --
namePrefix: x
-- x/kustomization.yaml --
namePrefix: x
-- apps/older/x/a.yaml --
OBJECT a
-- apps/a.yaml --
OBJECT a
`, want: "plain apps apps/a.yaml\nkustomize apps/a\nkustomize apps/kept\n"},
		{name: "owned by another kind", options: DiscoverOptions{Owned: []string{"kops/*.yaml"}}, tree: `
-- kops/cluster.yaml --
apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
spec: {{ .x }}
-- kops/more/a.yaml --
OBJECT a
`, want: "plain kops/more kops/more/a.yaml\n"},
		{name: "other tools", tree: `
-- helmfile.yaml --
releases: []
-- lib/a.libsonnet --
{}
-- lib/b.jsonnet --
{}
`, want: "passed helmfile: helmfile.yaml\npassed jsonnet: lib/a.libsonnet lib/b.jsonnet\n"},
		{name: "nothing", tree: "-- README.md --\n", want: ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Discover(context.Background(), treeOf(t, c.tree), c.options)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(d); got != c.want {
				t.Errorf("got:\n%swant:\n%s", got, c.want)
			}
		})
	}
}
