package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

// ended is the event of a run of a workflow that ended, for a pull request.
func (w *workshop) ended(pr *githubtest.PullRequest, from string) map[string]any {
	owner, _, _ := strings.Cut(from, "/")
	return map[string]any{"repository": map[string]any{"full_name": w.repo.FullName()}, "workflow_run": map[string]any{
		"id": 7, "event": "pull_request", "conclusion": "failure", "head_sha": pr.Head(), "head_branch": "change", "pull_requests": []any{},
		"head_repository": map[string]any{"full_name": from, "owner": map[string]any{"login": owner}},
	}}
}

// leave uploads files as the artifact of the run.
func (w *workshop) leave(files ...string) {
	w.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		file, err := archive.Create(files[i])
		if err == nil {
			_, err = file.Write([]byte(files[i+1]))
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		w.Fatal(err)
	}
	w.repo.Upload(7, "landwaiter", out.Bytes())
}

// reported runs the job that may write nothing on a pull request, and returns its report. The job has a token, or none.
func (w *workshop) reported(pr *githubtest.PullRequest, token string) string {
	w.Helper()
	found := w.run(pr.Head(), w.pulled(pr), map[string]string{"GITHUB_EVENT_NAME": "pull_request", "INPUT_TOKEN": token, "INPUT_COMMENT": "off"})
	text, err := os.ReadFile(filepath.Join(found.workspace, "landwaiter.json"))
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

func (w *workshop) relay(event map[string]any) step {
	w.Helper()
	return w.run("", event, map[string]string{"GITHUB_EVENT_NAME": "workflow_run", "GITHUB_RUN_ID": "8", "INPUT_TOKEN": w.inst.Token(mayWrite())})
}

// TestActionPair: what a job of a fork's pull request found, which may write nothing, is shown by one that may, which has
// checked nothing out.
func TestActionPair(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: bad()})
	text := w.reported(pr, w.inst.Token(mayRead()))
	w.leave("landwaiter.json", text)
	for range 2 {
		if s := w.relay(w.ended(pr, "eve/infra")); s.err != nil || !strings.Contains(s.outputs, "verdict=fail\nerrors=1\n") || !strings.Contains(s.summary, "Advisory") {
			t.Errorf("%v\n%s\n%s", s.err, s.log, s.outputs)
		}
	}
	w.shows(pr, "github-actions[bot]", "container main is privileged")
	if body := pr.ReviewComments()[0].Body; strings.Contains(body, "suggestion") || !strings.Contains(body, "Advisory: so says [a run]("+w.URL()+"/acme/infra/actions/runs/7)") {
		t.Errorf("the comment is\n%s", body)
	}
	runs := pr.CheckRuns()
	if len(runs) != 1 || runs[0].Name != report.AdvisoryName || runs[0].Conclusion != "failure" || !strings.HasPrefix(runs[0].Title, "Advisory: 1 error") {
		t.Errorf("check runs %+v", runs)
	}
	w.forged(pr, text)
}

// forged leaves reports that are not what they should be, each of which fails the check and is not shown.
func (w *workshop) forged(pr *githubtest.PullRequest, honest string) {
	w.Helper()
	change := func(forge func(map[string]any)) string {
		var value map[string]any
		if err := json.Unmarshal([]byte(honest), &value); err != nil {
			w.Fatal(err)
		}
		forge(value)
		text, err := json.Marshal(value)
		if err != nil {
			w.Fatal(err)
		}
		return string(text)
	}
	big := honest[:1] + strings.Repeat(" ", 50<<20) + honest[1:]
	for _, test := range []struct {
		what, says string
		files      []string
	}{
		{"another head", "the run was of", []string{"landwaiter.json", change(func(v map[string]any) { v["head"] = strings.Repeat("a", 40) })}},
		{"an unknown field", "docs/review.schema.json", []string{"landwaiter.json", change(func(v map[string]any) { v["pull_request"] = 1 })}},
		{"50 MB", "more than", []string{"landwaiter.json", big}},
		{"no JSON", "no JSON", []string{"landwaiter.json", "#!/bin/sh"}},
		{"another file", "does not hold", []string{"report.json", honest}},
		{"a way out", "leads out of it", []string{"landwaiter.json", honest, "../../home/runner/.bashrc", "x"}},
		{"an absolute way out", "leads out of it", []string{"/etc/cron.d/x", "x", "landwaiter.json", honest}},
		{"two of them", "twice", []string{"landwaiter.json", honest, "landwaiter.json", change(func(map[string]any) {})}},
	} {
		w.leave(test.files...)
		s := w.relay(w.ended(pr, "eve/infra"))
		if s.err == nil || !strings.Contains(s.err.Error(), test.says) {
			w.Errorf("%s: %v", test.what, s.err)
		}
		if run, _ := w.repo.CheckRun(pr.Head(), report.AdvisoryName); run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "Could not be reviewed") {
			w.Errorf("%s: the check run is %s %q", test.what, run.Conclusion, run.Title)
		}
	}
	w.shows(pr, "github-actions[bot]", "container main is privileged")
}

// TestActionPairBinds: the pull request is the one that GitHub has for the run's commit, whatever anybody says.
func TestActionPairBinds(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: bad()})
	other := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "other", Files: good()})
	text := w.reported(pr, "")
	run := func(event map[string]any) map[string]any { return event["workflow_run"].(map[string]any) }
	for _, test := range []struct {
		what  string
		fails bool
		event func(map[string]any)
	}{
		{"another's number in the event", false, func(e map[string]any) {
			run(e)["pull_requests"], run(e)["head_branch"] = []any{map[string]any{"number": other.Number}}, "elsewhere"
		}},
		{"another's branch", false, func(e map[string]any) {
			run(e)["head_branch"], run(e)["head_repository"] = "other", map[string]any{"full_name": "acme/infra", "owner": map[string]any{"login": "acme"}}
		}},
		{"a fork of another name", false, func(e map[string]any) { run(e)["head_repository"].(map[string]any)["full_name"] = "eve/other" }},
		{"a push", false, func(e map[string]any) { run(e)["event"] = "push" }},
		{"a run that was cancelled", false, func(e map[string]any) { run(e)["conclusion"] = "cancelled" }},
		{"another repository", true, func(e map[string]any) { e["repository"] = map[string]any{"full_name": "eve/infra"} }},
		{"no commit", true, func(e map[string]any) { run(e)["head_sha"] = "main" }},
		{"a branch that is none", true, func(e map[string]any) { run(e)["head_branch"] = "a b&state=all" }},
		{"no artifact", true, func(map[string]any) { w.repo.ExpireArtifacts() }},
	} {
		w.leave("landwaiter.json", text)
		event := w.ended(pr, "eve/infra")
		test.event(event)
		if s := w.relay(event); test.fails != (s.err != nil) {
			t.Errorf("%s: %v\n%s", test.what, s.err, s.log)
		}
		if n := len(pr.ReviewComments()) + len(other.ReviewComments()) + len(other.CheckRuns()); n > 0 {
			t.Errorf("%s: %d comments and checks", test.what, n)
		}
	}
	if !slices.ContainsFunc(pr.CheckRuns(), func(r githubtest.CheckRun) bool { return strings.Contains(r.Title, "left no artifact") }) {
		t.Error("that there is no report is not said")
	}
	w.leave("landwaiter.json", text)
	event := w.ended(pr, "eve/infra")
	pr.Push("eve", good())
	if s := w.relay(event); s.err != nil || len(pr.ReviewComments()) > 0 || !strings.Contains(s.log, "no open pull request has the head") {
		t.Errorf("an old head: %v\n%s", s.err, s.log)
	}
}

// TestActionPairPolicy: the policy is that of the base, and a report that finds nothing lets no check succeed.
func TestActionPairPolicy(t *testing.T) {
	w := newWorkshop(t, githubtest.Files{webFile: deployment("web", ""), policyFile: "gate: {failOn: warning}\nrules: {low-uid: off}\n"})
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: githubtest.Files{
		webFile: deployment("web", privileged), policyFile: "rules: {privileged: off}\n"}})
	text := w.reported(pr, "")
	w.leave("landwaiter.json", strings.Replace(text, `"level": "error"`, `"level": "warning"`, 1))
	if s := w.relay(w.ended(pr, "eve/infra")); s.err != nil || !strings.Contains(s.outputs, "verdict=fail") {
		t.Errorf("a warning where warnings fail: %v\n%s", s.err, s.outputs)
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	value["findings"], value["verdict"] = []any{}, "pass"
	empty, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	w.leave("landwaiter.json", string(empty))
	if s := w.relay(w.ended(pr, "eve/infra")); s.err != nil {
		t.Error(s.err)
	}
	if run, _ := w.repo.CheckRun(pr.Head(), report.AdvisoryName); run.Conclusion != "neutral" || run.Title != "Advisory: nothing new is reported" {
		t.Errorf("nothing found: %s %q", run.Conclusion, run.Title)
	}
}

// TestActionPairSuperseded: a push while the report is being shown is no failure, and what is shown is of the old head.
func TestActionPairSuperseded(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: bad()})
	text := w.reported(pr, "")
	w.leave("landwaiter.json", text)
	event, old := w.ended(pr, "eve/infra"), pr.Head()
	w.Fail(githubtest.Fault{Path: "/api/graphql*", Method: "POST", Times: 1, Before: func() { pr.Push("eve", good()) }})
	if s := w.relay(event); s.err != nil || !strings.Contains(s.log, "another head by now") || len(pr.ReviewComments()) > 0 {
		t.Errorf("%v\n%s", s.err, s.log)
	}
	if run, ok := w.repo.CheckRun(old, report.AdvisoryName); !ok || run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "Advisory: 1 error") {
		t.Errorf("the old head's check is %+v", run)
	}
}

// TestActionPairStands: what GitHub does not let be shown beside the check takes nothing of what the check says.
func TestActionPairStands(t *testing.T) {
	w := newWorkshop(t, infrastructure())
	pr := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: bad()})
	text := w.reported(pr, "")
	w.leave("landwaiter.json", text)
	w.Fail(githubtest.Fault{Path: "/api/v3/repos/acme/infra/pulls/*", Method: "POST", Status: 403})
	if s := w.relay(w.ended(pr, "eve/infra")); s.err == nil {
		t.Errorf("nothing is said of comments that are missing\n%s", s.log)
	}
	if run, _ := w.repo.CheckRun(pr.Head(), report.AdvisoryName); run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "Advisory: 1 error") {
		t.Errorf("the check run is %s %q", run.Conclusion, run.Title)
	}
}
