package gitops

import (
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// TestNamespaces holds that what has no namespace gets that of its deployment, where it lives in one, and from which line.
func TestNamespaces(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"plain/a.yaml": "{apiVersion: v1, kind: ConfigMap, metadata: {name: bare}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: own, namespace: mine}}\n---\n{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: role}}\n---\n" +
			"{apiVersion: own.example/v1, kind: Unknown, metadata: {name: custom}}\n---\n{apiVersion: own.example/v1, kind: Wide, metadata: {name: wide}}\n---\n{apiVersion: far.example/v1, kind: Far, metadata: {name: far}}\n---\n" +
			"{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: wides.own.example}, spec: {group: own.example, scope: Cluster, names: {kind: Wide, plural: wides}, versions: []}}\n",
		"chart/Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n", "chart/templates/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bare}\n",
		"kust/kustomization.yaml": "resources: [a.yaml]\n", "kust/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bare, namespace: mine}\n",
	}
	const crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: fars.far.example}\nspec: {group: far.example, scope: Cluster, names: {kind: Far, plural: fars}, versions: []}\n---\n"
	release := func(spec string) string {
		return "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: app, namespace: apps}\nspec:\n  chart: {spec: {chart: chart, sourceRef: {kind: GitRepository, name: x}}}\n" + spec
	}
	for _, c := range []struct{ name, text, want, line string }{
		{"Argo CD", crd + application("path: plain"), "ClusterRole/role ConfigMap/mine/own ConfigMap/target/bare CustomResourceDefinition/wides.own.example Far/far Unknown/target/custom Wide/wide", "destination:"},
		{"Argo CD without one", strings.Replace(application("path: chart"), "namespace: target, ", "", 1), "ConfigMap/bare", ""},
		{"Argo CD, made", application("path: chart") + "  syncPolicy:\n    syncOptions:\n    - CreateNamespace=true\n    managedNamespaceMetadata:\n      labels:\n        pod-security.kubernetes.io/enforce: restricted\n", "ConfigMap/target/bare Namespace/target", "destination:"},
		{"Argo CD, made elsewhere", "apiVersion: v1\nkind: Namespace\nmetadata: {name: target}\n---\n" + application("path: chart") + "  syncPolicy: {syncOptions: [CreateNamespace=true]}\n", "ConfigMap/target/bare", "destination:"},
		{"Flux, the release's own", release(""), "ConfigMap/apps/bare", "metadata:"},
		{"Flux, targetNamespace", release("  targetNamespace: there\n"), "ConfigMap/there/bare", "targetNamespace:"},
		{"Flux, storageNamespace is not for objects", release("  storageNamespace: there\n"), "ConfigMap/apps/bare", "metadata:"},
		{"Flux, made", release("  targetNamespace: there\n  install: {createNamespace: true}\n"), "ConfigMap/there/bare Namespace/there", "targetNamespace:"},
		{"Flux, Kustomization", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app, namespace: flux-system}\nspec:\n  path: kust\n  sourceRef: {kind: GitRepository, name: x}\n  targetNamespace: there\n", "ConfigMap/there/bare", "targetNamespace:"},
	} {
		objects, failed, _ := renderedOf(t, files, c.text)
		var names []string
		for _, all := range objects {
			for _, o := range all {
				names = append(names, o.String())
				if o.Name == "bare" && c.line != "" {
					checkLine(t, c.name, o, "metadata.namespace", c.text, c.line)
				}
			}
		}
		if got := sortedWords(names); got != c.want || len(failed) > 0 {
			t.Errorf("%s: %s %v, want %s", c.name, got, failed, c.want)
		}
	}
}

// checkLine holds that a field stands on the line of the objects' text that has a word.
func checkLine(t *testing.T, name string, o *manifests.Object, path, text, word string) {
	t.Helper()
	origin, exists := o.OriginAt(path)
	lines := strings.Split(text, "\n")
	if document := strings.Split(text, "\n---\n"); len(document) > 1 { // lines count in a document of its own in these tests
		lines = strings.Split(document[len(document)-1], "\n")
	}
	best := origin.Best()
	if !exists || best == nil || best.Span.Line < 1 || best.Span.Line > len(lines) || !strings.Contains(lines[best.Span.Line-1], word) {
		t.Errorf("%s: %s of %s stands at %+v, want the line of %s", name, path, o, best, word)
	}
}

// TestMadeNamespace holds that the labels of a namespace that Argo CD makes stand where they are written.
func TestMadeNamespace(t *testing.T) {
	t.Parallel()
	text := application("path: base") + "  syncPolicy:\n    syncOptions:\n    - CreateNamespace=true\n    managedNamespaceMetadata:\n      labels:\n        pod-security.kubernetes.io/enforce: privileged\n      annotations: {a: b}\n"
	objects, _, _ := renderedOf(t, based(), text)
	all := objects["clusters#Application/app"]
	i := slices.IndexFunc(all, func(o *manifests.Object) bool { return o.Kind == "Namespace" })
	if i < 0 {
		t.Fatal("no namespace")
	}
	label := manifests.KeyPath("metadata.labels", "pod-security.kubernetes.io/enforce")
	if all[i].Lookup(label).Text() != "privileged" || all[i].Lookup("metadata.annotations.a").Text() != "b" {
		t.Errorf("%s", all[i].Raw)
	}
	checkLine(t, "made", all[i], label, text, "enforce: privileged")
	checkLine(t, "made", all[i], "metadata.name", text, "destination:")
	checkLine(t, "made", all[i], "kind", text, "CreateNamespace=true")
}

// TestMarked holds that common labels and annotations stand where they are written, and say the same in the same order.
func TestMarked(t *testing.T) {
	t.Parallel()
	text := "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: app, namespace: flux-system}\nspec:\n  path: base\n  sourceRef: {kind: GitRepository, name: x}\n  commonMetadata:\n    labels:\n      team: a\n    annotations:\n      owner: b\n"
	raw := ""
	for range 5 {
		objects, failed, _ := renderedOf(t, based(), text)
		all := objects["clusters#Kustomization/app"]
		if len(all) != 1 {
			t.Fatal(failed)
		}
		checkLine(t, "marked", all[0], "metadata.labels.team", text, "team: a")
		checkLine(t, "marked", all[0], "metadata.annotations.owner", text, "owner: b")
		if now := string(all[0].Raw); raw != "" && now != raw {
			t.Errorf("%s\nand\n%s", now, raw)
		} else {
			raw = now
		}
	}
}
