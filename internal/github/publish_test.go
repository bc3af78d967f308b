package github

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

var (
	granted = map[string]string{"checks": "write", "pull_requests": "write", "contents": "write", "merge_queues": "read", "members": "read"}
	heard   = []string{"pull_request", "check_run", "check_suite", "issue_comment", "pull_request_review_comment", "merge_group", "push"}
)

// TestCalls states how many calls a review takes beside its token.
func TestCalls(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.warm()
	checks := []string{"POST /check-runs", "PATCH /check-runs/{check_run_id}", "PATCH /check-runs/{check_run_id}"}
	t.Run("nothing new", func(t *testing.T) {
		s.begin(t)
		s.mustRun("r1", publication())
		s.expect("nothing new", append(checks, "POST /graphql")...)
	})
	t.Run("three comments, and again", func(t *testing.T) {
		s.begin(t)
		lines := on(8, "three", "c")
		lines.StartLine = 6
		pub := publication(on(3, "one", "a"), on(4, "two", "b"), lines)
		if out := s.mustRun("r1", pub); out.Posted != 3 || len(out.Unplaced) > 0 {
			t.Errorf("%+v", out)
		}
		s.expect("three comments", append(checks, "POST /graphql", "POST /pulls/{pull_number}/reviews")...)
		out, err := s.run(s.publisher("r1", true), pub)
		if err != nil || out.Posted+out.Edited+out.Hidden != 0 {
			t.Errorf("again: %+v, %v", out, err)
		}
		s.expect("again", "GET /commits/{ref}/check-runs", "POST /graphql")
		for _, c := range s.pull.ReviewComments() {
			if c.Side != "RIGHT" || c.StartLine != map[bool]int{true: 6}[c.Line == 8] || c.CommitID != s.pull.Head() {
				t.Errorf("%+v", c)
			}
		}
		if runs, reviews := s.pull.CheckRuns(), s.pull.Reviews(); len(runs) != 1 || len(reviews) != 1 || reviews[0].State != "COMMENTED" {
			t.Errorf("%d check runs, reviews %+v", len(runs), reviews)
		}
	})
	t.Run("one fixed, one moved, one other text", func(t *testing.T) {
		s.begin(t)
		s.mustRun("r1", publication(on(3, "one", "a"), on(4, "two", "b"), on(5, "three", "c")))
		s.pull.Push("alice", githubtest.Files{"app.yaml": numbered(40, changes(2, 10))})
		s.ForgetRequests()
		out := s.mustRun("r2", publication(on(7, "two", "b"), on(5, "three, again", "c")))
		s.expect("the second push", append(checks, "POST /graphql", "POST /pulls/{pull_number}/reviews", "POST /graphql mutation")...)
		if out.Posted != 1 || out.Edited != 1 || out.Hidden != 2 {
			t.Errorf("%+v", out)
		}
		s.shows("the second push", "3 one RESOLVED", "4 two OUTDATED", "5 three, again", "7 two")
	})
	t.Run("a summary comment", func(t *testing.T) {
		s.begin(t)
		pub := publication()
		pub.Comment = "Well done.\n\n<!-- landwaiter:summary -->"
		s.mustRun("r1", pub)
		s.expect("posted", append(checks, "POST /graphql", "POST /issues/{issue_number}/comments")...)
		s.mustRun("r2", pub)
		s.expect("same", append(checks, "POST /graphql")...)
		pub.Comment = "Not so well.\n\n<!-- landwaiter:summary -->"
		s.mustRun("r3", pub)
		s.expect("edited", append(checks, "POST /graphql", "POST /graphql mutation")...)
		if all := s.pull.Comments(); len(all) != 1 || !strings.HasPrefix(all[0].Body, "Not so well.") {
			t.Errorf("%+v", all)
		}
		pub.Comment = ""
		s.mustRun("r4", pub)
		s.mustRun("r5", pub)
		if all := s.pull.Comments(); len(all) != 1 || all[0].Minimized != "OUTDATED" {
			t.Errorf("%+v", all)
		}
	})
	t.Run("120 annotations and two checks", func(t *testing.T) {
		s.begin(t)
		pub := annotatedPublication(120)
		s.mustRun("r1", pub)
		s.expect("120 annotations", append(checks, "PATCH /check-runs/{check_run_id}", "PATCH /check-runs/{check_run_id}", "POST /check-runs", "POST /graphql")...)
		s.annotated(120)
	})
}

func annotatedPublication(n int) report.Publication {
	pub := publication()
	for i := range n {
		pub.Checks[0].Annotations = append(pub.Checks[0].Annotations, report.Annotation{File: "app.yaml", StartLine: i%40 + 1, EndLine: i%40 + 1, StartColumn: 1, EndColumn: 3,
			Level: "failure", Title: fmt.Sprint(i), Message: "bad"})
	}
	pub.Checks = append(pub.Checks, report.Check{Name: "landwaiter/images", Conclusion: "failure", Title: "1 image", Summary: "One image."})
	return pub
}

func (s *stage) annotated(n int) {
	s.t.Helper()
	run, ok := s.infra.CheckRun(s.pull.Head(), "landwaiter")
	if !ok || run.Status != "completed" || len(run.Annotations) != n || run.Summary != "All is well." || len(run.Actions) != 1 {
		s.t.Errorf("check run: %v %s %q, %d annotations, want %d", ok, run.Status, run.Summary, len(run.Annotations), n)
	}
	seen := make(map[string]bool)
	for _, a := range run.Annotations {
		if seen[a.Title] {
			s.t.Errorf("annotation %s is there twice", a.Title)
		}
		seen[a.Title] = true
	}
}

// TestCrashes kills a review at every one of its calls, before and after GitHub did what it was asked, and holds that
// the next attempt ends where an undisturbed one does.
func TestCrashes(t *testing.T) {
	t.Parallel()
	first := publication(on(3, "one", "a"), on(4, "two", "b"), on(5, "three", "c"))
	second := annotatedPublication(120)
	second.Comments = []report.Comment{on(7, "two", "b"), on(5, "three, again", "c"), on(8, "four", "d")}
	second.Comment = "Well done.\n\n<!-- landwaiter:summary -->"
	const calls = 11
	s := play(t)
	for n := range calls {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("call %d, done %v", n, done), func(t *testing.T) {
				s.begin(t)
				s.mustRun("r1", first)
				s.Fail(githubtest.Fault{Path: "/api/*", Skip: n, Times: 1, Drop: true, After: done})
				_, err := s.run(s.publisher("r2", false), second)
				if last := n == calls-1; (err == nil) != last {
					t.Fatalf("the first attempt: %v", err)
				}
				s.Heal()
				if _, err := s.run(s.publisher("r2", true), second); err != nil {
					t.Fatal(err)
				}
				s.shows("at last", "3 one RESOLVED", "4 two OUTDATED", "5 three, again", "7 two", "8 four")
				s.annotated(120)
				if all := s.pull.Comments(); len(all) != 1 {
					t.Errorf("%d summary comments", len(all))
				}
				names := make(map[string]int)
				for _, run := range s.pull.CheckRuns() {
					names[run.Name+" "+run.ExternalID]++
				}
				if fmt.Sprint(names) != "map[landwaiter r1:1 landwaiter r2:1 landwaiter/images r2:1]" {
					t.Errorf("check runs %v", names)
				}
				s.ForgetRequests()
				if _, err := s.run(s.publisher("r2", true), second); err != nil {
					t.Fatal(err)
				}
				s.expect("once more", "GET /commits/{ref}/check-runs", "POST /graphql")
			})
		}
	}
}

// TestSuperseded: from the moment that a newer head is known, nothing more is written, and the check run ends.
func TestSuperseded(t *testing.T) {
	t.Parallel()
	superseded := errors.New("superseded")
	s := play(t)
	for writes := range 6 {
		t.Run(fmt.Sprint(writes, " writes"), func(t *testing.T) {
			s.begin(t)
			p := s.publisher("r1", false)
			left := writes
			p.Current = func() error {
				if left--; left < 0 {
					return superseded
				}
				return nil
			}
			pub := publication(on(3, "one", "a"), on(4, "two", "b"))
			pub.Comment = "Well.\n\n<!-- landwaiter:summary -->"
			_, err := s.run(p, pub)
			wrote := len(slices.DeleteFunc(s.calls(), func(c string) bool { return c == "POST /graphql" }))
			if wrote != min(writes, 5) || errors.Is(err, superseded) != (writes < 5) {
				t.Errorf("%d writes, %v", wrote, err)
			}
			if err := s.publisher("r1", true).Cancel(t.Context(), "Superseded", "A newer commit was pushed."); err != nil {
				t.Fatal(err)
			}
			for _, run := range s.pull.CheckRuns() {
				want := "cancelled"
				if writes > 2 {
					want = "failure"
				}
				if run.Status != "completed" || run.Conclusion != want {
					t.Errorf("the check run is %s, %s", run.Status, run.Conclusion)
				}
			}
		})
	}
}

// TestOneBadLine: a line outside of the difference loses the review, and no comment.
func TestOneBadLine(t *testing.T) {
	t.Parallel()
	s := play(t)
	elsewhere := on(1, "nowhere", "d")
	elsewhere.File = "other.yaml" // not in the difference
	whole := on(0, "the file", "e")
	pub := publication(on(3, "one", "a"), on(30, "too far\n\n```suggestion\nx\n```", "b"), elsewhere, whole)
	out := s.mustRun("r1", pub)
	if out.Posted != 3 || len(out.Unplaced) != 1 || out.Unplaced[0].File != "other.yaml" || out.Unplaced[0].Line != 1 {
		t.Errorf("%+v", out)
	}
	tag := fmt.Sprintf("<!-- landwaiter placed line=30 head=%s -->  Line 30:  ", s.pull.Head())
	s.shows("bad lines", "3 one", "0 "+tag+"too far  ```yaml x ```", "0 the file")
	pub.Comments = slices.DeleteFunc(pub.Comments, func(c report.Comment) bool { return c.File == "other.yaml" })
	s.warm()
	if out, err := s.run(s.publisher("r1", true), pub); err != nil || out.Posted+out.Edited+out.Hidden > 0 {
		t.Errorf("again: %+v, %v", out, err)
	}
	s.expect("again", "GET /commits/{ref}/check-runs", "POST /graphql")
	pub.Checks[0].Summary = "Also: nowhere."
	if out, err := s.run(s.publisher("r1", true), pub); err != nil || out.Posted > 0 {
		t.Errorf("with another summary: %+v, %v", out, err)
	}
	s.expect("with another summary", "GET /commits/{ref}/check-runs", "PATCH /check-runs/{check_run_id}", "POST /graphql")
	s.pull.Push("alice", githubtest.Files{"app.yaml": numbered(40, changes(2, 33))})
	s.mustRun("r2", publication(on(3, "one", "a"), on(30, "too far", "b"), whole))
	s.shows("the line is there now", "3 one", "30 too far", "0 the file", "0 "+tag+"too far  ```yaml x ``` OUTDATED")
}

// TestOnlyOurs: what people write, with our marker or not, is never touched, and answers keep a thread.
func TestOnlyOurs(t *testing.T) {
	t.Parallel()
	s := play(t)
	stolen := on(6, "mine", "a")
	s.pull.CommentOn("alice", "app.yaml", 6, stolen.Body)
	s.pull.Comment("alice", "mine too\n\n<!-- landwaiter:summary -->")
	pub := publication(on(3, "one", "a"), on(4, "two", "b"))
	pub.Comment = "Well.\n\n<!-- landwaiter:summary -->"
	s.mustRun("r1", pub)
	for _, c := range s.pull.ReviewComments() {
		if strings.HasPrefix(c.Body, "one") {
			s.pull.Reply("alice", c.ID, "why?")
		}
	}
	s.mustRun("r2", publication())
	s.shows("all fixed", "alice: 6 mine", "3 one", "alice: 3 why?", "4 two RESOLVED")
	for _, c := range s.pull.Comments() {
		if (c.Author == "alice") == (c.Minimized != "") {
			t.Errorf("%+v", c)
		}
	}
	s.mustRun("r3", publication(on(4, "two", "b")))
	s.shows("one is back", "alice: 6 mine", "3 one", "alice: 3 why?", "4 two")
}

// TestHeadMoved: comments are not placed by a difference that is no longer shown.
func TestHeadMoved(t *testing.T) {
	t.Parallel()
	s := play(t)
	p := s.publisher("r1", false)
	s.pull.Push("alice", githubtest.Files{"app.yaml": numbered(40, changes(2, 10))})
	if _, err := s.run(p, publication(on(3, "one", "a"))); !errors.Is(err, ErrHeadMoved) {
		t.Error(err)
	}
	s.shows("moved")
}

// TestManyThreads reads a discussion of several pages.
func TestManyThreads(t *testing.T) {
	t.Parallel()
	s := play(t)
	for i := range 120 {
		s.pull.CommentOn("alice", "app.yaml", i%7+2, "talk")
		s.pull.Comment("alice", "talk")
	}
	pub := publication(on(3, "one", "a"))
	pub.Comment = "Well.\n\n<!-- landwaiter:summary -->"
	s.mustRun("r1", pub)
	s.warm()
	if out := s.mustRun("r2", pub); out.Posted+out.Edited+out.Hidden > 0 {
		t.Errorf("%+v", out)
	}
	if got := slices.DeleteFunc(s.calls(), func(c string) bool { return c != "POST /graphql" }); len(got) != 2 {
		t.Errorf("read in %d calls", len(got))
	}
}

// TestRefused: what GitHub does not permit is said, after the check run, and limits of GraphQL are limits.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.inst.Permit("pull_requests", "read")
	_, err := s.run(s.publisher("r1", false), publication(on(3, "one", "a")))
	if !errors.Is(err, ErrForbidden) {
		t.Errorf("comments without the permission: %v", err)
	}
	if run, ok := s.infra.CheckRun(s.pull.Head(), "landwaiter"); !ok || run.Conclusion != "failure" {
		t.Errorf("the check run comes first: %+v", run)
	}
	p := s.publisher("r2", false)
	p.Number = 0
	if _, err := s.run(p, publication(on(3, "one", "a"))); err != nil {
		t.Errorf("a merge group has no comments: %v", err)
	}
	s.Fail(githubtest.Fault{Path: "/api/graphql", Status: http.StatusOK, Times: 1, Body: `{"data":null,"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]}`})
	var limited *RateLimited
	if _, err := s.publisher("r3", false).Comment(t.Context(), publication()); !errors.As(err, &limited) {
		t.Errorf("a limit of GraphQL: %v", err)
	}
}
