package review

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/source"
)

// TestTooManyViolations proves that a review stops at its cap, and says of the root that it did.
func TestTooManyViolations(t *testing.T) {
	t.Parallel()
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"))
	if err != nil {
		t.Fatal(err)
	}
	rule := &Rule{ID: "noisy", Kinds: []string{"Pod"}, Check: func(p *Pass) {
		for range 3 {
			p.Report(p.Object.Field(), "%s", strings.Repeat("é", maxText)).Detail("%s", strings.Repeat("é", maxText))
		}
	}}
	view := NewRootView(manifests.Root{Path: "x"}, []*manifests.Object{o, o, o})
	for most, want := range map[int]struct {
		drafts  int
		stopped bool
	}{2: {2, true}, 3: {3, true}, 9: {9, false}, 0: {9, false}} {
		drafts, _, stopped := evaluate([]activeRule{{Rule: rule}}, scene{view: view, policy: DefaultPolicy(), most: most})
		if len(drafts) != want.drafts || stopped != want.stopped {
			t.Errorf("at most %d: got %d, %v", most, len(drafts), stopped)
		}
		if d := drafts[0]; len(d.message) > maxText+len("…") || len(d.detail) > maxText+len("…") || strings.ContainsRune(d.message, '\ufffd') {
			t.Errorf("texts of %d and %d bytes", len(d.message), len(d.detail))
		}
	}
}

// TestFixesAreBounded proves that fixes of one review do not parse without end, and keep no text alive.
func TestFixesAreBounded(t *testing.T) {
	t.Parallel()
	text := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n" + strings.Repeat("# x\n", 1000) + "a: 1\n"
	tree, err := source.Memory(map[string][]byte{"a.yaml": []byte(text)}, source.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixer(&source.Change{Head: tree})
	f.pay("a.yaml", 2)
	if first := maxFixed - f.left; first < 40 || first > 200 {
		t.Errorf("the small document cost %d", first)
	}
	before := f.left
	f.pay("a.yaml", 900)
	if second := before - f.left; second < 4000 {
		t.Errorf("the large document cost %d", second)
	}
	f.left = 0
	if c := (&candidate{Draft: &Draft{fix: &SymbolicFix{}}}); c.concrete(f) != nil {
		t.Error("a fix without anything left")
	}
}

// TestLongNames proves that the names of items cannot blow up what violations are known by.
func TestLongNames(t *testing.T) {
	t.Parallel()
	var containers strings.Builder
	for i := range 3 {
		fmt.Fprintf(&containers, "- name: %s%d\n", strings.Repeat("x", 100_000), i)
	}
	o, err := manifests.NewObject([]byte("apiVersion: v1\nkind: Pod\nspec:\n" + containers.String()))
	if err != nil {
		t.Fatal(err)
	}
	one, two := stablePath(o, "spec[0].image"), stablePath(o, "spec[1].image")
	if len(one) > 100 || one == two {
		t.Errorf("got %.200q and %.200q", one, two)
	}
}

// TestMadeTooOften holds that what many objects make is looked at so often and no more, and that it is said; and that nothing
// is when nobody waits for it.
func TestMadeTooOften(t *testing.T) {
	t.Parallel()
	tree := memory(t, map[string]string{"apps/a.yaml": "kind: X\n"})
	var wave []manifests.Root
	found := &deployed{known: map[string]rendered{}, parents: map[string]manifests.Root{}, makers: map[string][]string{}, taken: map[string]bool{}, made: maxMade - 5}
	for i := range 4 {
		var objects []*manifests.Object
		for j := range 3 {
			o, err := manifests.NewObject(fmt.Appendf(nil, "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a%d}\nspec: {source: {repoURL: x, path: apps}}\n", j))
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, o)
		}
		root := manifests.Root{Path: fmt.Sprint("d", i), Dir: "apps"}
		wave = append(wave, root)
		found.known[rootKey(root)] = rendered{rendering: &manifests.Rendering{Objects: objects}}
	}
	next := found.next(t.Context(), gitops.NewWorld(gitops.Repository{Tree: tree}, nil), wave, map[string]string{})
	if len(next) != 4 || !strings.Contains(next[3].Deployment.Skip, "make the same more than 20000 times") {
		t.Errorf("%+v", next)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if next := found.next(ended, gitops.NewWorld(gitops.Repository{Tree: tree}, nil), wave, map[string]string{}); next != nil || found.made != maxMade+1 {
		t.Errorf("%d after the end, %+v", found.made, next)
	}
}

// TestManyLines holds that thousands of drafts on thousands of lines of one text are placed without splitting it for each.
func TestManyLines(t *testing.T) {
	t.Parallel()
	const n = 20_000
	var text strings.Builder
	text.WriteString("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  script: |\n")
	for i := range n {
		fmt.Fprintf(&text, "    run x%d\n", i)
	}
	file := text.String()
	change := &source.Change{Head: memory(t, map[string]string{"a.yaml": file})}
	o, err := manifests.NewObject([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	o.Walk(func(f manifests.Field) {
		o.Origins = append(o.Origins, manifests.Origin{{Span: source.Span{File: "a.yaml", Line: f.Node().Line}, Precision: manifests.Exact}})
	})
	var drafts []*Draft
	for i := range n {
		drafts = append(drafts, (&Draft{rule: &Rule{ID: "x"}, root: NewRootView(manifests.Root{}, nil), object: o, path: "data.script"}).Line(i+1))
	}
	start := time.Now()
	for i, c := range place(change, drafts) {
		if c.location.Line != 6+i {
			t.Fatalf("draft %d is on line %d", i, c.location.Line)
		}
	}
	if took := time.Since(start); took > time.Minute {
		t.Errorf("took %v", took)
	}
}
