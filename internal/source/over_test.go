package source

import (
	"strings"
	"testing"
)

// TestOn holds that files which were laid over a tree leave no trace in what was read.
func TestOn(t *testing.T) {
	t.Parallel()
	base := build(t, map[string]string{"a/k.yaml": "k", "a/x.yaml": "x", "b/y.yaml": "y"}, Limits{})
	over, err := Edit(base, map[string][]byte{"a/k.yaml": []byte("K"), "laid/v.yaml": []byte("v")})
	if err != nil {
		t.Fatal(err)
	}
	r := Record(over)
	for _, name := range []string{"a/k.yaml", "a/x.yaml", "laid/v.yaml", "b/y.yaml"} {
		if _, err := r.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{".", "a", "laid"} {
		if _, err := r.ReadDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	reads := r.Reads()
	if got := reads.Changed(base); len(got) != 4 { // both files, and the directories that have more in them
		t.Errorf("unlike the tree: %v", got)
	}
	own := reads.On(base, []string{"a/k.yaml", "laid/v.yaml"})
	if got := own.Changed(base); len(got) != 0 {
		t.Errorf("still unlike the tree: %v", got)
	}
	edited, err := Edit(base, map[string][]byte{"a/k.yaml": []byte("other"), "b/y.yaml": []byte("other")})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(own.Changed(edited), " "); got != "a/k.yaml b/y.yaml" {
		t.Errorf("changed %q", got)
	}
	if same := reads.On(base, nil); same.Key() != reads.Key() {
		t.Error("nothing was laid, and the reads differ")
	}
}
