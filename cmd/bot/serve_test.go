package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// These tests play whole pull requests: the App runs in this process, as "landwaiter serve" joins it, beside a GitHub for
// tests that checks every request against GitHub's published interface. What every test holds is in stage.sound.

// patience is how long something may take that is expected to happen, on a machine that is busy.
const patience = 90 * time.Second

// appPermissions and appEvents are those that docs/app.md asks for, with its choices.
var appEvents = []string{"pull_request", "pull_request_review_comment", "merge_group", "check_run", "check_suite", "push", "issue_comment"}

func appPermissions() map[string]string {
	return map[string]string{"checks": "write", "pull_requests": "write", "contents": "write", "merge_queues": "read", "issues": "read", "members": "read"}
}

// stage is a test GitHub with a repository and the App on it.
type stage struct {
	testing.TB
	*githubtest.GitHub
	repo *githubtest.Repository
	app  *githubtest.App
	inst *githubtest.Installation
	env  map[string]string
	tune tuning

	data    string
	service *service
	address string
	log     *transcript
	halt    func()
	failed  int      // reviews that are wanted to stay without a completed check run
	secrets []string // that must be in no request and no log
}

// play sets the stage, with acme/infra holding files, and ada and bob who may write to it. The App is running.
func play(t *testing.T, files githubtest.Files) *stage {
	s := prepare(t, files)
	s.start()
	return s
}

// prepare is play without the App running.
func prepare(t *testing.T, files githubtest.Files) *stage {
	t.Helper()
	t.Parallel()
	s := setStage(t, files)
	t.Cleanup(s.sound)
	return s
}

// setStage is prepare for figures too, of which nothing is held at the end.
func setStage(t testing.TB, files githubtest.Files) *stage {
	t.Helper()
	s := &stage{TB: t, GitHub: githubtest.Start(githubtest.Options{Fatalf: t.Fatalf}), data: t.TempDir(), log: &transcript{}, tune: tuning{retry: 5 * time.Millisecond}}
	t.Cleanup(s.Close)
	s.repo = s.Create("acme/infra", files)
	s.repo.Grant("write", "ada", "bob")
	s.app = s.CreateApp(githubtest.AppOptions{Slug: "landwaiter", Permissions: appPermissions(), Events: appEvents})
	s.inst = s.app.Install(s.repo)
	s.secrets = []string{"PRIVATE KEY", s.app.Secret, "ghs_"}
	s.env = map[string]string{
		"LANDWAITER_LISTEN": "127.0.0.1:0", "LANDWAITER_LOG_FORMAT": "json", "LANDWAITER_DATA": s.data, "LANDWAITER_GITHUB_URL": s.URL(),
		"LANDWAITER_APP_ID": strconv.FormatInt(s.app.ID, 10), "LANDWAITER_PRIVATE_KEY": s.app.PEM, "LANDWAITER_WEBHOOK_SECRETS": s.app.Secret,
		"LANDWAITER_WORKERS": "4",
	}
	return s
}

// start runs the App and tells GitHub where it is.
func (s *stage) start() {
	s.Helper()
	sys := surroundings{stdin: strings.NewReader(""), stdout: io.Discard, stderr: s.log, env: func(name string) string { return s.env[name] }, environ: os.Environ()}
	settings, err := (&serveCmd{}).settings(sys)
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.service, err = newService(ctx, sys, settings, s.tune)
	if err != nil {
		cancel()
		s.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.service.run(ctx) }()
	s.halt = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			s.Errorf("serving ended: %v", err)
		}
		if err := s.service.close(context.Background()); err != nil {
			s.Errorf("closing: %v", err)
		}
	})
	s.Cleanup(s.halt)
	s.address = "http://" + s.log.await(s.TB, `"address":"`, `"`)
	s.app.SetWebhook(s.address + "/webhook")
}

// transcript is what a server logs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *transcript) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// await returns what stands between two texts, as soon as it does.
func (l *transcript) await(t testing.TB, before, after string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if _, rest, ok := strings.Cut(l.String(), before); ok {
			if found, _, ok := strings.Cut(rest, after); ok {
				return found
			}
		}
	}
	t.Fatalf("%q is not in the log:\n%s", before, l)
	return ""
}

// until waits for something.
func (s *stage) until(what string, done func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(15 * time.Millisecond) {
		if done() {
			return
		}
	}
	s.Fatalf("it did not happen: %s\n%s", what, s.log)
}

// idle waits until everything that was asked for is done: webhooks are answered, and no job is left.
func (s *stage) idle() {
	s.Helper()
	s.until("all jobs are done", func() bool {
		if !s.Settle(patience) {
			return false
		}
		status, err := s.service.queue.Status(context.Background())
		return err == nil && status.Queued+status.Running+status.Waiting == 0 && s.Settle(0)
	})
}

// reviewed waits until all is done and holds how the check run of the pull request's head ended.
func (s *stage) reviewed(pr *githubtest.PullRequest, conclusion, title string) githubtest.CheckRun {
	s.Helper()
	s.idle()
	return s.concluded(pr.Head(), "landwaiter", conclusion, title)
}

// concluded holds how the newest check run of a name on a commit ended.
func (s *stage) concluded(head, name, conclusion, title string) githubtest.CheckRun {
	s.Helper()
	run, ok := s.repo.CheckRun(head, name)
	if !ok {
		s.Fatalf("%.10s has no check run %s\n%s", head, name, s.log)
	}
	if run.Conclusion != conclusion || !strings.Contains(run.Title, title) {
		s.Fatalf("check run %s of %.10s is %q, %s: want %s, %q\n%s\n%s", name, head, run.Title, run.Conclusion, conclusion, title, run.Summary, s.log)
	}
	return run
}

// visible are the inline comments of the App that are not hidden.
func visible(pr *githubtest.PullRequest) (all []githubtest.ReviewComment) {
	for _, c := range pr.ReviewComments() {
		if c.Minimized == "" && c.Author == "landwaiter[bot]" {
			all = append(all, c)
		}
	}
	return all
}

// commented holds the places of the visible comments of the App, as FILE:LINE.
func (s *stage) commented(pr *githubtest.PullRequest, want ...string) []githubtest.ReviewComment {
	s.Helper()
	all := visible(pr)
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s:%d", c.Path, c.Line))
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		s.Errorf("comments stand at %q, want %q\n%s", got, want, pr.Conversation())
	}
	return all
}

// answers are the comments of the App in the conversation.
func answers(pr *githubtest.PullRequest) (all []string) {
	for _, c := range pr.Comments() {
		if c.Author == "landwaiter[bot]" {
			all = append(all, c.Body)
		}
	}
	return all
}

// calls are the requests to the API since the last time, without Git's and those for tokens, as METHOD PATH.
func (s *stage) calls() (all []string) {
	for _, r := range s.Requests() {
		if path, ok := strings.CutPrefix(r.Path, "/api/"); ok && !strings.HasSuffix(path, "/access_tokens") {
			all = append(all, r.Method+" "+path)
		}
	}
	s.ForgetRequests()
	return all
}

// sound holds what is true at the end of every play: GitHub would have taken every request, every check run is completed,
// no review has two check runs of a name, nothing visible was said twice, and no secret is in a request or in the log.
func (s *stage) sound() {
	if s.Failed() {
		return
	}
	s.halt()
	for _, v := range s.Violations() {
		s.Errorf("GitHub would not have taken this: %s", v)
	}
	unfinished := 0
	for _, pr := range s.repo.PullRequests() {
		seen := make(map[string]bool)
		for _, run := range pr.CheckRuns() {
			if run.Status != "completed" {
				unfinished++
			}
			if key := run.Name + " " + run.ExternalID; seen[key] {
				s.Errorf("#%d has two check runs %s of one review", pr.Number, run.Name)
			} else {
				seen[key] = true
			}
		}
		s.once(pr)
	}
	if unfinished != s.failed {
		s.Errorf("%d check runs are not completed, want %d", unfinished, s.failed)
	}
	s.discreet()
}

// once holds that the App said nothing twice.
func (s *stage) once(pr *githubtest.PullRequest) {
	said := make(map[string]bool)
	for _, c := range visible(pr) {
		key := fmt.Sprintf("%s:%d %s", c.Path, c.Line, c.Body)
		if said[key] {
			s.Errorf("#%d has a comment twice: %s", pr.Number, key)
		}
		said[key] = true
	}
	for _, body := range answers(pr) {
		if said[body] {
			s.Errorf("#%d has an answer twice: %s", pr.Number, body)
		}
		said[body] = true
	}
}

// discreet holds that no secret was told to anybody.
func (s *stage) discreet() {
	for _, secret := range s.secrets {
		if strings.Contains(s.log.String(), secret) {
			s.Errorf("%q is in the log:\n%s", secret, s.log)
		}
		for _, r := range s.Requests() {
			if bytes.Contains(r.Body, []byte(secret)) && !strings.Contains(r.Path, ".git/") {
				s.Errorf("%q is in a request to %s:\n%s", secret, r.Path, r.Body)
			}
		}
	}
}

// get asks the server itself.
func (s *stage) get(path string) (status int, text string) {
	s.Helper()
	response, err := http.Get(s.address + path) //nolint:noctx // it has a limit of its own
	if err != nil {
		s.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// deployment is a manifest that no rule has much to say of. Its container can be given more, from line 26 on.
func deployment(name, more string) string {
	return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ` + name + `
  namespace: web
spec:
  replicas: 2
  selector:
    matchLabels: {app: ` + name + `}
  template:
    metadata:
      labels: {app: ` + name + `}
    spec:
      automountServiceAccountToken: false
      containers:
        - name: main
          image: ghcr.io/acme/` + name + `:1.0
          resources:
            requests: {cpu: 100m, memory: 64Mi}
            limits: {memory: 64Mi}
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: true
            readOnlyRootFilesystem: true
            capabilities: {drop: [ALL]}
` + more
}

const (
	webFile    = "apps/web/deployment.yaml"
	privileged = "            privileged: true\n" // for deployment, one error at its line 26
)

// infrastructure is a repository with one deployment.
func infrastructure() githubtest.Files {
	return githubtest.Files{webFile: deployment("web", ""), "README.md": "# Infrastructure\n"}
}

// bad is a change with one error, good is one with none.
func bad() githubtest.Files { return githubtest.Files{webFile: deployment("web", privileged)} }
func good() githubtest.Files {
	return githubtest.Files{webFile: strings.Replace(deployment("web", ""), "replicas: 2", "replicas: 3", 1)}
}

// open opens a pull request of ada's.
func (s *stage) open(files githubtest.Files) *githubtest.PullRequest {
	s.Helper()
	return s.repo.Open(githubtest.Proposal{Author: "ada", Branch: fmt.Sprintf("change-%d", len(s.repo.PullRequests())+1), Title: "A change", Files: files})
}

// kept are the directories of repositories in the data directory.
func (s *stage) kept() (all []string) {
	for _, pattern := range []string{"mirrors/*/*.git", "renderings/*/*"} {
		found, err := filepath.Glob(filepath.Join(s.data, pattern))
		if err != nil {
			s.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}
