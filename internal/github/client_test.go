package github

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func (s *stage) client() *Client { return s.app.Client(s.inst.ID) }

func TestPeople(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.infra.Grant("read", "rita")
	s.infra.Grant("triage", "tim")
	s.infra.Grant("maintain", "max")
	s.Team("acme", "security", "alice")
	ctx, c := t.Context(), s.client()
	for login, want := range map[string]bool{"alice": true, "max": true, "acme": true, "rita": false, "tim": false, "stranger": false, "ghost[bot]": false} {
		if got, err := c.Permission(ctx, s.repo, login); err != nil || got.CanWrite() != want {
			t.Errorf("%s has %q, %v", login, got, err)
		}
	}
	for _, login := range []string{"", "../x", "a/b", "a?b"} {
		if got, err := c.Permission(ctx, s.repo, login); err == nil || got.CanWrite() {
			t.Errorf("%q has %q", login, got)
		}
	}
	for login, want := range map[string]bool{"alice": true, "rita": false} {
		if got, err := c.InTeam(ctx, "acme", "security", login); err != nil || got != want {
			t.Errorf("%s in security: %v, %v", login, got, err)
		}
	}
	if got, err := c.InTeam(ctx, "acme", "nobody", "alice"); err != nil || got {
		t.Errorf("a team that is not there: %v, %v", got, err)
	}
	s.inst.Permit("members", "")
	s.app.Forget(s.inst.ID) // as an hour later
	s.ForgetRequests()
	_, err := s.client().InTeam(ctx, "acme", "security", "alice")
	if !errors.Is(err, ErrForbidden) || !strings.Contains(err.Error(), "members: read") {
		t.Errorf("without members: read: %v", err)
	}
	if s.Count("GET", "/orgs/{org}/teams/{team_slug}/memberships/{username}") > 0 {
		t.Error("GitHub was asked what it does not tell")
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx := t.Context()
	first := s.infra.Push("alice", "main", "policy", githubtest.Files{".github/landwaiter.yaml": "helm: 3\n", "empty": "", "big": strings.Repeat("x", MaxFile+1), "spa ce/ü%2f.yaml": "odd"})
	s.infra.Push("alice", "main", "policy", githubtest.Files{".github/landwaiter.yaml": "helm: 4\n"})
	read := func(path, ref string) string {
		data, found, err := s.client().File(ctx, s.repo, path, ref)
		if err != nil {
			return "error"
		}
		return fmt.Sprintf("%v %s", found, data)
	}
	for _, test := range []struct{ path, ref, want string }{
		{".github/landwaiter.yaml", "", "true helm: 4\n"},
		{".github/landwaiter.yaml", first, "true helm: 3\n"},
		{".github/landwaiter.yaml", "change", "false "},
		{".github/landwaiter.yaml", otherHead, "false "},
		{"empty", "", "true "},
		{"spa ce/ü%2f.yaml", "", "true odd"},
		{".github", "", "error"},
		{"big", "", "error"},
		{"../x", "", "error"},
		{"/etc/passwd", "", "error"},
		{"", "", "error"},
	} {
		if got := read(test.path, test.ref); got != test.want {
			t.Errorf("%q at %q: %.60q, want %q", test.path, test.ref, got, test.want)
		}
	}
	if _, found, err := s.client().File(ctx, OrganisationRepository(s.repo), "landwaiter.yaml", ""); found || err != nil {
		t.Errorf("an organisation without a repository: %v, %v", found, err)
	}
	s.Fail(githubtest.Fault{Path: "/api/v3/repos/*", Status: 502})
	if got := read("empty", ""); got != "error" {
		t.Errorf("a failure is not absence: %q", got)
	}
	s.Heal()
	var warm atomic.Int64
	app, err := NewApp(Settings{URL: s.URL(), AppID: s.hooked.ID, PrivateKey: []byte(s.hooked.PEM), Observe: func(c Call) {
		if c.Status == http.StatusNotModified && c.Endpoint == "/repos/{owner}/{repo}/contents/{path+}" {
			warm.Add(1)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, found, err := app.Client(s.inst.ID).File(ctx, s.repo, ".github/landwaiter.yaml", ""); !found || err != nil {
			t.Fatalf("%v, %v", found, err)
		}
	}
	if warm.Load() != 2 {
		t.Errorf("%d of 2 answers cost nothing", warm.Load())
	}
}

func TestPullRequests(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	first := s.pull
	s.infra.Grant("read", "eve")
	fork := s.infra.Open(githubtest.Proposal{Author: "eve", Branch: "evil", Fork: "eve/infra", Draft: true, Files: githubtest.Files{"app.yaml": "x: y\n"}})
	got, err := c.PullRequest(ctx, s.repo, fork.Number)
	if err != nil || !got.Fork || !got.Draft || !got.Open || got.Author != "eve" || got.HeadRepository != "eve/infra" || got.Head != fork.Head() || got.BaseRef != "main" {
		t.Errorf("%+v, %v", got, err)
	}
	want := event.Task{Kind: event.Review, Subject: event.Subject{Repository: s.repo, Number: fork.Number}, Head: fork.Head(), Base: got.Base, BaseRef: "main", Draft: true, Fork: true, Author: "eve"}
	if task := got.Review(s.repo); fmt.Sprint(task) != fmt.Sprint(want) {
		t.Errorf("its task is %+v", task)
	}
	first.Close("alice")
	if got, err := c.PullRequest(ctx, s.repo, first.Number); err != nil || got.Open || got.Fork || got.HeadRef != "change" {
		t.Errorf("%+v, %v", got, err)
	}
	if all, err := c.OpenPullRequests(ctx, s.repo); err != nil || len(all) != 1 || all[0].Number != fork.Number || !all[0].Fork {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := c.PullRequest(ctx, s.repo, 999); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestListsHaveAllPages(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("page") != "3" {
			next := "2"
			if req.URL.Query().Get("page") == "2" {
				next = "3"
			}
			w.Header().Set("Link", fmt.Sprintf(`<http://x%s?page=%s>; rel="next"`, req.URL.Path, next))
		}
		switch {
		case strings.HasSuffix(req.URL.Path, "/pulls"):
			answer(t, w, []any{pullAnswer(1), pullAnswer(2)})
		case strings.HasSuffix(req.URL.Path, "/installations"):
			answer(t, w, []any{map[string]any{"id": 5}, map[string]any{"id": 6, "suspended_at": time.Now()}})
		default:
			owner := map[string]any{"login": "acme"}
			answer(t, w, map[string]any{"repositories": []any{
				map[string]any{"id": 9, "name": "infra", "owner": owner}, map[string]any{"id": 10, "name": "old", "owner": owner, "archived": true},
				map[string]any{"id": 11, "name": "../x", "owner": owner}}})
		}
	})
	app := r.app()
	if all, err := app.Client(5).OpenPullRequests(t.Context(), acme); err != nil || len(all) != 6 {
		t.Errorf("%d pull requests, %v", len(all), err)
	}
	if all, err := app.Installations(t.Context()); err != nil || !slices.Equal(all, []int64{5, 5, 5}) {
		t.Errorf("installations %v, %v", all, err)
	}
	if all, err := app.Client(5).Repositories(t.Context()); err != nil || len(all) != 3 || all[0].FullName() != "acme/infra" || all[0].Installation != 5 {
		t.Errorf("repositories %v, %v", all, err)
	}
}

func TestCommits(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	s.warm()
	parent := s.pull.Head()
	id, err := c.Commit(ctx, s.repo, Commit{Branch: "change", Parent: parent, Message: "Apply fixes", Files: []File{
		{Path: "app.yaml", Content: []byte("fixed: ü\n")}, {Path: "run.sh", Content: []byte("#!/bin/sh\n"), Executable: true}}})
	if err != nil || s.infra.Head("change") != id || s.pull.Head() != id {
		t.Fatalf("%s, %v", id, err)
	}
	if got, _ := s.infra.File("change", "app.yaml"); got != "fixed: ü\n" {
		t.Errorf("app.yaml is %q", got)
	}
	if got, ok := s.infra.File("change", "other.yaml"); !ok || got != "a: b\n" {
		t.Errorf("other.yaml is %q", got)
	}
	s.expect("a commit of text", "GET /git/commits/{commit_sha}", "POST /git/trees", "POST /git/commits", "PATCH /git/refs/{ref+}")
	binary := []byte{0xff, 0xfe, 0}
	if _, err := c.Commit(ctx, s.repo, Commit{Branch: "new", Parent: id, Message: "binary", Create: true, Files: []File{{Path: "a/b", Content: binary}}}); err != nil {
		t.Fatal(err)
	}
	if got, _ := s.infra.File("new", "a/b"); got != string(binary) {
		t.Errorf("a/b is %q", got)
	}
	for name, commit := range map[string]Commit{
		"the branch moved":    {Branch: "change", Parent: parent, Message: "x", Files: []File{{Path: "x", Content: []byte("x")}}},
		"the branch is there": {Branch: "new", Parent: id, Message: "x", Create: true, Files: []File{{Path: "x", Content: []byte("x")}}},
		"the branch is gone":  {Branch: "nowhere", Parent: id, Message: "x", Files: []File{{Path: "x", Content: []byte("x")}}},
	} {
		if _, err := c.Commit(ctx, s.repo, commit); !errors.Is(err, ErrMoved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range []string{"../x", "/x", "", "a/../b"} {
		if _, err := c.Commit(ctx, s.repo, Commit{Branch: "change", Parent: id, Message: "x", Files: []File{{Path: path}}}); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", path, err)
		}
	}
	n := NewPullRequest{Title: "Exempt", Body: "because", Branch: "new", Base: "main"}
	number, address, err := c.OpenPullRequest(ctx, s.repo, n)
	if err != nil || address != fmt.Sprintf("%s/acme/infra/pull/%d", s.URL(), number) {
		t.Fatalf("%d at %s, %v", number, address, err)
	}
	if again, same, err := c.OpenPullRequest(ctx, s.repo, n); err != nil || again != number || same != address {
		t.Errorf("again: %d at %s, %v", again, same, err)
	}
	if _, _, err := c.OpenPullRequest(ctx, s.repo, NewPullRequest{Title: "x", Branch: "nowhere", Base: "main"}); !errors.Is(err, ErrRefused) {
		t.Error(err)
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	talk := Asked{Repository: s.repo, Number: s.pull.Number, Comment: s.pull.Comment("alice", "/landwaiter help")}
	first := s.pull.CommentOn("alice", "app.yaml", 3, "what?")
	line := Asked{Repository: s.repo, Number: s.pull.Number, Comment: s.pull.Reply("alice", first, "/landwaiter explain"), Inline: true}
	for _, asked := range []Asked{talk, line} {
		for range 2 {
			if err := c.Acknowledge(ctx, asked); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Reply(ctx, asked, "An answer.", false); err != nil {
			t.Fatal(err)
		}
		if err := c.Reply(ctx, asked, "An answer.", true); err != nil { // after a crash
			t.Fatal(err)
		}
	}
	comments, lines := s.pull.Comments(), s.pull.ReviewComments()
	if len(comments) != 2 || !strings.HasPrefix(comments[1].Body, "An answer.") || !slices.Equal(comments[0].Reactions, []string{"eyes"}) {
		t.Errorf("the conversation is %+v", comments)
	}
	if len(lines) != 3 || lines[2].ReplyTo != first || !slices.Equal(lines[1].Reactions, []string{"eyes"}) {
		t.Errorf("the thread is %+v", lines)
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer hook.Close()
	s := play(t)
	s.hooked.SetWebhook(hook.URL)
	ctx := t.Context()
	s.pull.Rename("alice", "Delivered")
	down.Store(true)
	s.pull.Push("alice", githubtest.Files{"app.yaml": "a: b\n"})
	failed, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
	if err != nil || slices.ContainsFunc(failed, func(d Delivery) bool { return d.Action == "edited" }) {
		t.Fatalf("%+v, %v", failed, err)
	}
	if !slices.ContainsFunc(failed, func(d Delivery) bool {
		return d.Event == "pull_request" && d.Action == "synchronize" && d.Status == http.StatusBadGateway && d.Installation == s.inst.ID
	}) {
		t.Errorf("the push is not among %+v", failed)
	}
	if none, err := s.app.FailedDeliveries(ctx, time.Now().Add(time.Hour)); err != nil || len(none) > 0 {
		t.Errorf("of the future: %+v, %v", none, err)
	}
	if err := s.app.Redeliver(ctx, failed[0].ID); err != nil { // in vain
		t.Fatal(err)
	}
	s.Wait(5*time.Second, func() bool {
		again, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
		return err == nil && slices.ContainsFunc(again, func(d Delivery) bool { return d.GUID == failed[0].GUID && d.ID != failed[0].ID })
	})
	down.Store(false)
	for _, d := range failed {
		if err := s.app.Redeliver(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
	}
	delivered := s.Wait(5*time.Second, func() bool {
		left, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
		return err == nil && len(left) == 0
	})
	if !delivered {
		t.Error("not all were delivered again")
	}
	if err := s.app.Redeliver(ctx, 1); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	s := play(t)
	text, err := json.Marshal(map[string]any{"name": "Landwaiter Two", "url": "https://landwaiter.example", "redirect_url": "http://127.0.0.1/setup/done",
		"hook_attributes": map[string]any{"url": "https://landwaiter.example/webhook"}, "default_permissions": map[string]string{"checks": "write"}, "default_events": []string{"check_run"}})
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.PostForm(s.app.Site().NewApp("acme")+"?state=x", url.Values{"manifest": {string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	made, err := Convert(t.Context(), Settings{URL: s.URL()}, back.Query().Get("code"))
	if err != nil || made.Slug != "landwaiter-two" || made.WebhookSecret == "" {
		t.Fatalf("%s, %v", made.Slug, err)
	}
	app, err := NewApp(Settings{URL: s.URL(), AppID: made.AppID, PrivateKey: []byte(made.PrivateKey)})
	if err != nil {
		t.Fatal(err)
	}
	if identity, err := app.Verify(t.Context()); err != nil || identity.Slug != made.Slug {
		t.Errorf("%+v, %v", identity, err)
	}
	for _, code := range []string{back.Query().Get("code"), "unknown"} {
		if _, err := Convert(t.Context(), Settings{URL: s.URL()}, code); !errors.Is(err, ErrNotFound) {
			t.Errorf("a code works once: %v", err)
		}
	}
	for _, code := range []string{"", "../x", "a/b", "a?b"} {
		if _, err := Convert(t.Context(), Settings{URL: s.URL()}, code); err == nil {
			t.Errorf("%q is no code", code)
		}
	}
}

// TestLifeOfATokenAndAnInstallation: tokens that end early are replaced, and what is gone or suspended is told apart.
func TestLifeOfAnInstallation(t *testing.T) {
	t.Parallel()
	s := play(t)
	ctx, c := t.Context(), s.client()
	ask := func() error { _, err := c.PullRequest(ctx, s.repo, s.pull.Number); return err }
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	s.ExpireTokens()
	if err := ask(); err != nil {
		t.Errorf("a token that ended early: %v", err)
	}
	s.inst.Suspend(true)
	if err := ask(); !errors.Is(err, ErrForbidden) {
		t.Errorf("suspended: %v", err)
	}
	s.inst.Suspend(false)
	if err := ask(); err != nil {
		t.Errorf("no longer suspended: %v", err)
	}
	s.infra.Grant("write", "bob")
	s.inst.Remove(s.infra)
	if err := ask(); !errors.Is(err, ErrNotFound) {
		t.Errorf("repository taken away: %v", err)
	}
	s.inst.Delete()
	s.app.Forget(s.inst.ID)
	c = s.client()
	if err := ask(); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "token for installation") {
		t.Errorf("uninstalled: %v", err)
	}
}

// TestGitToken: what git gets reads one repository and writes nothing.
func TestGitToken(t *testing.T) {
	t.Parallel()
	s := play(t)
	secret := s.Create("acme/secret", githubtest.Files{"a": "b"})
	s.inst.Add(secret)
	token, err := s.client().GitToken(t.Context(), s.repo)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) int {
		req, err := http.NewRequestWithContext(t.Context(), method, s.RESTURL()+path, strings.NewReader(`{"body":"x"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for path, want := range map[string]int{
		"GET repos/acme/infra/contents/app.yaml": 200, "GET repos/acme/secret/contents/a": 404,
		fmt.Sprintf("POST repos/acme/infra/issues/%d/comments", s.pull.Number): 403,
	} {
		method, at, _ := strings.Cut(path, " ")
		if got := ask(method, at); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}
