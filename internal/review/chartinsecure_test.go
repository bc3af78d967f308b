package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/reviewtest"
)

// TestInsecureCharts holds what is said of charts that files of the source name, on the line that is wrong.
func TestInsecureCharts(t *testing.T) {
	t.Parallel()
	const chart, plain = "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n", "- name: redis\n  version: 19.0.2\n  repository: http://charts.example.com\n"
	for what, c := range map[string]struct {
		base, head map[string]string
		want       []string
	}{
		"in the clear":         {nil, map[string]string{"app/Chart.yaml": chart + plain}, []string{"app/Chart.yaml:7 new chart redis is fetched without encryption"}},
		"as it was":            {map[string]string{"app/Chart.yaml": chart + plain}, map[string]string{"app/Chart.yaml": chart + plain + "# edited\n"}, []string{"app/Chart.yaml:7 existing chart redis is fetched without encryption"}},
		"sound":                {nil, map[string]string{"app/Chart.yaml": chart + "- {name: redis, version: ~19.0.2, repository: 'https://charts.example.com'}\n- {name: own, version: '*', repository: 'file://../own'}\n"}, nil},
		"inside":               {nil, map[string]string{"app/Chart.yaml": chart + "- {name: redis, version: 19.0.2, repository: 'http://museum.tools.svc:8080'}\n"}, nil},
		"any version":          {nil, map[string]string{"app/Chart.yaml": chart + "- name: redis\n  version: '*'\n  repository: https://charts.example.com\n"}, []string{"app/Chart.yaml:6 new chart redis has no version: the newest is taken"}},
		"any version, locked":  {nil, map[string]string{"app/Chart.yaml": chart + "- {name: redis, version: '*', repository: 'https://charts.example.com'}\n", "app/Chart.lock": "dependencies:\n- {name: redis, version: 19.0.2}\n"}, nil},
		"any version, at hand": {nil, map[string]string{"app/Chart.yaml": chart + "- {name: redis, version: '*', repository: 'https://charts.example.com'}\n", "app/charts/redis/values.yaml": "a: b\n"}, nil},
		"of a kustomization": {nil, map[string]string{"k/kustomization.yaml": "helmCharts:\n- name: redis\n  repo: http://charts.example.com\n"},
			[]string{"k/kustomization.yaml:2 new chart redis has no version: the newest is taken", "k/kustomization.yaml:3 new chart redis is fetched without encryption"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if got := insecureCharts(t, c.base, c.head); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func insecureCharts(t *testing.T, base, head map[string]string) (found []string) {
	t.Helper()
	all := []*review.Rule{{ID: review.RuleHelmSource, Area: "gitops", Level: review.Error}}
	bytes := func(files map[string]string) map[string][]byte {
		out := make(map[string][]byte)
		for name, text := range files {
			out[name] = []byte(text)
		}
		return out
	}
	change, err := (&reviewtest.Fixture{Head: bytes(head), Base: bytes(base)}).Change()
	if err != nil {
		t.Fatal(err)
	}
	p, err := policy.Load(all)
	if err != nil {
		t.Fatal(err)
	}
	engine := &review.Engine{Rules: all, Now: time.Now, Renderer: reviewtest.Direct{manifests.Helm: readingOnly{"Chart.yaml"}, manifests.Kustomize: readingOnly{"kustomization.yaml"}}}
	result, err := engine.Review(t.Context(), change, p, review.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		found = append(found, strings.TrimSpace(fmt.Sprintf("%s:%d %s %s", f.Location.File, f.Location.Line, f.Status, f.Message)))
	}
	return found
}
