package githubtest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// numbered is a file of lines 1 to n, of which some are replaced; "" drops a line.
func numbered(n int, changed map[int]string) string {
	var out strings.Builder
	for i := 1; i <= n; i++ {
		text, ok := changed[i]
		if !ok {
			text = fmt.Sprint("line ", i)
		}
		if text != "" {
			out.WriteString(text + "\n")
		}
	}
	return out.String()
}

// long opens a pull request that changes lines 5 and 40 of a file of 60, removes line 20 and adds a file.
func long(s *stage) *githubtest.PullRequest {
	s.repo.Push("alice", "main", "a long file", githubtest.Files{"long.txt": numbered(60, nil), "old.txt": numbered(30, nil)})
	return s.repo.Open(githubtest.Proposal{Author: "alice", Branch: "long", Files: githubtest.Files{
		"long.txt": numbered(60, map[int]string{5: "five", 20: "", 40: "forty"}), "new.txt": "a\nb\n",
		"old.txt": githubtest.Deleted, "moved.txt": numbered(30, map[int]string{15: "fifteen"}),
	}})
}

func TestLinesOfTheDifference(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr, token := long(s), s.token()
	tests := []struct {
		name, comment string
		said          string // "" is allowed
	}{
		{"changed line", `"path":"long.txt","line":5`, ""},
		{"context above", `"path":"long.txt","line":2,"side":"RIGHT"`, ""},
		{"context below", `"path":"long.txt","line":8`, ""},
		{"just outside", `"path":"long.txt","line":9`, "must be part of the diff"},
		{"first line, outside", `"path":"long.txt","line":1`, "must be part of the diff"},
		{"after the removed line", `"path":"long.txt","line":20`, ""},
		{"removed line, old side", `"path":"long.txt","line":20,"side":"LEFT"`, ""},
		{"old side, outside", `"path":"long.txt","line":30,"side":"LEFT"`, "must be part of the diff"},
		{"new file", `"path":"new.txt","line":2`, ""},
		{"after the end", `"path":"new.txt","line":3`, "must be part of the diff"},
		{"range", `"path":"long.txt","start_line":3,"line":6`, ""},
		{"range of one line", `"path":"long.txt","start_line":5,"line":5`, "must precede"},
		{"range upside down", `"path":"long.txt","start_line":6,"line":5`, "must precede"},
		{"range over two hunks", `"path":"long.txt","start_line":6,"line":39`, "same hunk"},
		{"range that begins outside", `"path":"long.txt","start_line":30,"line":39`, "must be part of the diff"},
		{"renamed file", `"path":"moved.txt","line":15`, ""},
		{"removed file, new side", `"path":"old.txt","line":1`, "path could not be resolved"},
		{"unchanged file", `"path":"app.yaml","line":1`, "path could not be resolved"},
	}
	for _, test := range tests {
		before := len(pr.ReviewComments())
		good := `{"path":"long.txt","line":40,"body":"good"}`
		got := s.do(token, http.MethodPost, "repos/acme/infra/pulls/1/reviews",
			fmt.Sprintf(`{"commit_id":%q,"event":"COMMENT","comments":[%s,{%s,"body":"b"}]}`, pr.Head(), good, test.comment))
		added := len(pr.ReviewComments()) - before
		switch {
		case test.said == "" && (got.status != 200 || added != 2):
			t.Errorf("%s: %d %s, %d comments", test.name, got.status, got.text, added)
		case test.said != "" && (got.status != 422 || added != 0 || !strings.Contains(got.text, test.said)):
			t.Errorf("%s: %d %s, %d comments; want none, and %q", test.name, got.status, got.text, added, test.said)
		}
	}
}

func TestSingleComments(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr, token := long(s), s.token()
	at := "repos/acme/infra/pulls/1/comments"
	body := func(inner string) string { return fmt.Sprintf(`{"commit_id":%q,"body":"b",%s}`, pr.Head(), inner) }
	if got := s.do(token, http.MethodPost, at, body(`"path":"long.txt","subject_type":"file"`)); got.status != 201 || !strings.Contains(got.text, `"subject_type":"file"`) {
		t.Errorf("comment on a file: %d %s", got.status, got.text)
	}
	made := s.do(token, http.MethodPost, at, body(`"path":"long.txt","line":40,"side":"RIGHT"`))
	if got := s.do(token, http.MethodPost, at, body(`"path":"long.txt","line":30,"side":"RIGHT"`)); got.status != 422 {
		t.Errorf("comment outside: %d %s", got.status, got.text)
	}
	if got := s.do(token, http.MethodPost, at, fmt.Sprintf(`{"commit_id":%q,"body":%q,"path":"long.txt","line":40}`, pr.Head(), strings.Repeat("x", 65537))); got.status != 422 {
		t.Errorf("long comment: %d", got.status)
	}
	if got := s.do(token, http.MethodPost, at, fmt.Sprintf(`{"commit_id":%q,"body":"b","path":"long.txt","line":40}`, s.repo.Head("main"))); got.status != 422 {
		t.Errorf("comment on a commit that is not the pull request's: %d", got.status)
	}
	answer := pr.Reply("bob", made.number("id"), "no")
	if got := s.do(token, http.MethodPatch, fmt.Sprintf("repos/acme/infra/pulls/comments/%d", answer), `{"body":"mine now"}`); got.status != 403 {
		t.Errorf("the App edits what a person wrote: %d", got.status)
	}
	if got := s.do(token, http.MethodDelete, fmt.Sprintf("repos/acme/infra/pulls/comments/%d", made.number("id")), ""); got.status != 204 {
		t.Errorf("delete: %d %s", got.status, got.text)
	}
	if n := len(pr.ReviewComments()); n != 2 {
		t.Errorf("%d comments are left, want the one on the file and the answer", n)
	}
}

// TestCommentsMove pushes on: comments follow their lines, and are outdated when those change or leave the difference.
func TestCommentsMove(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := long(s)
	for _, line := range []int{5, 39} { // 39 is "forty", after the line that was removed
		pr.CommentOn("bob", "long.txt", line, fmt.Sprint("on ", line))
	}
	pr.Push("alice", githubtest.Files{"long.txt": "first\nsecond\n" + numbered(60, map[int]string{5: "five", 20: "", 40: "FORTY"})})
	first, second := pr.ReviewComments()[0], pr.ReviewComments()[1]
	if first.Line != 7 || second.Line != 0 {
		t.Errorf("the comments are on %d and %d, want 7 and none", first.Line, second.Line)
	}
	pr.Push("alice", githubtest.Files{"long.txt": numbered(60, map[int]string{40: "FORTY"})})
	if first = pr.ReviewComments()[0]; first.Line != 0 {
		t.Errorf("the line is as in the base branch, and the comment stands on %d", first.Line)
	}
	list := s.do(s.token(), http.MethodGet, "repos/acme/infra/pulls/1/comments", "")
	if !strings.Contains(list.text, `"line":null`) {
		t.Errorf("outdated comments have a line: %s", list.text)
	}
}

func TestForkAndFiles(t *testing.T) {
	t.Parallel()
	s := play(t)
	hostile := "a b/\"c\"\n\té.yaml"
	pr := s.repo.Open(githubtest.Proposal{Author: "mallory", Fork: "mallory/infra", Branch: "x", Files: githubtest.Files{hostile: "x\n", "bin": "a\x00b"}})
	s.wantHeard("installation created", "pull_request opened")
	files := s.do(s.token(), http.MethodGet, "repos/acme/infra/pulls/1/files", "").list()
	if len(files) != 2 || files[0].(map[string]any)["filename"] != hostile || files[1].(map[string]any)["patch"] != nil {
		t.Errorf("%q", files)
	}
	got := s.do(s.token(), http.MethodPost, runs, fmt.Sprintf(`{"name":"landwaiter","head_sha":%q,"conclusion":"success"}`, pr.Head()))
	if got.status != 201 || !strings.Contains(got.text, `"pull_requests":[]`) {
		t.Errorf("a check run of a fork's commit names its pull request, or was refused: %d %s", got.status, got.text)
	}
	s.Settle(limit)
	pr.Push("mallory", githubtest.Files{"bin": githubtest.Deleted})
	s.wantHeard("check_run created", "check_run completed", "check_suite completed", "pull_request synchronize")
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.repo.Open(githubtest.Proposal{Author: "alice", Branch: "x", Draft: true, Files: githubtest.Files{"new": "x"}})
	s.wantHeard("installation created", "push ", "check_suite requested", "pull_request opened")
	pr.Ready("alice")
	pr.ConvertToDraft("alice")
	pr.Rename("bob", "Another title")
	s.repo.Push("alice", "other", "other base", githubtest.Files{"other": "x"})
	pr.Retarget("alice", "other")
	pr.ForcePush("alice", githubtest.Files{"new": "y"})
	pr.Close("alice")
	pr.Reopen("alice")
	pr.EditComment("bob", pr.Comment("bob", "hello"), "goodbye")
	pr.Approve("bob")
	s.wantHeard("pull_request ready_for_review", "pull_request converted_to_draft", "pull_request edited", "push ", "check_suite requested",
		"pull_request edited", "push ", "check_suite requested", "pull_request synchronize", "pull_request closed", "pull_request reopened",
		"issue_comment created", "issue_comment edited", "pull_request_review submitted")
}
