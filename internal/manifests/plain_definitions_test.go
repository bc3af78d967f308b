package manifests

import (
	"slices"
	"testing"
)

// TestIndexDefinitions finds the definitions of the kinds that are asked for, among the charts' too, and no others.
func TestIndexDefinitions(t *testing.T) {
	t.Parallel()
	tree := treeOf(t, `
-- a/crds.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.com}
spec: {names: {kind: Widget}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.acme.com}
spec: {names: {kind: Gadget}}
-- b/Chart.yaml --
apiVersion: v2
name: b
version: 1.0.0
-- b/crds/more.yaml --
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gizmos.acme.com}
spec: {names: {"kind": "Gizmo"}}
-- c/other.yaml --
apiVersion: acme.com/v1
kind: Widget
metadata: {name: a}
`)
	d, err := Discover(t.Context(), tree, DiscoverOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if none, err := IndexDefinitions(t.Context(), tree, d, nil); err != nil || len(none.Found) > 0 {
		t.Fatalf("without kinds: %v, %v", none.Found, err)
	}
	if x := d.indexOf([]string{"CustomResourceDefinition"}); x == nil || !slices.Equal(x.files, []string{"a/crds.yaml", "b/crds/more.yaml"}) {
		t.Errorf("noted: %+v", x)
	}
	index, err := IndexDefinitions(t.Context(), tree, d, []string{"Gizmo", "Widget"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range index.Found {
		names = append(names, f.Object.Name)
	}
	if !slices.Equal(names, []string{"widgets.acme.com", "gizmos.acme.com"}) {
		t.Errorf("found %v", names)
	}
}
