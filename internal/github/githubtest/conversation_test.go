package githubtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const wantConversation = `acme/infra#1 Change a (open)
alice wants to merge change into main; head is HEAD

✗ landwaiter: 1 error (failure)
    It is **bad** (see why).

    FENCE
    [as it is](http://is)
    FENCE

    ▸ Rendered

    app.yaml:6: failure: a is wrong
    [Re-run] Once more

app.yaml:6
     name: one
   data:
  -  a: "1"
  +  a: "changed"
  ╭ landwaiter[bot]
  │ why?
  ╰
  ╭ alice
  │ because
  ╰

app.yaml:7
  bob: hidden as outdated

  ╭ bob (approved)
  ╰

  ╭ bob
  │ fine
  │ (eyes)
  ╰
`

func TestConversation(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	token := s.token()
	s.do(token, http.MethodPost, runs, fmt.Sprintf(strings.ReplaceAll(`{"name":"landwaiter","head_sha":%q,"conclusion":"failure","actions":[{"label":"Re-run","description":"Once more","identifier":"again"}],
		"output":{"title":"1 error","summary":"It is **bad** \\(see [why](https://a.example/b?c)\\).<!-- hidden -->\n\n__\n[as it is](http://is)\n__","text":"<details>\n<summary>Rendered</summary>\n\nlong\n</details>",
		"annotations":[{"path":"app.yaml","start_line":6,"end_line":6,"annotation_level":"failure","message":"a is wrong\nreally"}]}}`, "__", "```"), pr.Head()))
	s.do(token, http.MethodPost, "repos/acme/infra/pulls/1/reviews", fmt.Sprintf(
		`{"commit_id":%q,"event":"COMMENT","comments":[{"path":"app.yaml","line":6,"body":"why?<!-- landwaiter:1 -->"}]}`, pr.Head()))
	pr.Reply("alice", pr.ReviewComments()[0].ID, "because")
	s.graphQL(token, strings.Replace(minimize, "RESOLVED", "OUTDATED", 1), map[string]any{"id": fmt.Sprintf("PRRC_%d", pr.CommentOn("bob", "app.yaml", 7, "gone"))})
	pr.Approve("bob")
	said := pr.Comment("bob", "fine")
	s.do(token, http.MethodPost, fmt.Sprintf("repos/acme/infra/issues/comments/%d/reactions", said), `{"content":"eyes"}`)
	if got := strings.Replace(pr.Conversation(), pr.Head()[:10], "HEAD", 1); got != strings.ReplaceAll(wantConversation, "FENCE", "```") {
		t.Errorf("got\n%s\nwant\n%s", got, wantConversation)
	}
}
