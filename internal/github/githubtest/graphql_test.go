package githubtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// graphQL sends a document and returns the answer's text.
func (s *stage) graphQL(token, document string, variables map[string]any) string {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	if err != nil {
		s.t.Fatal(err)
	}
	got := s.do(token, http.MethodPost, "/api/graphql", string(body))
	if got.status != 200 {
		s.t.Fatalf("%d %s", got.status, got.text)
	}
	return got.text
}

const minimize = `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized minimizedReason } } }`

func TestGraphQL(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	token := s.token()
	id := pr.CommentOn("bob", "app.yaml", 6, "hm")
	pr.Reply("alice", id, "what?")
	answer := s.graphQL(token, `query($n: Int!, $after: String) { repository(owner: "acme", name: "infra") { pullRequest(number: $n) { reviewThreads(first: 1, after: $after) {
		pageInfo { hasNextPage endCursor } nodes { id isResolved path line comments(first: 10) { totalCount nodes { id ...who } } } } } } }
		fragment who on PullRequestReviewComment { author { __typename login ... on User { id } } body }`, map[string]any{"n": pr.Number})
	for _, want := range []string{`"isResolved":false`, `"path":"app.yaml"`, `"line":6`, `"totalCount":2`, `"login":"bob"`, `"__typename":"User"`, `"body":"what?"`, `"hasNextPage":false`} {
		if !strings.Contains(answer, want) {
			t.Errorf("%s is not in %s", want, answer)
		}
	}
	if got := s.graphQL(token, minimize, map[string]any{"id": fmt.Sprintf("PRRC_%d", id)}); !strings.Contains(got, `"minimizedReason":"resolved"`) {
		t.Errorf("%s", got)
	}
	if c := pr.ReviewComments()[0]; c.Minimized != "RESOLVED" {
		t.Errorf("%+v", c)
	}
	if got := s.graphQL(token, minimize, map[string]any{"id": "PRRC_7"}); !strings.Contains(got, "NOT_FOUND") || !strings.Contains(got, `"minimizeComment":null`) {
		t.Errorf("%s", got)
	}
	resolve := `mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved resolvedBy { login } } } }`
	thread := map[string]any{"id": fmt.Sprintf("PRRT_%d", id)}
	if got := s.graphQL(token, resolve, thread); !strings.Contains(got, "FORBIDDEN") {
		t.Errorf("a thread is resolved without contents:write: %s", got)
	}
	s.inst.Permit("contents", "write")
	if got := s.graphQL(s.token(), resolve, thread); !strings.Contains(got, `"isResolved":true`) || !strings.Contains(got, `"login":"landwaiter"`) {
		t.Errorf("%s", got)
	}
}

func TestGraphQLLimits(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	token := s.token()
	mine := s.do(token, http.MethodPost, comments, `{"body":"mine"}`).value.(map[string]any)["node_id"]
	theirs := fmt.Sprintf("IC_%d", pr.Comment("bob", "theirs"))
	edit := `mutation($id: ID!) { updateIssueComment(input: {id: $id, body: "new"}) { issueComment { body } } }`
	if got := s.graphQL(token, edit, map[string]any{"id": mine}); !strings.Contains(got, `"body":"new"`) {
		t.Errorf("%s", got)
	}
	if got := s.graphQL(token, edit, map[string]any{"id": theirs}); !strings.Contains(got, "FORBIDDEN") || pr.Comments()[1].Body != "theirs" {
		t.Errorf("%s", got)
	}
	skipped := s.graphQL(token, `query($with: Boolean!) { repository(owner: "acme", name: "infra") { name id @include(if: $with) } }`, map[string]any{"with": false})
	if !strings.Contains(skipped, `"name":"infra"`) || strings.Contains(skipped, `"id"`) {
		t.Errorf("%s", skipped)
	}
	all := `{ repository(owner: "acme", name: "infra") { pullRequest(number: 1) { comments%s { totalCount } } } }`
	if got := s.graphQL(token, fmt.Sprintf(all, ""), nil); !strings.Contains(got, "You must provide a `first` or `last`") {
		t.Errorf("%s", got)
	}
	if got := s.graphQL(token, fmt.Sprintf(all, "(first: 101)"), nil); !strings.Contains(got, "exceeds") {
		t.Errorf("%s", got)
	}
	s.LimitRequests(1)
	if got := s.graphQL(token, fmt.Sprintf(all, "(first: 1)"), nil); !strings.Contains(got, "RATE_LIMITED") {
		t.Errorf("%s", got)
	}
	s.LimitRequests(5000)
	for _, wrong := range []string{`{ repository(owner: "acme") { name } }`, `{ nothing }`, `{ repository(owner: "acme", name: "infra") { nothing } }`, `{`} {
		if got := s.graphQL(token, wrong, nil); !strings.Contains(got, "errors") {
			t.Errorf("%s: %s", wrong, got)
		}
		s.violations++
	}
}
