package trace

import (
	"reflect"
	"strings"
	"testing"
)

// TestFileLinesAreBounded reads more lines than are told apart: the rest is known to be of its file.
func TestFileLinesAreBounded(t *testing.T) {
	t.Parallel()
	set := &fileSet{run: &run{}, dir: "web", nodes: map[string]*node{}, known: map[string]*prov{}}
	half := []byte(strings.Repeat("\n", maxFileLines/2))
	for range 2 { // asked for again, it is not counted again
		if p := set.child(key{name: "a"}, reflect.ValueOf(half)); p.text.count() != maxFileLines/2 {
			t.Errorf("%d lines told apart", p.text.count())
		}
	}
	if set.fileLines != maxFileLines/2+1 {
		t.Errorf("counted %d lines", set.fileLines)
	}
	p := set.child(key{name: "b"}, reflect.ValueOf(half))
	if p.text != nil || len(p.leaves) != 1 || p.leaves[0].home.in != "web/b" || p.leaves[0].home.line != 0 {
		t.Errorf("the file beyond the limit has %+v", p)
	}
}
