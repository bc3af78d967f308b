package githubtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// permissions and events are those of the App that the tests play.
var (
	permissions = map[string]string{"checks": "write", "pull_requests": "write", "contents": "read", "merge_queues": "read"}
	events      = []string{"pull_request", "check_run", "check_suite", "issue_comment", "pull_request_review_comment", "pull_request_review", "merge_group", "push"}
)

// stage is a test GitHub with an App on one repository, and what the App was told.
type stage struct {
	*githubtest.GitHub
	t    *testing.T
	app  *githubtest.App
	inst *githubtest.Installation
	repo *githubtest.Repository

	violations int // that the test causes

	mu     sync.Mutex
	told   []told
	status int // of the App's answers to webhooks
}

type told struct {
	event, guid, signature string
	payload                []byte
}

var manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: \"1\"\n  b: \"2\"\n  c: \"3\"\n  d: \"4\"\n  e: \"5\"\n  f: \"6\"\n  g: \"7\"\n  h: \"8\"\n"

// play sets the stage: acme/infra with one file, alice who may write, and an App that is told of everything.
func play(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, status: http.StatusAccepted, GitHub: githubtest.Start(githubtest.Options{Fatalf: t.Fatalf})}
	t.Cleanup(s.Close)
	hook := httptest.NewServer(http.HandlerFunc(s.hear))
	t.Cleanup(hook.Close)
	s.repo = s.Create("acme/infra", githubtest.Files{"app.yaml": manifest, "README.md": "# infra\n"})
	s.repo.Grant("write", "alice", "bob")
	s.app = s.CreateApp(githubtest.AppOptions{Slug: "landwaiter", Permissions: permissions, Events: events, Webhook: hook.URL})
	s.inst = s.app.Install(s.repo)
	t.Cleanup(func() {
		if !s.Settle(limit) {
			t.Error("webhooks are still being sent")
		}
		if got := s.Violations(); len(got) != s.violations {
			t.Errorf("violations, of which %d are wanted:\n%s", s.violations, strings.Join(got, "\n"))
		}
	})
	return s
}

func (s *stage) hear(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("webhook: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, told{r.Header.Get("X-GitHub-Event"), r.Header.Get("X-GitHub-Delivery"), r.Header.Get("X-Hub-Signature-256"), body})
	w.WriteHeader(s.status)
}

// heard returns what the App was told so far, as EVENT ACTION.
func (s *stage) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, d := range s.told {
		var about struct{ Action string }
		if err := json.Unmarshal(d.payload, &about); err != nil {
			s.t.Error(err)
		}
		all = append(all, d.event+" "+about.Action)
	}
	return all
}

// wantHeard compares what the App was told, and forgets it.
func (s *stage) wantHeard(want ...string) {
	s.t.Helper()
	if !s.Settle(limit) {
		s.t.Error("webhooks are still being sent")
	}
	if got := s.heard(); !slices.Equal(got, want) {
		s.t.Errorf("the App was told\n%q, want\n%q", got, want)
	}
	s.heardNow()
}

// client is go-github as the App's installation.
func (s *stage) client() *github.Client {
	s.t.Helper()
	transport, err := ghinstallation.New(http.DefaultTransport, s.app.ID, s.inst.ID, []byte(s.app.PEM))
	if err != nil {
		s.t.Fatal(err)
	}
	transport.BaseURL = s.URL() + "/api/v3"
	return s.with(&http.Client{Transport: transport})
}

// appClient is go-github as the App itself.
func (s *stage) appClient() *github.Client {
	s.t.Helper()
	transport, err := ghinstallation.NewAppsTransport(http.DefaultTransport, s.app.ID, []byte(s.app.PEM))
	if err != nil {
		s.t.Fatal(err)
	}
	return s.with(&http.Client{Transport: transport})
}

func (s *stage) with(c *http.Client) *github.Client {
	client, err := github.NewClient(c).WithEnterpriseURLs(s.URL(), s.URL())
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

var ctx = context.Background()

// limit is longer than anything takes.
const limit = 20 * time.Second

// token is one of the installation.
func (s *stage) token() string { return s.tokenOf(s.app, s.inst) }

func (s *stage) tokenOf(app *githubtest.App, i *githubtest.Installation) string {
	s.t.Helper()
	transport, err := ghinstallation.NewAppsTransport(http.DefaultTransport, app.ID, []byte(app.PEM))
	if err != nil {
		s.t.Fatal(err)
	}
	token, _, err := s.with(&http.Client{Transport: transport}).Apps.CreateInstallationToken(ctx, i.ID, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return token.GetToken()
}

// heardNow forgets what the App was told.
func (s *stage) heardNow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = nil
}

// said is an answer of the REST interface.
type said struct {
	status int
	header http.Header
	text   string
	value  any // the JSON
}

// do sends a request as it stands, which go-github would not always do.
func (s *stage) do(token, method, path, body string, header ...string) said {
	s.t.Helper()
	address := s.RESTURL() + path
	if strings.HasPrefix(path, "/") {
		address = s.URL() + path
	}
	request, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	a := said{status: response.StatusCode, header: response.Header, text: string(text)}
	if json.Unmarshal(text, &a.value) != nil {
		a.value = nil
	}
	return a
}

// number reads a number of an answer that is an object.
func (a said) number(field string) int64 {
	object, _ := a.value.(map[string]any)
	n, _ := object[field].(float64)
	return int64(n)
}

func (a said) list() []any {
	l, _ := a.value.([]any)
	return l
}

func (s *stage) open() *githubtest.PullRequest {
	s.t.Helper()
	return s.repo.Open(githubtest.Proposal{Author: "alice", Branch: "change", Title: "Change a", Files: githubtest.Files{
		"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: \"changed\"\n" + manifest[len("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one\ndata:\n  a: \"1\"\n"):],
	}})
}

func TestPlay(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	gh := s.client()
	run, _, err := gh.Checks.CreateCheckRun(ctx, "acme", "infra", github.CreateCheckRunOptions{
		Name: "landwaiter", HeadSHA: pr.Head(), Status: github.String("in_progress"), ExternalID: github.String("job-1"),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = gh.Checks.UpdateCheckRun(ctx, "acme", "infra", run.GetID(), github.UpdateCheckRunOptions{
		Name: "landwaiter", Conclusion: github.String("failure"), Output: &github.CheckRunOutput{
			Title: github.String("1 error"), Summary: github.String("one error"),
			Annotations: []*github.CheckRunAnnotation{{
				Path: github.String("app.yaml"), StartLine: github.Int(6), EndLine: github.Int(6), AnnotationLevel: github.String("failure"), Message: github.String("bad"),
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = gh.PullRequests.CreateReview(ctx, "acme", "infra", pr.Number, &github.PullRequestReviewRequest{
		CommitID: github.String(pr.Head()), Event: github.String("COMMENT"), Body: github.String("look"),
		Comments: []*github.DraftReviewComment{{Path: github.String("app.yaml"), Line: github.Int(6), Side: github.String("RIGHT"), Body: github.String("why?")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := gh.PullRequests.Get(ctx, "acme", "infra", pr.Number)
	if err != nil || got.GetChangedFiles() != 1 {
		t.Fatalf("%v %v", got, err)
	}
	s.wantHeard("installation created", "push ", "check_suite requested", "pull_request opened", "check_run created", "check_run completed",
		"check_suite completed", "pull_request_review_comment created", "pull_request_review submitted")
}
