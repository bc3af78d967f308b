package review_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// TestBlastRadius counts what changes reach, and holds that one as long as what it does is passed over.
func TestBlastRadius(t *testing.T) {
	t.Parallel()
	many := func(mode string) string {
		var b strings.Builder
		for i := range 60 {
			fmt.Fprintf(&b, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a%d, namespace: n%d}\ndata: {mode: %s}\n---\n", i, i%3, mode)
		}
		return b.String()
	}
	overlays := func(mode string) string {
		all := files("base/common/kustomization.yaml", resources("a.yaml"), "base/common/a.yaml", config("a", "one"), "common/a.yaml", config("a", mode))
		for i := range 6 {
			all += files(fmt.Sprintf("base/stage%d/kustomization.yaml", i), resources("../common"))
		}
		return all
	}
	tests := map[string]struct{ archive, want string }{
		"one line of a base": {overlays("two"), "1 line changed: 6 objects in 6 roots and 0 namespaces at common/a.yaml:6"},
		"nothing":            {overlays("one"), ""},
		"a line for each":    {files("base/a.yaml", many("one"), "a.yaml", many("two")), ""},
		"without a base":     {files("a.yaml", many("one")), ""},
		"many by one name": {files("base/a/a.yaml", many("one"), "base/a/kustomization.yaml", resources("a.yaml"), "a/kustomization.yaml", resources()),
			"1 line changed: 60 objects in 1 root and 3 namespaces at a/kustomization.yaml:1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, f := range lab(t, test.archive, nil, review.Options{Only: []string{review.RuleBlastRadius}}).Findings {
				got += fmt.Sprintf("%s at %s:%d", f.Message, f.Location.File, f.Location.Line)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
