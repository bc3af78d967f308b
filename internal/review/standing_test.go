package review

import (
	"slices"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// sourced makes an account that stands in a file.
func sourced(t *testing.T, name, file string) *manifests.Object {
	t.Helper()
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + name + "}\n"))
	if err != nil {
		t.Fatal(err)
	}
	o.Walk(func(manifests.Field) {
		o.Origins = append(o.Origins, manifests.Origin{{Span: source.Span{File: file, Line: 1}, Precision: manifests.Exact}})
	})
	return o
}

// TestStanding holds that plain source does not count beside what a root made of it, and lands where its root says.
func TestStanding(t *testing.T) {
	t.Parallel()
	raw, other, made := sourced(t, "web", "base/a.yaml"), sourced(t, "api", "other/a.yaml"), sourced(t, "prod-web", "base/a.yaml")
	view := NewRootView(manifests.Root{Kind: manifests.Helm, Namespace: "shop"}, []*manifests.Object{made})
	x := indexOf([]*RootView{view}, []*manifests.Object{raw, other}, map[string]bool{"base/a.yaml": true})
	if got := x.Standing("ServiceAccount"); !slices.Equal(got, []*manifests.Object{other, made}) {
		t.Errorf("standing are %v", got)
	}
	if got := x.OfKind("ServiceAccount"); len(got) != 3 {
		t.Errorf("known are %v", got)
	}
	if x.View(made) != view || x.View(other) != nil {
		t.Errorf("the views are %v and %v", x.View(made), x.View(other))
	}
	if x.Namespace(made) != "shop" || x.Namespace(other) != "" {
		t.Errorf("they land in %q and %q", x.Namespace(made), x.Namespace(other))
	}
}

// TestOnce holds that rules share what they make, each package its own.
func TestOnce(t *testing.T) {
	t.Parallel()
	x := NewIndex(nil)
	var made int
	count := func(*Index) *int { made++; return &made }
	if first := OnceOf(x, "a", count); first != OnceOf(x, "a", count) || made != 1 {
		t.Errorf("made %d times", made)
	}
	if OnceOf(x, "b", func(*Index) string { return "b" }); made != 1 || OnceOf(x, "b", func(*Index) string { return "" }) != "b" {
		t.Error("another package's does not stay beside it")
	}
}
