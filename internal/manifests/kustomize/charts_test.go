package kustomize

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// fakeCharts renders any chart into one ConfigMap that tells what it was asked for, and a Service.
type fakeCharts struct{}

func (fakeCharts) Release(_ context.Context, tree source.Tree, r manifests.ChartRelease, s manifests.Settings) ([]*manifests.Object, []string, error) {
	var values map[string]any
	if err := yaml.Unmarshal(r.Inline, &values); err != nil {
		return nil, nil, err
	}
	inline := ""
	if values != nil {
		text, err := yaml.Marshal(values)
		if err != nil {
			return nil, nil, err
		}
		inline = string(text)
	}
	raw := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  namespace: %s\ndata:\n  dir: %s\n  files: %q\n  inline: %q\n  flags: %q\n",
		r.Name, r.Namespace, r.Dir, strings.Join(r.ValuesFiles, " "), inline, fmt.Sprintf("%v %v %v %s %v", r.IncludeCRDs, r.SkipHooks, r.SkipTests, s.KubeVersion, s.APIVersions))
	service := "apiVersion: v1\nkind: Service\nmetadata: {name: " + r.Name + "}\nspec:\n  type: NodePort\n"
	var objects []*manifests.Object
	for i, text := range []string{raw, service} {
		o, err := manifests.NewObject([]byte(text))
		if err != nil {
			return nil, nil, err
		}
		o.Walk(func(f manifests.Field) {
			span := source.Span{File: fmt.Sprintf("%s/templates/%d.yaml", r.Dir, i), Line: f.Node().Line, Column: 1}
			o.Origins = append(o.Origins, manifests.Origin{{Span: span, Role: manifests.RoleTemplate, Precision: manifests.Exact}})
		})
		objects = append(objects, o)
	}
	return objects, []string{"a note"}, nil
}

const chartRepository = `
-- top/kustomization.yaml --
resources: [../base]
namespace: outer
namePrefix: p-
patches:
- patch: |
    apiVersion: v1
    kind: Service
    metadata: {name: rel}
    spec: {externalName: patched}
-- base/kustomization.yaml --
helmGlobals: {chartHome: home}
helmCharts:
- name: redis
  releaseName: rel
  includeCRDs: true
  skipTests: true
  kubeVersion: "1.30"
  apiVersions: [a/v1]
  valuesFile: values.yaml
  additionalValuesFiles: [more.yaml]
  valuesInline: {a: inline, b: inline, deep: {x: inline, y: inline}}
- name: pg
  repo: https://charts.example.com
  version: 1.2.3
  nameTemplate: made
  namespace: own
  skipHooks: true
- name: replaced
  releaseName: replaced
  valuesInline: {a: inline}
  valuesMerge: replace
- name: merged
  releaseName: merged
  valuesInline: {a: inline, b: inline}
  valuesMerge: merge
-- base/values.yaml --
a: file
c: file
-- base/more.yaml --
b: more
deep: {y: more}
-- base/home/redis/Chart.yaml --
name: redis
-- base/home/pg-1.2.3/pg/values.yaml --
c: 1
-- base/home/replaced/values.yaml --
c: 1
-- base/home/merged/values.yaml --
a: chart
`

func TestCharts(t *testing.T) {
	t.Parallel()
	tree := repository(t, chartRepository)
	got, err := New(fakeCharts{}).Render(context.Background(), tree, manifests.Root{Dir: "top"}, manifests.Settings{Lines: true, APIVersions: []string{"b/v1"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ object, path, value, places string }{
		{"ConfigMap/outer/p-rel", "data.dir", "base/home/redis", "base/home/redis/templates/0.yaml:7"},
		{"ConfigMap/outer/p-rel", "data.files", "base/values.yaml base/more.yaml", ""},
		{"ConfigMap/outer/p-rel", "data.inline", "a: inline\ndeep:\n    x: inline\n", ""},
		{"ConfigMap/outer/p-rel", "data.flags", "true false true 1.30 [b/v1 a/v1]", ""},
		{"ConfigMap/outer/p-rel", "metadata.name", "p-rel", "top/kustomization.yaml:3 base/home/redis/templates/0.yaml:4"},
		{"Service/p-rel", "spec.type", "NodePort", "base/home/redis/templates/1.yaml:5"},
		{"Service/p-rel", "spec.externalName", "patched", "top/kustomization.yaml:9"},
		{"ConfigMap/own/p-made", "data.dir", "base/home/pg-1.2.3/pg", ""},
		{"ConfigMap/own/p-made", "data.files", "base/home/pg-1.2.3/pg/values.yaml", ""},
		{"ConfigMap/own/p-made", "data.flags", "false true false  [b/v1]", ""},
		{"ConfigMap/outer/p-replaced", "data.files", "", ""},
		{"ConfigMap/outer/p-replaced", "data.inline", "a: inline\n", ""},
		{"ConfigMap/outer/p-merged", "data.inline", "b: inline\n", ""},
	} {
		places, found := stack(got.Objects, c.object, c.path)
		if !found {
			t.Errorf("%s %s is not there:\n%s", c.object, c.path, printed(got.Objects))
			continue
		}
		for _, o := range got.Objects {
			if o.Identity.String() == c.object && o.Lookup(c.path).Text() != c.value {
				t.Errorf("%s %s = %q, want %q", c.object, c.path, o.Lookup(c.path).Text(), c.value)
			}
		}
		if c.places != "" && places != c.places {
			t.Errorf("%s %s:\n got %s\nwant %s", c.object, c.path, places, c.places)
		}
	}
	if len(got.Notes) != 4 || got.Notes[0] != "chart redis: a note" {
		t.Errorf("notes %q", got.Notes)
	}
	for _, o := range got.Objects {
		if strings.Contains(string(o.Raw), "helm-generated") {
			t.Errorf("the mark is left:\n%s", o.Raw)
		}
	}
}

func TestChartsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ chart, where, reason string }{
		{"{name: redis, repo: https://charts.example.com, version: 19.0.2}", "kustomization.yaml:2", "chart redis 19.0.2 of https://charts.example.com is not in the repository (looked for charts/redis-19.0.2/redis)"},
		{"{name: gone}", "kustomization.yaml:2", "chart gone is not in the repository (looked for charts/gone)"},
		{"{name: here, releaseName: -x}", "kustomization.yaml:2", "must not begin with a dash"},
		{"{name: here, valuesMerge: odd, valuesInline: {a: b}}", "kustomization.yaml:2", "valuesMerge"},
		{"{name: here, valuesFile: none.yaml}", "kustomization.yaml:2", "none.yaml"},
		{"{name: here, valuesFile: ../x.yaml}", "kustomization.yaml:2", "x.yaml"},
	} {
		tree := memory(t, map[string][]byte{"kustomization.yaml": []byte("helmCharts:\n- " + c.chart + "\n"), "charts/here/values.yaml": []byte("a: b\n")})
		_, err := New(fakeCharts{}).Render(context.Background(), tree, manifests.Root{Dir: "."}, manifests.Settings{})
		if r := renderError(t, err); !strings.HasPrefix(r.Error(), c.where) || !strings.Contains(r.Reason, c.reason) {
			t.Errorf("%s: got %q, want %q at %s", c.chart, r.Error(), c.reason, c.where)
		}
	}
}

// TestValues compares what a release gets with what kustomize would have put into files: laid over each other in
// order they must come to the same.
func TestValuesNull(t *testing.T) {
	t.Parallel()
	under := map[string]any{"a": "file", "m": map[string]any{"x": "file", "y": "file"}}
	over := map[string]any{"a": nil, "m": map[string]any{"x": nil, "z": "inline"}}
	text, err := yaml.Marshal(overlayDropping(under, over))
	if want := "m:\n    \"y\": file\n    z: inline\n"; err != nil || string(text) != want {
		t.Errorf("got %s (%v), want %s", text, err, want)
	}
	if !hasNull(over) || hasNull(under) {
		t.Error("nulls are not seen")
	}
	if len(prune(over, under)) != 1 {
		t.Errorf("pruned to %v", prune(over, under))
	}
}

const generatorRepository = `
-- kustomization.yaml --
namespace: outer
generators:
- gens
- |
  apiVersion: builtin
  kind: HelmChartInflationGenerator
  metadata: {name: c}
  name: third
  releaseName: third
- "{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: other}, options: {disableNameSuffixHash: true}, literals: [a=b]}"
helmCharts:
- name: first
  releaseName: first
-- gens/kustomization.yaml --
resources: [all.yaml]
-- gens/all.yaml --
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: a}
name: second
releaseName: second
namespace: own
chartHome: home
valuesInline: {a: b}
---
apiVersion: builtin
kind: HelmChartInflationGenerator
metadata: {name: b}
name: second
releaseName: again
chartHome: home
-- charts/first/values.yaml --
a: 1
-- charts/third/values.yaml --
a: 1
-- home/second/values.yaml --
a: 1
`

// Charts among the generators are rendered like those of helmCharts, but in their own namespace; other generators stay.
func TestChartGenerators(t *testing.T) {
	t.Parallel()
	tree := repository(t, generatorRepository)
	got, err := New(fakeCharts{}).Render(context.Background(), tree, manifests.Root{Dir: "."}, manifests.Settings{Lines: true})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, o := range got.Objects {
		if o.Kind == "ConfigMap" {
			told[o.Namespace+"/"+o.Name] = o.Lookup("data.dir").Text() + " " + o.Lookup("data.inline").Text()
		}
	}
	want := map[string]string{"outer/first": "charts/first ", "own/second": "home/second a: b\n", "default/again": "home/second ",
		"default/third": "charts/third ", "outer/other": " "}
	if !maps.Equal(told, want) {
		t.Errorf("got %q, want %q", told, want)
	}
}
