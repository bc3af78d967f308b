package pullrequest

import (
	"slices"
	"testing"
)

func TestParseOrder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]order{
		"/landwaiter":         {verb: "help"},
		"/landwaiter  Review": {verb: "review"},
		"/landwaiter accept abc it is meant\nmore": {verb: "accept", args: []string{"abc", "it", "is", "meant"}},
		"/landwaiter\nreview":                      {verb: "help"},
		"/landwaiter explain\thost-path":           {verb: "explain", args: []string{"host-path"}},
	} {
		if got := parseOrder(text); got.verb != want.verb || !slices.Equal(got.args, want.args) {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}
