package github

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

// workflow is the App that jobs of workflows write by, on the stage's repository.
func (s *stage) workflow() *githubtest.Installation {
	app := s.CreateApp(githubtest.AppOptions{Slug: "github-actions", Permissions: map[string]string{
		"checks": "write", "pull_requests": "write", "contents": "read", "actions": "read", "issues": "write"}})
	return app.Install(s.infra)
}

// action is the publisher of a job that has a token.
func (s *stage) action(token string, resumed bool) *Publisher {
	s.t.Helper()
	client, err := NewTokenClient(Settings{URL: s.URL()}, token)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Publisher{Client: client, Repository: event.Repository{Owner: "acme", Name: "infra"}, Number: s.pull.Number, Head: s.pull.Head(),
		Review: "action/1", Resumed: resumed, Current: always, As: report.ActionName}
}

// by makes a publication that of the Action.
func by(as string, pub report.Publication) report.Publication {
	for i := range pub.Comments {
		pub.Comments[i].Body = strings.ReplaceAll(pub.Comments[i].Body, "<!-- landwaiter:", "<!-- "+as+":")
	}
	pub.Comment = strings.ReplaceAll(pub.Comment, "<!-- landwaiter:", "<!-- "+as+":")
	pub.Checks[0].Name, pub.Checks[0].Actions = as, nil
	return pub
}

// TestToken: the Action writes by its job's token what the App writes by its own, again without a change, and each leaves
// alone what is the other's.
func TestToken(t *testing.T) {
	t.Parallel()
	s := play(t)
	token := s.workflow().Token(map[string]string{"checks": "write", "pull_requests": "write", "contents": "read"})
	pub := func(comments ...report.Comment) report.Publication {
		p := publication(comments...)
		p.Comment = "Well.\n\n<!-- landwaiter:summary -->"
		return p
	}
	s.mustRun("r1", pub(on(3, "one", "a"), on(4, "two", "b")))
	for i, comments := range [][]report.Comment{{on(3, "one", "a"), on(5, "three", "c")}, {on(3, "one", "a"), on(5, "three", "c")}, {on(5, "three", "c")}} {
		out, err := s.action(token, i > 0).Publish(t.Context(), by(report.ActionName, pub(comments...)))
		if err != nil || len(out.Unplaced) > 0 || (out.Posted != 3) != (i > 0) || out.Edited > 0 || (out.Hidden == 1) != (i == 2) {
			t.Errorf("time %d: %+v, %v", i, out, err)
		}
	}
	s.mustRun("r2", pub(on(4, "two", "b")))
	var got []string
	for _, c := range s.pull.ReviewComments() {
		text, _, _ := strings.Cut(c.Body, "\n")
		got = append(got, strings.TrimSpace(c.Author+" "+text+" "+c.Minimized))
	}
	slices.Sort(got)
	want := []string{"github-actions[bot] one RESOLVED", "github-actions[bot] three", "landwaiter[bot] one RESOLVED", "landwaiter[bot] two"}
	if !slices.Equal(got, want) {
		t.Errorf("the page shows %q, want %q", got, want)
	}
	if n := len(s.pull.Comments()); n != 2 {
		t.Errorf("%d summary comments", n)
	}
	runs := make(map[string]int)
	for _, run := range s.pull.CheckRuns() {
		runs[run.App+" "+run.Name]++
	}
	if len(runs) != 2 || runs["github-actions landwaiter-action"] != 1 {
		t.Errorf("check runs %v", runs)
	}
}

// TestTokenOfTheApp: by the App's own account the markers alone keep both apart.
func TestTokenOfTheApp(t *testing.T) {
	t.Parallel()
	s := play(t)
	token := s.inst.Token(granted)
	s.mustRun("r1", publication(on(3, "one", "a")))
	if out, err := s.action(token, false).Publish(t.Context(), by(report.ActionName, publication())); err != nil || out.Hidden > 0 {
		t.Errorf("%+v, %v", out, err)
	}
	s.shows("both", "3 one")
}

// TestTokenRefused: what a token may not do is ErrForbidden, one that GitHub does not know ErrCredentials, and a person
// makes no check runs.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	s := play(t)
	inst := s.workflow()
	pub := by(report.ActionName, publication(on(3, "one", "a")))
	p := s.action(inst.Token(map[string]string{"contents": "read"}), false)
	if err := p.Complete(t.Context(), pub.Checks...); !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "Resource not accessible by integration") {
		t.Errorf("a check of a fork's job: %v", err)
	}
	if _, err := p.Comment(t.Context(), pub); err == nil || len(s.pull.ReviewComments()) > 0 {
		t.Errorf("a comment of a fork's job: %v", err)
	}
	if _, err := s.action("ghs_1_unknown", false).Comment(t.Context(), pub); !errors.Is(err, ErrCredentials) {
		t.Errorf("an unknown token: %v", err)
	}
	person := s.action(s.Token("alice"), true)
	if err := person.Complete(t.Context(), pub.Checks...); !errors.Is(err, ErrForbidden) {
		t.Errorf("a person's check: %v", err)
	}
	for range 2 {
		if _, err := person.Comment(t.Context(), pub); err != nil {
			t.Errorf("a person's comment: %v", err)
		}
	}
	if n := len(s.pull.ReviewComments()); n != 1 {
		t.Errorf("%d comments of a person", n)
	}
	if _, err := NewTokenClient(Settings{URL: s.URL()}, ""); err == nil {
		t.Error("a client without a token")
	}
}

// TestArtifact: the newest archive of a name is fetched, as far as it may be so large.
func TestArtifact(t *testing.T) {
	t.Parallel()
	s := play(t)
	token := s.workflow().Token(map[string]string{"actions": "read"})
	client, repo := s.action(token, false).Client, event.Repository{Owner: "acme", Name: "infra"}
	s.infra.Upload(7, "landwaiter", []byte("old"))
	s.infra.Upload(7, "landwaiter", []byte("newest"))
	s.infra.Upload(7, "other&name=landwaiter", []byte("other"))
	s.infra.Upload(8, "landwaiter", []byte("of another run"))
	get := func(name string, most int64) (string, bool, error) {
		data, found, err := client.Artifact(t.Context(), repo, 7, name, most)
		return string(data), found, err
	}
	for name, want := range map[string]string{"landwaiter": "newest", "other&name=landwaiter": "other", "absent": ""} {
		if data, found, err := get(name, 100); data != want || found != (want != "") || err != nil {
			t.Errorf("%s: %q, %v, %v", name, data, found, err)
		}
	}
	if _, _, err := get("landwaiter", 5); !errors.Is(err, ErrRefused) {
		t.Errorf("too large: %v", err)
	}
	s.infra.ExpireArtifacts()
	if _, found, err := get("landwaiter", 100); found || err != nil {
		t.Errorf("expired: %v, %v", found, err)
	}
	s.Fail(githubtest.Fault{Path: "/storage/*", Status: 500})
	s.infra.Upload(7, "landwaiter", []byte("x"))
	if _, _, err := get("landwaiter", 100); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the storage fails: %v", err)
	}
}
