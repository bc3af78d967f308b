package review_test

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// TestUnreadable holds that who makes a manifest unreadable, so that it looks like a template, does not take it out of the
// review: what was rendered is an error where it cannot be any more.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		archive string
		want    bool
	}{
		"made one":         {files("base/a/a.yaml", config("a", "one"), "base/a/b.yaml", config("b", "one"), "a/a.yaml", config("a", "two")+"# {{\nx: [\n"), true},
		"the only file":    {files("base/a/a.yaml", config("a", "one"), "a/a.yaml", config("a", "two")+"# {{\nx: [\n"), true},
		"as it was before": {files("base/a/a.yaml", "apiVersion: v1\nkind: {{ x }}\n", "base/a/b.yaml", config("b", "one"), "a/a.yaml", "apiVersion: v1\nkind: {{ y }}\n"), false},
	} {
		found := false
		for _, f := range lab(t, test.archive, nil, review.Options{}).Findings {
			if f.Rule == review.RuleRenderFailed && f.Location.File == "a/a.yaml" {
				found = true
			}
		}
		if found != test.want {
			t.Errorf("%s: %v", name, found)
		}
	}
}
