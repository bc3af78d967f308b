package gitops

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

func TestEffect(t *testing.T) {
	t.Parallel()
	flux := "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: "
	helm := "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a}\nspec: "
	app := "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a"
	for _, c := range []struct {
		text string
		want manifests.Effect
	}{
		{flux + "{prune: true}", manifests.Effect{Automated: true, Prune: true, Applied: "is applied by itself, what is gone is deleted", Gone: "its objects are deleted"}},
		{flux + "{prune: true, deletionPolicy: Orphan}", manifests.Effect{Automated: true, Prune: true, Applied: "is applied by itself, what is gone is deleted", Gone: staying, Stays: true}},
		{flux + "{suspend: true, dependsOn: [{name: x}, {name: y}], kubeConfig: {secretRef: {name: far}}}", manifests.Effect{Automated: true, Suspended: true, Cluster: "that of Secret far", Applied: "suspended: is applied when it is resumed after x, y, what is gone stays (no prune)", Gone: staying, Stays: true}},
		{helm + "{dependsOn: [{name: x}]}", manifests.Effect{Automated: true, Prune: true, Applied: "is upgraded by itself after x", Gone: "its release is uninstalled"}},
		{helm + "[1, {a: b}]", manifests.Effect{Automated: true, Prune: true, Applied: "is upgraded by itself", Gone: "its release is uninstalled"}},
		{app + "}\nspec: {destination: {server: https://kubernetes.default.svc}}", manifests.Effect{Applied: "waits for a sync by hand", Gone: staying, Stays: true}},
		{app + ", finalizers: [resources-finalizer.argocd.argoproj.io/background], annotations: {argocd.argoproj.io/sync-wave: '-1'}}\nspec: {destination: {name: prod}, syncPolicy: {automated: {prune: true, selfHeal: true}, syncOptions: [Replace=true]}}",
			manifests.Effect{Automated: true, Prune: true, SelfHeal: true, Cluster: "prod", Applied: "is synced by itself, what is gone is deleted, changes in the cluster are undone, in wave -1, with Replace=true", Gone: "its objects are deleted"}},
		{app + "}\nspec: {syncPolicy: {automated: {enabled: false, prune: true}}}", manifests.Effect{Applied: "waits for a sync by hand", Gone: staying, Stays: true}},
		{app + "}\nspec: {syncPolicy: {automated: {}}}", manifests.Effect{Automated: true, Applied: "is synced by itself, what is gone stays (no prune)", Gone: staying, Stays: true}},
	} {
		o, err := manifests.NewObject([]byte(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := effectOf(o, ""); got != c.want {
			t.Errorf("%s:\n%+v\nwant\n%+v", c.text, got, c.want)
		}
	}
}
