package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

// BenchmarkServeFlood sends 500 webhooks in ten seconds, of 100 pull requests that are pushed to four times each, to a server
// of its own process, and waits until every newest head is reviewed. It tells how long webhooks take to be answered, and
// how much memory the server and its renderers have at most. The test GitHub, which runs Git for each fetch, is on the same
// machine.
func BenchmarkServeFlood(b *testing.B) {
	const pulls, webhooks, during = 100, 500, 10 * time.Second
	for b.Loop() {
		s := setStage(b, many(pulls))
		delete(s.env, "LANDWAITER_WORKERS") // the default
		r := &replica{port: freePort(b), data: s.data}
		k := &killing{stage: s}
		k.launch(r)
		k.ready(r)
		s.until("missed webhooks were looked for", func() bool { return s.Count("GET", "/installation/repositories") > 0 })
		deliveries := s.unheard(pulls, webhooks/pulls-1)
		s.address = r.address()
		peak := watchMemory(b, r.cmd.Process.Pid)
		took := s.flood(b, deliveries, during)
		began := time.Now()
		s.until("all are reviewed", func() bool {
			return !slices.ContainsFunc(s.repo.PullRequests(), func(pr *githubtest.PullRequest) bool {
				run, _ := s.repo.CheckRun(pr.Head(), "landwaiter")
				return run.Conclusion != "failure"
			})
		})
		b.ReportMetric(time.Since(began).Seconds(), "s-until-all-reviewed")
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
		b.ReportMetric(float64(peak()), "MiB-peak")
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
	}
}

// unheard opens pull requests and pushes to them, and returns what webhooks nobody heard of.
func (s *stage) unheard(pulls, pushes int) []githubtest.Delivery {
	s.app.SetWebhook("")
	for i := range pulls {
		name := fmt.Sprint("app-", i)
		s.repo.Open(githubtest.Proposal{Author: "ada", Branch: name, Files: githubtest.Files{"apps/" + name + "/deployment.yaml": deployment(name, privileged)}})
	}
	for push := range pushes {
		for _, pr := range s.repo.PullRequests() {
			pr.Push("ada", githubtest.Files{"README.md": fmt.Sprintf("# %d %d\n", pr.Number, push)})
		}
	}
	return slices.DeleteFunc(s.app.Deliveries(), func(d githubtest.Delivery) bool { return d.Event != "pull_request" })
}

// many is a repository with so many applications.
func many(apps int) githubtest.Files {
	files := githubtest.Files{"README.md": "# Infrastructure\n"}
	for i := range apps {
		name := fmt.Sprint("app-", i)
		files["apps/"+name+"/deployment.yaml"] = deployment(name, "")
	}
	return files
}

// flood sends deliveries as GitHub does, evenly over a time, and returns how long each took to be answered.
func (s *stage) flood(b *testing.B, deliveries []githubtest.Delivery, during time.Duration) []time.Duration {
	b.Helper()
	took := make([]time.Duration, len(deliveries))
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	var all sync.WaitGroup
	for i, d := range deliveries {
		all.Go(func() {
			time.Sleep(during * time.Duration(i) / time.Duration(len(deliveries)))
			request, err := http.NewRequest(http.MethodPost, s.address+"/webhook", strings.NewReader(string(d.Payload)))
			if err != nil {
				b.Error(err)
				return
			}
			request.Header = http.Header{"Content-Type": {"application/json"}, "X-Github-Event": {d.Event}, "X-Github-Delivery": {fmt.Sprint("flood-", d.GUID)},
				"X-Hub-Signature-256": {githubtest.Signature(s.app.Secret, d.Payload)}}
			began := time.Now()
			response, err := client.Do(request)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if took[i] = time.Since(began); response.StatusCode != http.StatusAccepted {
				b.Errorf("a webhook is answered with %d", response.StatusCode)
			}
		})
	}
	all.Wait()
	return took
}

// watchMemory looks at the memory of a process and its children until the returned function is called, which returns the
// most there was, in MiB.
func watchMemory(b *testing.B, of int) (peak func() int64) {
	if runtime.GOOS != "linux" {
		return func() int64 { return 0 }
	}
	ctx, stop := context.WithCancel(context.Background())
	most := make(chan int64, 1)
	go func() {
		var highest int64
		for ; ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			highest = max(highest, residentMiB(b, of))
		}
		most <- highest
	}()
	return func() int64 { stop(); return <-most }
}

// residentMiB adds up what of a process and of those it started is in memory.
func residentMiB(b *testing.B, of int) int64 {
	var pages int64
	status, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range status {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		var pid, parent int
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		_, _ = fmt.Sscan(filepath.Base(filepath.Dir(name)), &pid)
		if _, err := fmt.Sscan(fields[1], &parent); err != nil {
			b.Error(err)
		}
		var resident int64
		if _, err := fmt.Sscan(fields[21], &resident); err == nil && (pid == of || parent == of) {
			pages += resident
		}
	}
	return pages * int64(os.Getpagesize()) >> 20
}

// BenchmarkServeCorpus is one pull request on public repositories, warm: from the webhook to the completed check.
func BenchmarkServeCorpus(b *testing.B) {
	for _, name := range []string{"msdemo"} {
		b.Run(name, func(b *testing.B) {
			files := corpusFiles(b, name)
			s := setStage(b, files)
			s.start()
			change, from := oneChange(b, files)
			pr := s.repo.Open(githubtest.Proposal{Author: "ada", Branch: "change", Files: githubtest.Files{change: from + "\n# 0\n"}})
			s.idle()
			calls, n := 0, 0
			for b.Loop() {
				n++
				b.StopTimer()
				s.calls()
				b.StartTimer()
				head := pr.Push("ada", githubtest.Files{change: fmt.Sprintf("%s\n# %d\n", strings.Replace(from, "replicas: 1", fmt.Sprintf("replicas: %d", n+1), 1), n)})
				if _, ok := s.repo.Completed(head, "landwaiter", patience); !ok {
					b.Fatalf("it was not reviewed\n%s", s.log)
				}
				b.StopTimer()
				s.idle()
				calls += len(s.calls())
				b.StartTimer()
			}
			b.ReportMetric(float64(calls)/float64(n), "calls/review")
		})
	}
}

// corpusFiles reads a repository of the corpus.
func corpusFiles(b *testing.B, name string) githubtest.Files {
	b.Helper()
	root := os.Getenv("LANDWAITER_CORPUS")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "corpus")
	}
	dir := filepath.Join(root, name)
	if _, err := os.Stat(dir); err != nil {
		b.Skipf("corpus %s is not here", name)
	}
	return tree(b, dir)
}

// oneChange is a file with a workload, and what it holds.
func oneChange(b *testing.B, files githubtest.Files) (name, text string) {
	b.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasSuffix(name, ".yaml") && strings.Contains(files[name], "\nkind: Deployment\n") && !strings.Contains(files[name], "{{") {
			return name, files[name]
		}
	}
	b.Fatal("there is no workload")
	return "", ""
}
