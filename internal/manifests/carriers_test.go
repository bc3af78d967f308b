package manifests

import (
	"context"
	"slices"
	"testing"

	"github.com/landwaiter/landwaiter/internal/source"
)

// TestNamingKept: what a kept discovery knows, and what one that follows another looks at, is what a new one would find.
func TestNamingKept(t *testing.T) {
	t.Parallel()
	const app, other = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n", "apiVersion: v1\nkind: ConfigMap\n"
	before := "\n-- a/app.yaml --\n" + app + "-- a/b/plain.yaml --\n" + other + "-- c/templates/app.tpl --\n" + app +
		"-- skip/app.yaml --\n" + app + "-- a/note.txt --\n" + app + "-- z/gone.yaml --\n" + app
	after := "\n-- a/app.yaml --\n" + app + "spec: {}\n-- a/b/plain.yaml --\n" + app + "-- c/templates/app.tpl --\n" + app +
		"-- skip/app.yaml --\n" + app + "spec: {}\n-- a/note.txt --\n" + app + "spec: {}\n-- z/gone.yaml --\n" + other
	base, head := treeOf(t, before), treeOf(t, after)
	options := DiscoverOptions{Ignore: []string{"skip"}}
	change := &source.Change{Base: base, Head: head}
	for _, name := range []string{"a/app.yaml", "a/b/plain.yaml", "skip/app.yaml", "a/note.txt", "z/gone.yaml"} {
		change.Files = append(change.Files, source.FileChange{Old: name, New: name})
	}
	d, err := Discover(t.Context(), base, options)
	if err != nil {
		t.Fatal(err)
	}
	wantNaming(t, d, base, "a/app.yaml", "c/templates/app.tpl", "z/gone.yaml")
	kept, err := decodeDiscovery(encodeDiscovery(d))
	if err != nil {
		t.Fatal(err)
	}
	kept.options = options
	for _, d := range []*Discovery{d, kept} {
		wantNaming(t, d, nil, "a/app.yaml", "c/templates/app.tpl", "z/gone.yaml")
		now, err := DiscoverHead(t.Context(), change, d)
		if err != nil {
			t.Fatal(err)
		}
		wantNaming(t, now, head, "a/app.yaml", "a/b/plain.yaml", "c/templates/app.tpl")
	}
}

// wantNaming asks which files may hold applications. A nil tree must not be needed.
func wantNaming(t *testing.T, d *Discovery, tree source.Tree, want ...string) {
	t.Helper()
	got, err := d.Naming(context.Background(), tree, []string{"Application"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
