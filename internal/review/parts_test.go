package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// TestParts breaks kustomizations that gather others, and wants what they gather to be reviewed.
func TestParts(t *testing.T) {
	t.Parallel()
	good, fine := deployment("web", "web!"), deployment("web", "web")
	list := resources("a.yaml")
	tests := map[string]struct {
		archive string
		want    []string
		parts   string // what the notes say
	}{
		"broken before": {files("base/all/kustomization.yaml", resources("../gone", "../one", "../two"), "base/one/kustomization.yaml", list,
			"base/one/a.yaml", fine, "base/two/kustomization.yaml", list, "base/two/a.yaml", good, "one/a.yaml", good),
			[]string{"existing warning render-failed gone/kustomization.yaml:1", "new error privileged one/a.yaml:11 also=standard,strict"}, "not rendered as a whole: all;"},
		"broken now": {files("base/all/kustomization.yaml", resources("../one"), "base/one/kustomization.yaml", list, "base/one/a.yaml", fine,
			"all/kustomization.yaml", resources("../one", "../gone"), "one/a.yaml", good),
			[]string{"new error render-failed gone/kustomization.yaml:1", "new error privileged one/a.yaml:11 also=standard,strict"}, "not rendered as a whole: all;"},
		"a part that the change leaves alone": {files("base/all/kustomization.yaml", resources("../one"), "base/one/kustomization.yaml", list,
			"base/one/a.yaml", good, "all/kustomization.yaml", resources("../one", "../gone")),
			[]string{"new error render-failed gone/kustomization.yaml:1"}, ""},
		"parts of parts, one of which is broken as well": {files("all/kustomization.yaml", resources("../gone", "../some"),
			"some/kustomization.yaml", resources("../one", "nothing"), "one/kustomization.yaml", list, "one/a.yaml", good),
			[]string{"new error render-failed gone/kustomization.yaml:1", "new error render-failed some/nothing/kustomization.yaml:1",
				"new error privileged one/a.yaml:11 also=standard,strict"}, "not rendered as a whole: all;"},
		"a part that fails for the reason of the whole": {files("all/kustomization.yaml", resources("../some"), "some/kustomization.yaml", resources("nothing")),
			[]string{"new error render-failed some/nothing/kustomization.yaml:1"}, ""},
		"a part that another root renders": {files("all/kustomization.yaml", resources("../gone", "../one"), "other/kustomization.yaml", resources("../one"),
			"one/kustomization.yaml", list, "one/a.yaml", good),
			[]string{"new error render-failed gone/kustomization.yaml:1", "new error privileged one/a.yaml:11 also=standard,strict"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := lab(t, test.archive, nil, review.Options{Only: []string{"privileged", "standard", "strict", review.RuleRenderFailed}})
			wantLines(t, r, test.want...)
			said := slices.ContainsFunc(r.Notes, func(note string) bool { return test.parts != "" && strings.HasPrefix(note, test.parts) })
			if said != (test.parts != "") {
				t.Errorf("notes %q, want one of parts: %q", r.Notes, test.parts)
			}
		})
	}
}

// TestPartsLeft holds that parts beyond the limit are said to be left out.
func TestPartsLeft(t *testing.T) {
	t.Parallel()
	all := []string{"../gone"}
	var parts []string
	for i := range 503 {
		all = append(all, fmt.Sprintf("../p%d", i))
		parts = append(parts, fmt.Sprintf("p%d/kustomization.yaml", i), "resources: []\n")
	}
	parts = append(parts, "all/kustomization.yaml", resources(all...))
	r := lab(t, files(parts...), nil, review.Options{Only: []string{review.RuleRenderFailed}})
	if !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.HasPrefix(note, "not reviewed: 3 more kustomizations there") }) {
		t.Errorf("notes %q", r.Notes)
	}
}
