package review_test

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// checkMode finds a configuration's mode bad, and milder where another field says so.
func checkMode(p *review.Pass) {
	data := p.Object.Field().Get("data")
	d := p.Report(data.Get("mode"), "has a mode")
	switch data.Get("how").Text() {
	case "mild":
		d.Lower(review.Info)
	case "worse":
		d.Lower(review.Warning).Raise(review.Error).Raise(review.Info)
	}
}

func config(name, how string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata:\n  mode: on\n  how: " + how + "\n"
}

// TestLower holds that a finding may be milder than its rule, but not where the policy says how bad the rule is; and
// that one which got worse is new.
func TestLower(t *testing.T) {
	t.Parallel()
	only := review.Options{Only: []string{"mode"}}
	mild, bad := files("a.yaml", config("a", "mild")), files("a.yaml", config("a", "bad"))
	tests := map[string]struct {
		archive string
		policy  *review.Policy
		want    []string
	}{
		"milder":                     {mild, nil, []string{"new info mode a.yaml:5"}},
		"as the rule":                {bad, nil, []string{"new error mode a.yaml:5"}},
		"worse again":                {files("a.yaml", config("a", "worse")), nil, []string{"new error mode a.yaml:5"}},
		"worse than the policy says": {files("a.yaml", config("a", "worse")), setting("mode", review.RuleSetting{Level: review.Info}), []string{"new info mode a.yaml:5"}},
		"the policy's word, another": {mild, setting("mode", review.RuleSetting{Level: review.Warning}), []string{"new warning mode a.yaml:5"}},
		"the policy's word, the same": {mild, setting("mode", review.RuleSetting{Level: review.Error}),
			[]string{"new error mode a.yaml:5"}},
		"it got worse":  {files("base/a.yaml", config("a", "mild"), "a.yaml", config("a", "bad")), nil, []string{"new error mode a.yaml:5"}},
		"it got milder": {files("base/a.yaml", config("a", "bad"), "a.yaml", config("a", "mild")), nil, []string{"existing info mode a.yaml:5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, lab(t, test.archive, test.policy, only), test.want...)
		})
	}
}

// checkAccount finds accounts that the repository did not have at base.
func checkAccount(p *review.Pass) {
	if p.Before != nil && p.Before.Find("ServiceAccount", p.Object.Namespace, p.Object.Name) == nil {
		p.Report(p.Object.Field().Get("metadata", "name"), "is new")
	}
}

func account(name string) string {
	return "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  namespace: shop\n  name: " + name + "\n"
}

// TestBefore holds that rules see the whole repository as it was: what moved from one root to another is there.
func TestBefore(t *testing.T) {
	t.Parallel()
	only := review.Options{Only: []string{"account"}}
	tests := map[string]struct {
		archive string
		want    []string
	}{
		"moved":            {files("base/one/a.yaml", account("web"), "one/a.yaml", "", "two/a.yaml", account("web")), nil},
		"new":              {files("base/one/a.yaml", account("web"), "two/a.yaml", account("api")), []string{"new error account two/a.yaml:5"}},
		"there is no base": {files("one/a.yaml", account("web")), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantLines(t, lab(t, test.archive, nil, only), test.want...)
		})
	}
}
