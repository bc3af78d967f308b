package github

import (
	"errors"
	"fmt"
	"net/http"
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

// TestLifeOfAnInstallation: tokens that end early are replaced, and what is gone or suspended is told apart.
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
	s.inst.Permit("pull_requests", "read")
	asked := Asked{Repository: s.repo, Number: s.pull.Number, Comment: s.pull.Comment("alice", "/landwaiter help")}
	s.app.Forget(s.inst.ID)
	c = s.client()
	if err := c.Reply(ctx, asked, "x", false); !errors.Is(err, ErrForbidden) {
		t.Errorf("a permission that is missing: %v", err)
	}
	s.inst.Permit("pull_requests", "write")
	if err := c.Reply(ctx, asked, "x", false); err != nil {
		t.Errorf("a permission that was given meanwhile: %v", err)
	}
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
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
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

// TestCheckRunsOfOthers: a server that does not know the filter by App shows the runs of all of them.
func TestCheckRunsOfOthers(t *testing.T) {
	t.Parallel()
	run := func(id, app int) map[string]any {
		return map[string]any{"id": id, "name": "landwaiter", "external_id": "r1", "status": "queued", "app": map[string]any{"id": app}}
	}
	r := record(t, func(w http.ResponseWriter, _ *http.Request) {
		answer(t, w, map[string]any{"total_count": 3, "check_runs": []any{run(1, 7), run(3, 8), run(2, 7)}})
	})
	runs, err := r.client().CheckRuns(t.Context(), acme, head)
	if err != nil || len(runs) != 2 || runs[0].ID != 2 || runs[1].ID != 1 {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestAuthors(t *testing.T) {
	t.Parallel()
	for author, want := range map[graphqlAuthor]bool{
		{"Bot", "landwaiter"}: true, {"Bot", "landwaiter[bot]"}: true, {"User", "landwaiter"}: false, {"Bot", "landwaiter-2"}: false, {"Mannequin", "landwaiter"}: false,
	} {
		if got := author.is(us); got != want {
			t.Errorf("%+v: %v", author, got)
		}
	}
	if (*graphqlAuthor)(nil).is(us) {
		t.Error("an account that is gone")
	}
}
