package review_test

import (
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
	"github.com/landwaiter/landwaiter/internal/source"
)

// TestSafeFixes holds that fixes are handed out but for those that would cause another finding.
func TestSafeFixes(t *testing.T) {
	t.Parallel()
	trap := &review.Rule{ID: "trap", Area: "pod", Level: review.Warning, Kinds: []string{review.Workloads}, Check: func(p *review.Pass) {
		if at := p.Pod.Containers[0].Get("securityContext", "privileged"); p.Object.Name == "trap" && !at.True() {
			p.Report(at, "the trap is no longer privileged")
		}
	}}
	engine := &review.Engine{
		Renderer: reviewtest.Direct{manifests.Plain: manifests.PlainRenderer{}, manifests.Kustomize: overlays{}},
		Rules:    append(testRules(), trap),
		Now:      time.Now,
	}
	for name, c := range map[string]struct {
		archive string
		fixed   []string
	}{
		"all":  {files("a.yaml", deployment("web", "web!"), "b.yaml", deployment("api", "api!")), []string{"a.yaml", "b.yaml"}},
		"some": {files("a.yaml", deployment("web", "web!"), "b.yaml", deployment("trap", "web!")), []string{"a.yaml"}},
		"none": {files("a.yaml", deployment("web", "web")), nil},
	} {
		f, err := reviewtest.ParseFixture([]byte(c.archive))
		if err != nil {
			t.Fatal(err)
		}
		change, err := f.Change()
		if err != nil {
			t.Fatal(err)
		}
		opts := review.Options{Only: []string{"privileged", "trap"}}
		result, err := engine.Review(t.Context(), &source.Change{Head: change.Head}, review.DefaultPolicy(), opts)
		if err != nil {
			t.Fatal(err)
		}
		texts, n, err := engine.SafeFixes(t.Context(), change.Head, review.DefaultPolicy(), opts, result.Findings)
		if err != nil || n != len(c.fixed) || len(texts) != len(c.fixed) {
			t.Errorf("%s: %d fixes in %d files, %v", name, n, len(texts), err)
		}
		for _, file := range c.fixed {
			if text := string(texts[file]); !strings.Contains(text, "privileged: false") {
				t.Errorf("%s: %s became %q", name, file, text)
			}
		}
	}
}
