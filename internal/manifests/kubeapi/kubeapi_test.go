package kubeapi_test

import (
	"compress/gzip"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// TestData holds that the generated files are whole: every kind of every version has a schema made of definitions that
// are there, and they stay small.
func TestData(t *testing.T) {
	t.Parallel()
	info, err := os.Stat("schemas.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 150_000 {
		t.Errorf("schemas.txt.gz has %d bytes: it is part of every binary", info.Size())
	}
	minors := kubeapi.Minors()
	if len(minors) < 7 || !slices.IsSorted(minors) {
		t.Fatalf("versions %v", minors)
	}
	text := unzip(t)
	for line := range strings.Lines(text) {
		parts := strings.Split(strings.TrimSpace(line), "\t")
		if !strings.HasPrefix(line, "K") {
			continue
		}
		for _, minor := range minors {
			set := kubeapi.For(minor)
			if k, ok := set.Kind(parts[1], parts[2]); ok {
				checkWhole(t, set.Schema(k.APIVersion, k.Name), k.APIVersion+" "+k.Name, map[*kubeapi.Schema]bool{})
			}
		}
	}
}

func unzip(t *testing.T) string {
	t.Helper()
	file, err := os.Open("schemas.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	zip, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// checkWhole finds definitions that could not be read: they are open although they have neither fields nor a type.
func checkWhole(t *testing.T, s *kubeapi.Schema, at string, seen map[*kubeapi.Schema]bool) {
	if s == nil || seen[s] {
		return
	}
	seen[s] = true
	if s.Preserve && s.Type == "" {
		t.Errorf("%s could not be read", at)
	}
	for name, property := range s.Properties {
		checkWhole(t, property, at+"."+name, seen)
	}
	checkWhole(t, s.Items, at+"[]", seen)
}

// TestKinds holds what is known of kinds to be what Kubernetes serves.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor            int
		apiVersion, kind string
		served, inside   bool
	}{
		{30, "apps/v1", "Deployment", true, true},
		{36, "v1", "Namespace", true, false},
		{36, "v1", "Pod", true, true},
		{36, "rbac.authorization.k8s.io/v1", "ClusterRole", true, false},
		{36, "apiextensions.k8s.io/v1", "CustomResourceDefinition", true, false},
		{31, "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", true, false},
		{32, "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", false, false},
		{33, "resource.k8s.io/v1", "ResourceClaim", false, false},
		{34, "resource.k8s.io/v1", "ResourceClaim", true, true},
		{36, "extensions/v1beta1", "Ingress", false, false},
		{36, "v1", "PodList", false, false},
		{36, "meta/v1", "DeleteOptions", false, false},
	} {
		k, served := kubeapi.For(c.minor).Kind(c.apiVersion, c.kind)
		if served != c.served || served && k.Namespaced != c.inside {
			t.Errorf("1.%d %s %s: served %v, namespaced %v", c.minor, c.apiVersion, c.kind, served, k.Namespaced)
		}
	}
	if kubeapi.For(12).Minor != 30 || kubeapi.For(99).Minor != kubeapi.Minors()[len(kubeapi.Minors())-1] {
		t.Error("a version that is not built in is not judged by the nearest one")
	}
	if named := kubeapi.For(36).Named("Event"); len(named) != 2 || named[0].APIVersion == "" {
		t.Errorf("Event: %v", named)
	}
	if named := kubeapi.For(33).Named("ResourceClaim"); len(named) == 0 || named[0].APIVersion != "resource.k8s.io/v1beta2" {
		t.Errorf("the newest beta comes first, not %v", named)
	}
}

func TestLifecycles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		apiVersion, kind    string
		deprecated, removed int
		replacement         kubeapi.Kind
	}{
		{"policy/v1beta1", "PodDisruptionBudget", 21, 25, kubeapi.Kind{APIVersion: "policy/v1", Name: "PodDisruptionBudget"}},
		{"extensions/v1beta1", "Ingress", 14, 22, kubeapi.Kind{APIVersion: "networking.k8s.io/v1", Name: "Ingress"}},
		{"networking.k8s.io/v1beta1", "IngressClass", 19, 22, kubeapi.Kind{APIVersion: "networking.k8s.io/v1", Name: "IngressClass"}},
		{"autoscaling/v2beta2", "HorizontalPodAutoscaler", 23, 26, kubeapi.Kind{APIVersion: "autoscaling/v2", Name: "HorizontalPodAutoscaler"}},
		{"apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", 16, 22, kubeapi.Kind{APIVersion: "apiextensions.k8s.io/v1", Name: "CustomResourceDefinition"}},
		{"settings.k8s.io/v1alpha1", "PodPreset", 19, 20, kubeapi.Kind{}},
		{"v1", "Endpoints", 33, 0, kubeapi.Kind{APIVersion: "discovery.k8s.io/v1", Name: "EndpointSlice"}},
	} {
		l, ok := kubeapi.LifecycleOf(c.apiVersion, c.kind)
		if !ok || l.Deprecated != c.deprecated || l.Removed != c.removed || l.Replacement != c.replacement {
			t.Errorf("%s %s: %+v", c.apiVersion, c.kind, l)
		}
	}
	if _, ok := kubeapi.LifecycleOf("apps/v1", "Deployment"); ok {
		t.Error("apps/v1 Deployment is to end")
	}
	if !kubeapi.Retired("extensions") || kubeapi.Retired("acme.com") {
		t.Error("groups that are gone are not told from others")
	}
}

// TestRight holds that manifests which an API server takes are right by every version that has their kind.
func TestRight(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/right.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range kubeapi.Minors() {
		set, checked := kubeapi.For(minor), 0
		for _, doc := range manifests.SplitDocuments(text) {
			o, err := manifests.NewObject(doc.Data)
			if err != nil {
				t.Fatal(err)
			}
			s := set.Schema(o.APIVersion, o.Kind)
			if s == nil {
				t.Errorf("1.%d does not know %s", minor, o)
				continue
			}
			checked++
			found, complete := s.Check(o.Field())
			for _, v := range found {
				if since := newFields[v.At.Path()]; since <= minor {
					t.Errorf("1.%d: %s: %s %s", minor, o, v.At.Path(), v.Text)
				}
			}
			if !complete {
				t.Errorf("%s is not checked to the end", o)
			}
		}
		if checked < 40 {
			t.Errorf("1.%d: only %d objects were checked", minor, checked)
		}
	}
}

// newFields are fields in right.yaml that only newer versions have.
var newFields = map[string]int{
	"spec.containers[0].resources.claims[0].request":   31,
	"spec.resourceClaims[0].resourceClaimTemplateName": 31,
	"spec.securityContext.supplementalGroupsPolicy":    31,
	"spec.volumes[21].image":                           31,
}
