package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

// workshop is a test GitHub with a repository whose workflows run: their jobs write by the App github-actions.
type workshop struct {
	*testing.T
	*githubtest.GitHub
	repo *githubtest.Repository
	inst *githubtest.Installation
}

// mayWrite and mayRead are the tokens of a job that asks for what docs/action.md says, and of a pull request from a fork.
func mayWrite() map[string]string {
	return map[string]string{"contents": "read", "pull_requests": "write", "checks": "write", "actions": "read"}
}
func mayRead() map[string]string { return map[string]string{"contents": "read"} }

func newWorkshop(t *testing.T, files githubtest.Files) *workshop {
	t.Helper()
	t.Parallel()
	w := &workshop{T: t, GitHub: githubtest.Start(githubtest.Options{Fatalf: t.Fatalf})}
	t.Cleanup(w.Close)
	t.Cleanup(func() {
		for _, v := range w.Violations() {
			t.Errorf("breaks GitHub's contract: %s", v)
		}
	})
	w.repo = w.CreatePublic("acme/infra", files)
	w.repo.Grant("write", "ada")
	w.inst = w.CreateApp(githubtest.AppOptions{Slug: "github-actions", Permissions: mayWrite()}).Install(w.repo)
	return w
}

// step is one run of the action: what the runner tells it, and what it wrote.
type step struct {
	workspace, log, summary, outputs string
	err                              error
}

// run runs the action in a workspace of its own, with what was checked out of a commit, alone; "" checks nothing out.
func (w *workshop) run(commit string, event map[string]any, env map[string]string) step {
	w.Helper()
	dir := w.TempDir()
	s := step{workspace: filepath.Join(dir, "work")}
	if err := os.MkdirAll(s.workspace, 0o755); err != nil {
		w.Fatal(err)
	}
	if commit != "" {
		w.checkOut(s.workspace, commit)
	}
	text, err := json.Marshal(event)
	if err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "event.json"), text, 0o600); err != nil {
		w.Fatal(err)
	}
	all := map[string]string{
		"GITHUB_SERVER_URL": w.URL(), "GITHUB_REPOSITORY": w.repo.FullName(), "GITHUB_WORKSPACE": s.workspace, "RUNNER_TEMP": filepath.Join(dir, "temp"),
		"GITHUB_EVENT_PATH": filepath.Join(dir, "event.json"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary"), "GITHUB_OUTPUT": filepath.Join(dir, "output"),
		"GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_JOB": "review", "LANDWAITER_CACHE": filepath.Join(dir, "cache"), "HOME": dir,
	}
	for name, value := range env {
		all[name] = value
	}
	var log bytes.Buffer
	sys := surroundings{stdin: strings.NewReader(""), stdout: &log, stderr: io.Discard, env: func(name string) string { return all[name] }, environ: os.Environ()}
	s.err = actionCmd{}.Run(w.Context(), sys)
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		return string(text)
	}
	s.log, s.summary, s.outputs = log.String(), read("summary"), read("output")
	return s
}

// checkOut is what actions/checkout does by default: one commit, and nothing of its history.
func (w *workshop) checkOut(dir, commit string) {
	w.Helper()
	w.git("-C", dir, "init", "-q")
	w.git("-C", dir, "fetch", "-q", "--depth=1", w.repo.CloneURL(), commit)
	w.git("-C", dir, "checkout", "-q", "FETCH_HEAD")
}

func (w *workshop) git(args ...string) {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), "git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// pulled is the event of a pull request.
func (w *workshop) pulled(pr *githubtest.PullRequest) map[string]any {
	return map[string]any{"repository": map[string]any{"full_name": w.repo.FullName()}, "pull_request": map[string]any{
		"number": pr.Number, "draft": false, "head": map[string]any{"sha": pr.Head()}, "base": map[string]any{"sha": w.repo.Head("main")},
	}}
}

// shows holds what of the comments of an account is visible, by their first line.
func (w *workshop) shows(pr *githubtest.PullRequest, author string, want ...string) {
	w.Helper()
	var got []string
	for _, c := range pr.ReviewComments() {
		if first, _, _ := strings.Cut(c.Body, "\n"); c.Author == author && c.Minimized == "" {
			got = append(got, first)
		}
	}
	if len(got) != len(want) {
		w.Fatalf("%s says %q, want %q", author, got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			w.Errorf("%s says %q, want %q", author, got[i], want[i])
		}
	}
}

func isUsage(err error) bool {
	var exit *exitError
	return errors.As(err, &exit) && exit.code == exitUsage
}

// TestActionPublishes: with permission the Action shows on the pull request what the App would, once, and takes it back.
func TestActionPublishes(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: bad()})
	env := map[string]string{"GITHUB_EVENT_NAME": "pull_request", "INPUT_TOKEN": w.inst.Token(mayWrite())}
	for _, attempt := range []string{"1", "2"} {
		env["GITHUB_RUN_ATTEMPT"] = attempt
		s := w.run(pr.Head(), w.pulled(pr), env)
		if !errors.Is(s.err, errFindings) || !strings.Contains(s.log, "::error file="+webFile+",line=26,") || strings.Contains(s.log+s.summary, "Not all is shown") {
			t.Errorf("%v\n%s", s.err, s.log)
		}
	}
	w.shows(pr, "github-actions[bot]", "container main is privileged")
	runs := pr.CheckRuns()
	if len(runs) != 1 || runs[0].Name != report.ActionName || runs[0].Conclusion != "failure" || len(runs[0].Actions) > 0 || !strings.HasSuffix(runs[0].DetailsURL, "/acme/infra/actions/runs/7") {
		t.Errorf("check runs %+v", runs)
	}
	pr.Push("ada", good())
	env["GITHUB_RUN_ID"] = "8"
	if s := w.run(pr.Head(), w.pulled(pr), env); s.err != nil {
		t.Errorf("corrected: %v\n%s", s.err, s.log)
	}
	w.shows(pr, "github-actions[bot]")
	if run, ok := w.repo.CheckRun(pr.Head(), report.ActionName); !ok || run.Conclusion != "success" {
		t.Errorf("corrected: %+v", run)
	}
}

// TestActionAlone: without permission, or unwanted, nothing is written, which the first says, and the verdict stands.
func TestActionAlone(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: bad()})
	for _, test := range []struct {
		what   string
		env    map[string]string
		passes bool
		says   bool
	}{
		{"a fork's", map[string]string{"INPUT_TOKEN": w.inst.Token(mayRead())}, false, true},
		{"no token", map[string]string{}, false, true},
		{"off", map[string]string{"INPUT_TOKEN": w.inst.Token(mayWrite()), "INPUT_COMMENT": "off"}, false, false},
		{"off and never failing", map[string]string{"INPUT_TOKEN": w.inst.Token(mayWrite()), "INPUT_COMMENT": "none", "INPUT_FAIL_ON": "never"}, true, false},
	} {
		test.env["GITHUB_EVENT_NAME"] = "pull_request"
		s := w.run(pr.Head(), w.pulled(pr), test.env)
		if test.passes != (s.err == nil) || !test.passes && !errors.Is(s.err, errFindings) {
			t.Errorf("%s: %v\n%s", test.what, s.err, s.log)
		}
		for where, text := range map[string]string{"log": s.log, "summary": s.summary} {
			if strings.Contains(text, "Not all is shown on the pull request") != test.says {
				t.Errorf("%s: the %s says\n%s", test.what, where, text)
			}
		}
		if len(pr.CheckRuns())+len(pr.ReviewComments()) > 0 {
			t.Errorf("%s: something is written", test.what)
		}
	}
	if s := w.run("", w.pulled(pr), map[string]string{"GITHUB_EVENT_NAME": "pull_request", "INPUT_COMMENT": "perhaps"}); !isUsage(s.err) {
		t.Errorf("a comment that is neither on nor off: %v", s.err)
	}
}

// TestActionEvents: a step for another part of the repository, a draft and a merge queue.
func TestActionEvents(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: bad()})
	token := w.inst.Token(mayWrite())
	draft := w.pulled(pr)
	draft["pull_request"].(map[string]any)["draft"] = true
	for _, test := range []struct {
		what, event, check string
		payload            map[string]any
		env                map[string]string
	}{
		{"a draft", "pull_request", report.ActionName, draft, nil},
		{"a merge queue", "merge_group", report.ActionName, map[string]any{"merge_group": map[string]any{"head_sha": pr.Head(), "base_sha": w.repo.Head("main")}}, nil},
		{"a part", "pull_request", report.ActionName + ":apps", draft, map[string]string{"INPUT_PATH": "apps/"}},
		{"a push", "push", "", map[string]any{"before": w.repo.Head("main"), "after": pr.Head()}, map[string]string{"GITHUB_SHA": pr.Head()}},
		{"everything", "workflow_dispatch", "", map[string]any{}, map[string]string{"GITHUB_SHA": pr.Head()}},
		{"a branch by hand", "workflow_dispatch", "", map[string]any{}, map[string]string{"GITHUB_SHA": pr.Head(), "INPUT_BASE": "main"}},
	} {
		env := map[string]string{"GITHUB_EVENT_NAME": test.event, "INPUT_TOKEN": token, "GITHUB_RUN_ID": test.what}
		for name, value := range test.env {
			env[name] = value
		}
		before := len(pr.CheckRuns())
		s := w.run(pr.Head(), test.payload, env)
		if !errors.Is(s.err, errFindings) || !strings.Contains(s.log, "line=26,") {
			t.Errorf("%s: %v\n%s", test.what, s.err, s.log)
		}
		runs := pr.CheckRuns()
		if (len(runs) > before) != (test.check != "") || test.check != "" && !slices.ContainsFunc(runs, func(r githubtest.CheckRun) bool {
			return r.Name == test.check && r.ExternalID == "action/"+test.what+"/review"
		}) {
			t.Errorf("%s: check runs %+v", test.what, runs)
		}
	}
	w.shows(pr, "github-actions[bot]")
}

// TestActionWaits: a limit of GitHub's is waited for, when it is short.
func TestActionWaits(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: bad()})
	w.Fail(githubtest.Fault{Path: "/api/v3/repos/*", Method: "POST", Status: 429, Header: map[string]string{"Retry-After": "1"}, Times: 1})
	s := w.run(pr.Head(), w.pulled(pr), map[string]string{"GITHUB_EVENT_NAME": "pull_request", "INPUT_TOKEN": w.inst.Token(mayWrite())})
	if run, ok := w.repo.CheckRun(pr.Head(), report.ActionName); !ok || run.Conclusion != "failure" || !errors.Is(s.err, errFindings) {
		t.Errorf("%v: %+v\n%s", s.err, run, s.log)
	}
}
