package source

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestReadSet(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"k.yaml": "k", "dir/a": "1", "dir/b": "2", "real/x": "x", "real2/x": "x", "link@": "real", "other": "o", "chain@": "dir/a", "mod!": "1",
	}
	read := func(tree Tree) ReadSet {
		r := Record(tree)
		for _, name := range []string{"k.yaml", "missing.yaml", "link/x", "chain", "loop", "mod/x"} {
			_, _ = r.ReadFile(name) // errors are answers too
		}
		_, _ = r.Stat("maybe")
		_, _ = r.ReadDir("dir")
		_, _ = r.ReadDir("none")
		return r.Reads()
	}
	set := read(build(t, files, Limits{}))
	if got := set.Changed(build(t, files, Limits{})); len(got) != 0 {
		t.Errorf("the same tree: %v", got)
	}
	for _, test := range []struct {
		name   string
		change map[string]string // "-" removes
		want   string
	}{
		{"what was not read", map[string]string{"other": "O", "dir2/x": "x"}, ""},
		{"a content", map[string]string{"k.yaml": "K"}, "k.yaml"},
		{"gone", map[string]string{"k.yaml": "-"}, "k.yaml"},
		{"appeared", map[string]string{"missing.yaml": "x"}, "missing.yaml"},
		{"appeared as a directory", map[string]string{"maybe/x": "x"}, "maybe"},
		{"listing grew", map[string]string{"dir/c": "x"}, "dir"},
		{"listing shrank", map[string]string{"dir/b": "-"}, "dir"},
		{"only a content in a listing", map[string]string{"dir/b": "B"}, ""},
		{"kind in a listing", map[string]string{"dir/b": "-", "dir/b/c": "x"}, "dir"},
		{"file became a link in a listing", map[string]string{"dir/b": "-", "dir/b@": "../other"}, "dir"},
		{"content through a link", map[string]string{"dir/a": "A"}, "chain"},
		{"a link to equal content elsewhere", map[string]string{"link@": "real2"}, "link/x"},
		{"a link to nothing", map[string]string{"link@": "nothing"}, "link/x"},
		{"a link in place of nothing", map[string]string{"missing.yaml@": "other"}, "missing.yaml"},
		{"directory that was not there", map[string]string{"none/x": "x"}, "none"},
		{"a submodule became a directory", map[string]string{"mod!": "-", "mod/x": "x"}, "mod/x"},
		{"a loop", map[string]string{"loop@": "loop"}, "loop"},
	} {
		changed := map[string]string{}
		for name, text := range files {
			changed[name] = text
		}
		for name, text := range test.change {
			changed[name] = text
			if text == "-" {
				delete(changed, name)
			}
		}
		tree := build(t, changed, Limits{})
		if got := strings.Join(set.Changed(tree), " "); got != test.want {
			t.Errorf("%s: changed %q, want %q", test.name, got, test.want)
		}
		if same := read(tree).Key() == set.Key(); same != (test.want == "") {
			t.Errorf("%s: keys equal %v", test.name, same)
		}
	}
}

func TestReadSetStored(t *testing.T) {
	t.Parallel()
	r := Record(build(t, map[string]string{"a": "1", "b/c": "2"}, Limits{}))
	_, _ = r.ReadFile("a")
	_, _ = r.ReadDir("b")
	set := r.Reads()
	var fromJSON, fromGob ReadSet
	data, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	err = errors.Join(json.Unmarshal(data, &fromJSON), gob.NewEncoder(&buf).Encode(set), gob.NewDecoder(&buf).Decode(&fromGob))
	if err != nil || !slices.Equal(fromJSON, set) || !slices.Equal(fromGob, set) || fromJSON.Key() != set.Key() {
		t.Errorf("%v, %s, %v", err, data, fromGob)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	one, two := build(t, map[string]string{"a": "1", "b": "1"}, Limits{}), build(t, map[string]string{"a": "1", "b": "2"}, Limits{})
	first, second := Record(one), Record(two)
	for _, r := range []*Recorder{first, second} {
		_, _ = r.ReadFile("a")
		_, _ = r.ReadFile("b")
	}
	_, _ = second.ReadDir(".")
	_, _ = second.Stat("c")
	merged := first.Reads().Merge(second.Reads())
	if got := strings.Join(merged.Paths(), " "); got != ". a b c" {
		t.Error(got)
	}
	for _, tree := range []Tree{one, two} {
		if got := merged.Changed(tree); !slices.Equal(got, []string{"b"}) {
			t.Errorf("what two sets disagree about must count as changed: %v", got)
		}
	}
	if again := merged.Merge(merged); again.Key() != merged.Key() {
		t.Error("merging with itself changed it")
	}
}

type broken struct{ Tree }

func (broken) Stat(string) (Info, error) { return Info{}, errors.New("disk on fire") }

// An error that is no property of the tree must not be remembered as an answer.
func TestFailureIsNoAnswer(t *testing.T) {
	t.Parallel()
	tree := build(t, map[string]string{"a": "1"}, Limits{})
	r := Record(broken{tree})
	_, _ = r.Stat("a")
	for _, later := range []Tree{tree, broken{tree}} {
		if got := r.Reads().Changed(later); len(got) != 1 {
			t.Errorf("changed: %v", got)
		}
	}
}

// A listing shows no IDs through a recorder: they would be used without being recorded.
func TestRecorderListing(t *testing.T) {
	t.Parallel()
	list, err := Record(build(t, map[string]string{"a": "1"}, Limits{})).ReadDir(".")
	if err != nil || len(list) != 1 || list[0].ID != "" {
		t.Errorf("%+v, %v", list, err)
	}
}

func BenchmarkChanged(b *testing.B) {
	entries := manyEntries()
	tree, err := New(slices.Clone(entries), memory{}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	r := Record(tree)
	for i := range 20 {
		_, _ = r.Stat(entries[i*900].Path)
		_, _ = r.Stat(entries[i*900].Path + ".missing")
	}
	set := r.Reads()
	for b.Loop() {
		if len(set.Changed(tree)) != 0 {
			b.Fatal("changed")
		}
	}
}
