package main

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
	"github.com/landwaiter/landwaiter/internal/report"
)

// actPatience is how long a workflow may take, the build of the action with nothing in a cache included.
const actPatience = 10 * time.Minute

// TestActionUnderAct runs the workflow files of docs/action.md themselves, by act on this machine, on the example's pull
// request, beside a GitHub for tests. The action is that of this checkout, at a branch: the first workflow builds it by Go, for the
// others go is played and hands out what this test is. LANDWAITER_ACT names the program act; "make act" builds one.
func TestActionUnderAct(t *testing.T) {
	act := os.Getenv("LANDWAITER_ACT")
	if act == "" {
		t.Skip("LANDWAITER_ACT names no act: make act builds one and runs this")
	}
	all := examples(t, "docs/action.md")
	files := tree(t, filepath.Join("..", "..", "examples", "repository"))
	workflows := map[string]string{"alone": all[0], "review": all[1], "comments": all[2]}
	for name, text := range workflows {
		files[".github/workflows/"+name+".yaml"] = text
	}
	w := newWorkshop(t, files)
	changed := tree(t, exampleRepository(t))
	pr := w.repo.Open(githubtest.Proposal{Author: "ada", Branch: "pull", Files: changed})

	log, failed := w.act(act, "alone", "pull_request", pr, w.pulled(pr), mayWrite(), w.builds()...)
	if !failed {
		t.Errorf("the example passes:\n%s", log)
	}
	w.annotated(pr, log)
	if run, ok := w.repo.CheckRun(pr.Head(), report.ActionName); !ok || run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "6 errors") {
		t.Errorf("the check run is %+v\n%s", run, log)
	}
	if n := len(pr.ReviewComments()); n == 0 {
		t.Errorf("no comments\n%s", log)
	}

	fork := w.repo.Open(githubtest.Proposal{Author: "eve", Branch: "change", Fork: "eve/infra", Files: changed})
	log, failed = w.act(act, "review", "pull_request", fork, w.pulled(fork), mayRead())
	if !failed || len(fork.CheckRuns()) > 0 || len(fork.ReviewComments()) > 0 {
		t.Errorf("a fork's job: failed is %v, %d comments\n%s", failed, len(fork.ReviewComments()), log)
	}
	left, err := os.ReadFile(filepath.Join(w.uploads(), "landwaiter.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, log)
	}
	w.leave("landwaiter.json", string(left))
	log, failed = w.act(act, "comments", "workflow_run", fork, w.ended(fork, "eve/infra"), mayWrite())
	if run, ok := w.repo.CheckRun(fork.Head(), report.AdvisoryName); failed || !ok || run.Conclusion != "failure" || !strings.HasPrefix(run.Title, "Advisory: 6 errors") {
		t.Errorf("the second workflow: failed is %v, %+v\n%s", failed, run, log)
	}
	if n, want := len(fork.ReviewComments()), len(pr.ReviewComments()); n != want {
		t.Errorf("%d comments on the fork's pull request, %d on the other", n, want)
	}
}

// annotated holds the errors in a log to be on the lines of the check run's.
func (w *workshop) annotated(pr *githubtest.PullRequest, log string) {
	w.Helper()
	run, _ := w.repo.CheckRun(pr.Head(), report.ActionName)
	n := 0
	for _, a := range run.Annotations {
		if a.Level != "failure" {
			continue
		}
		if n++; !strings.Contains(log, "file="+a.Path+",line="+strconv.Itoa(a.StartLine)+",") {
			w.Errorf("no annotation on %s:%d in\n%s", a.Path, a.StartLine, log)
		}
	}
	if n != 6 {
		w.Errorf("%d errors are annotated, want 6", n)
	}
}

// uploads is where the play of actions/upload-artifact puts files.
func (w *workshop) uploads() string {
	return filepath.Join(os.TempDir(), "landwaiter-uploads-"+filepath.Base(w.URL()))
}

// builds is what Go needs to build the action where the home directory is another one: its caches, and where modules are from.
func (w *workshop) builds() []string {
	w.Helper()
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOSUMDB", "CGO_ENABLED"}
	out, err := exec.CommandContext(w.Context(), "go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		w.Fatal(err)
	}
	values := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	for i := range names {
		names[i] += "=" + values[i]
	}
	return names
}

// play writes a program go that builds nothing.
func (w *workshop) play(write func(name, text string) string) {
	w.Helper()
	ours, err := os.Executable()
	if err != nil {
		w.Fatal(err)
	}
	script := write("bin/go", "#!/bin/sh\nwhile [ \"$1\" != -o ]; do shift; done\nprintf '#!/bin/sh\\nexec \"%s\" \"$@\"\\n' '"+ours+"' >\"$2\"\nchmod 755 \"$2\"\n")
	if err := os.Chmod(script, 0o755); err != nil {
		w.Fatal(err)
	}
}

// act runs a workflow for an event by act, without containers, and returns its log and whether it failed. Without an environment
// for Go nothing is built.
func (w *workshop) act(act, workflow, event string, pr *githubtest.PullRequest, payload map[string]any, may map[string]string, env ...string) (log string, failed bool) {
	w.Helper()
	dir := w.TempDir()
	work := filepath.Join(dir, "infra")
	w.git("clone", "-q", w.repo.CloneURL(), work)
	if event == "pull_request" {
		w.git("-C", work, "fetch", "-q", "origin", pr.Head())
		w.git("-C", work, "checkout", "-q", "--detach", "FETCH_HEAD")
	}
	w.Cleanup(func() { _ = os.RemoveAll(w.uploads()) })
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			w.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			w.Fatal(err)
		}
		return name
	}
	text, err := json.Marshal(payload)
	if err != nil {
		w.Fatal(err)
	}
	write(".config/act/actrc", "")
	write("upload/action.yml", "name: upload\ndescription: plays actions/upload-artifact\ninputs: {name: {description: n}, path: {description: p}, if-no-files-found: {description: i}}\n"+
		"runs: {using: composite, steps: [{shell: bash, env: {FILE: '${{ inputs.path }}'}, run: 'mkdir -p \"$UPLOADS\" && cp \"$FILE\" \"$UPLOADS/\"'}]}\n")
	top, err := filepath.Abs("../..")
	if err != nil {
		w.Fatal(err)
	}
	if env == nil {
		w.play(write)
	}
	args := []string{event, "-W", filepath.Join(work, ".github/workflows", workflow+".yaml"), "-e", write("event.json", string(text)), "-C", work,
		"-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--cache-server-addr", "127.0.0.1", "-s", "GITHUB_TOKEN=" + w.inst.Token(may),
		"--local-repository", "landwaiter/landwaiter@main=" + top, "--local-repository", "actions/upload-artifact@v4=" + filepath.Join(dir, "upload")}
	for _, set := range append(env, "GITHUB_SERVER_URL="+w.URL(), "GITHUB_REPOSITORY=acme/infra", "GITHUB_RUN_ID=7", "UPLOADS="+w.uploads(),
		"LANDWAITER_CACHE="+filepath.Join(dir, "cache"), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull) {
		args = append(args, "--env", set)
	}
	limited, cancel := context.WithTimeout(w.Context(), actPatience)
	defer cancel()
	cmd := exec.CommandContext(limited, act, args...)
	cmd.WaitDelay = time.Second
	cmd.Dir, cmd.Env = work, append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(filepath.ListSeparator)+os.Getenv("PATH"), "HOME="+dir, "XDG_CONFIG_HOME="+filepath.Join(dir, ".config"), "XDG_CACHE_HOME="+filepath.Join(dir, ".cache"))
	out, err := cmd.CombinedOutput()
	return string(out), err != nil
}
