package rules_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// corpus returns a repository of the corpus of public repositories, and skips the test where there is none.
func corpus(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("LANDWAITER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "corpus")
	}
	dir = filepath.Join(dir, name)
	if _, err := os.Stat(dir); err != nil {
		tb.Skipf("the corpus has no %s: set LANDWAITER_CORPUS to where it lies", name)
	}
	return dir
}

// BenchmarkReviewAll reviews everything in repositories of the corpus, in one process.
func BenchmarkReviewAll(b *testing.B) {
	lab := newLab()
	for _, name := range []string{"flux-example", "msdemo", "argo-cd"} {
		b.Run(name, func(b *testing.B) {
			tree, err := source.OpenDir(corpus(b, name), source.Limits{})
			if err != nil {
				b.Fatal(err)
			}
			defer tree.Close()
			engine := &review.Engine{Renderer: lab.Renderer, Rules: lab.Rules, Now: time.Now}
			for b.Loop() {
				result, err := engine.Review(b.Context(), &source.Change{Head: tree}, review.DefaultPolicy(), review.Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(result.Timings.Review, "review-s/op")
				b.ReportMetric(float64(len(result.Findings)), "findings")
			}
		})
	}
}
