package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// TestServeKill kills servers with SIGKILL, at random points, while forty pull requests are opened and pushed to, and
// starts them anew. Every newest head ends with one completed check run, no check run stays open, and no comment is made
// twice.
func TestServeKill(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { killServers(t, 1, "") })
	t.Run("postgres", func(t *testing.T) { killServers(t, 2, "kill") })
}

func killServers(t *testing.T, replicas int, database string) {
	const pulls, pushes, kills = 40, 1, 10
	files := githubtest.Files{"README.md": "# Infrastructure\n"}
	for i := range pulls {
		files[fmt.Sprintf("apps/app-%d/deployment.yaml", i)] = deployment(fmt.Sprint("app-", i), "")
	}
	s := prepare(t, files)
	s.halt = func() {}
	if database != "" {
		s.env["LANDWAITER_DATABASE"] = postgres.database(t, database)
	}
	k := &killing{stage: s, random: rand.New(rand.NewPCG(7, uint64(replicas)))}
	for i := range replicas {
		k.replicas = append(k.replicas, &replica{port: freePort(t), data: filepath.Join(s.data, fmt.Sprint(i))})
		k.launch(k.replicas[i])
		k.ready(k.replicas[i])
	}
	for i := range pulls {
		k.perhapsKill(pulls*(pushes+1), kills)
		name := fmt.Sprint("app-", i)
		s.repo.Open(githubtest.Proposal{Author: "ada", Branch: name, Files: githubtest.Files{"apps/" + name + "/deployment.yaml": deployment(name, privileged)}})
	}
	for push := range pushes {
		for _, pr := range s.repo.PullRequests() {
			k.perhapsKill(pulls*(pushes+1), kills)
			pr.Push("ada", githubtest.Files{"README.md": fmt.Sprintf("# %d %d\n", pr.Number, push)})
		}
	}
	k.finish()
	for _, pr := range s.repo.PullRequests() {
		if runs := pr.CheckRuns(); len(runs) != 1 || runs[0].Conclusion != "failure" {
			t.Errorf("#%d has %d check runs, the first is %q, want one that fails", pr.Number, len(runs), runs[0].Title)
		}
		if comments := pr.ReviewComments(); len(comments) != 1 {
			t.Errorf("#%d has %d comments, want 1", pr.Number, len(comments))
		}
	}
	t.Logf("%d kills", k.kills)
}

// killing kills servers.
type killing struct {
	*stage
	random   *rand.Rand
	replicas []*replica
	kills    int
}

// replica is a server in a process of its own.
type replica struct {
	port int
	data string
	cmd  *exec.Cmd
}

func freePort(t testing.TB) int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func (r *replica) address() string { return fmt.Sprintf("http://127.0.0.1:%d", r.port) }

// launch starts a server, and does not wait for it.
func (k *killing) launch(r *replica) {
	k.Helper()
	cmd := exec.Command(os.Args[0], "serve")
	cmd.Env = os.Environ()
	for name, value := range k.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	cmd.Env = append(cmd.Env, fmt.Sprintf("LANDWAITER_LISTEN=127.0.0.1:%d", r.port), "LANDWAITER_DATA="+r.data)
	cmd.Stderr = k.log
	if err := cmd.Start(); err != nil {
		k.Fatal(err)
	}
	r.cmd = cmd
	k.Cleanup(func() { _ = cmd.Process.Kill() })
}

// ready waits until a server can work.
func (k *killing) ready(r *replica) {
	k.Helper()
	k.until("a server is ready", func() bool {
		response, err := http.Get(r.address() + "/readyz") //nolint:noctx // until has a limit
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
}

// perhapsKill kills one of the servers, about often enough to be kills times of so many, and lets webhooks go to any one.
// The server is started anew at once; webhooks that come before it listens are lost.
func (k *killing) perhapsKill(of, kills int) {
	time.Sleep(time.Duration(k.random.IntN(30)) * time.Millisecond)
	if k.random.IntN(of) < kills {
		r := k.replicas[k.random.IntN(len(k.replicas))]
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		k.kills++
		k.launch(r)
		if k.random.IntN(2) == 0 {
			k.ready(r)
		}
	}
	k.app.SetWebhook(k.replicas[k.random.IntN(len(k.replicas))].address() + "/webhook")
}

// finish tells again of the heads that were lost, as the sweep does, waits for all reviews, and ends the servers.
func (k *killing) finish() {
	k.Helper()
	for _, r := range k.replicas {
		k.ready(r)
	}
	delivered := make(map[string]bool)
	for _, d := range k.app.Deliveries() {
		delivered[d.GUID] = delivered[d.GUID] || d.Status == http.StatusOK || d.Status == http.StatusAccepted
	}
	for _, pr := range k.repo.PullRequests() {
		for _, d := range k.app.Deliveries() {
			if d.Event == "pull_request" && !delivered[d.GUID] && bytes.Contains(d.Payload, []byte(pr.Head())) {
				k.app.Redeliver(d.ID)
			}
		}
	}
	k.until("all are reviewed", func() bool {
		for _, pr := range k.repo.PullRequests() {
			if run, ok := k.repo.CheckRun(pr.Head(), "landwaiter"); !ok || run.Status != "completed" || len(visible(pr)) == 0 {
				return false
			}
		}
		return k.Settle(patience)
	})
	for _, r := range k.replicas {
		if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			k.Error(err)
		}
		if err := r.cmd.Wait(); err != nil {
			k.Errorf("a server ended badly: %v\n%s", err, k.log)
		}
	}
}
