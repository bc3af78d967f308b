package githubtest

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestContract: each operation is described, nothing else is kept of the descriptions, and they say where they are from.
func TestContract(t *testing.T) {
	t.Parallel()
	c, err := newContract()
	if err != nil {
		t.Fatal(err)
	}
	all := routes()
	for i := range all {
		_, op, err := c.operation(&all[i])
		if err != nil {
			t.Error(err)
			continue
		}
		if op.Responses.Status(all[i].status) == nil {
			t.Errorf("%s %s never answers %d", all[i].method, all[i].path, all[i].status)
		}
	}
	kept := 0
	for _, item := range c.openAPI.Paths.Map() {
		kept += len(item.Operations())
	}
	if kept != len(all) {
		t.Errorf("%d operations are described, and %d answered", kept, len(all))
	}
	for _, event := range Events() {
		found := false
		for name := range c.hooks.byName {
			found = found || strings.HasPrefix(name, event+"$")
		}
		if !found {
			t.Errorf("no schema is kept of %s", event)
		}
	}
	for name, fields := range GraphQLFields() {
		if d := c.graphQL.Types[name]; d == nil || len(d.Fields) < len(fields) {
			t.Errorf("GraphQL's %s is not as it is resolved: run the trim program again", name)
		}
	}
	for _, dir := range []string{"contract", "../testdata/webhooks"} {
		checkSources(t, dir)
	}
}

func checkSources(t *testing.T, dir string) {
	data, err := os.ReadFile(dir + "/sources.json")
	if err != nil {
		t.Fatal(err)
	}
	var sources map[string]struct{ Version, License, Integrity string }
	if err := json.Unmarshal(data, &sources); err != nil || len(sources) == 0 {
		t.Fatal(err)
	}
	for name, s := range sources {
		if s.Version == "" || s.License != "MIT" || !strings.HasPrefix(s.Integrity, "sha512-") {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if _, err := os.Stat(dir + "/LICENSE"); err != nil {
		t.Error(err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, route, param, value string }{
		{"/repos/a/b/pulls/comments/7", "/repos/{owner}/{repo}/pulls/comments/{comment_id}", "comment_id", "7"},
		{"/repos/a/b/pulls/7/comments", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pull_number", "7"},
		{"/repos/a/b/issues/comments/7", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "comment_id", "7"},
		{"/repos/a/b/contents/x/y%20z", "/repos/{owner}/{repo}/contents/{path}", "path", "x/y z"},
		{"/repos/a/b/commits/main/check-runs", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "ref", "main"},
		{"/repos/a/b/commits/feature/x", "/repos/{owner}/{repo}/commits/{ref}", "ref", "feature/x"},
		{"/repos/a/b/branches/feature%2Fx/protection", "/repos/{owner}/{repo}/branches/{branch}/protection", "branch", "feature/x"},
		{"/repos/a/b/pulls/x", "", "", ""},
		{"/repos/a", "", "", ""},
		{"/", "", "", ""},
	}
	for _, test := range tests {
		route, params := find(routes(), "GET", test.path)
		if got := ""; route != nil && route.path != test.route || route == nil && test.route != got {
			t.Errorf("%s goes to %v, want %s", test.path, route, test.route)
		} else if params[test.param] != test.value {
			t.Errorf("%s: %s is %q, want %q", test.path, test.param, params[test.param], test.value)
		}
	}
}
