package review

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// TestManyEntries holds that which of a kustomization's entries lost a line is found in time that does not multiply with their
// number, and which of them a line belongs to.
func TestManyEntries(t *testing.T) {
	t.Parallel()
	const n = 10_000
	var base, head strings.Builder
	var hunks []source.Hunk
	base.WriteString("patches:\n")
	head.WriteString("patches:\n")
	for i := range n {
		fmt.Fprintf(&base, "- path: p%d.yaml\n  options: {}\n  target:\n    name: a\n    kind: B\n", i)
		fmt.Fprintf(&head, "- path: p%d.yaml\n  options: {}\n  target:\n    kind: B\n", i)
		hunks = append(hunks, source.Hunk{OldStart: 5*i + 5, OldLines: 1, NewStart: 4*i + 4})
	}
	change := &source.Change{Base: memory(t, map[string]string{"kustomization.yaml": base.String()}), Head: memory(t, map[string]string{"kustomization.yaml": head.String()}),
		Files: []source.FileChange{{Old: "kustomization.yaml", New: "kustomization.yaml", Hunks: hunks}}}
	start := time.Now()
	all := touchedEntries(change)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
	for _, c := range []struct {
		at   source.Span
		want int
	}{
		{source.Span{File: "kustomization.yaml", Line: 1}, 0},
		{source.Span{File: "kustomization.yaml", Line: 2}, 4},
		{source.Span{File: "kustomization.yaml", Line: 4*n + 1}, 4 * n},
		{source.Span{File: "kustomization.yaml", Line: 4*n + 2}, 0},
		{source.Span{File: "p7.yaml", Line: 3}, 32},
		{source.Span{File: "q.yaml", Line: 3}, 0},
	} {
		got := 0
		if e := all.of(c.at); e != nil {
			got = e.touched
		}
		if got != c.want {
			t.Errorf("%v: %d, want %d", c.at, got, c.want)
		}
	}
	o, err := manifests.NewObject([]byte("kind: B\napiVersion: x/v1\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := manifests.Origin{{Span: source.Span{File: "p7.yaml", Line: 3}}}
	o.Origins = []manifests.Origin{at, at, at}
	if at, ok := (&candidate{Draft: &Draft{object: o, path: "kind"}}).widened(change); !ok || at.Line != 32 {
		t.Errorf("%+v %v", at, ok)
	}
}
