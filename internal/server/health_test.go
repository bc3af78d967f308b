package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReady(t *testing.T) {
	t.Parallel()
	var broken atomic.Pointer[error]
	var asked atomic.Int64
	check := func(context.Context) error {
		asked.Add(1)
		if err := broken.Load(); err != nil {
			return *err
		}
		return nil
	}
	d := newDoor(t, func(o *Options) {
		o.Checks = []Check{{"database", check}, {"github", func(context.Context) error { return nil }}}
	})
	if status, text := d.get(t, "/readyz"); status != 200 || text != "credentials: ok\ndatabase: ok\ngithub: ok\n" {
		t.Errorf("%d %q", status, text)
	}
	err := errors.New("cannot be\n written with ghs_0123456789abcdef")
	broken.Store(&err)
	d.ready.forget()
	if status, text := d.get(t, "/readyz"); status != 503 || text != "credentials: ok\ndatabase: cannot be written with ghs_***\ngithub: ok\n" {
		t.Errorf("%d %q", status, text)
	}
	status, text := d.get(t, "/readyz", "Accept", "application/json")
	var answer struct {
		Ready  bool
		Checks []state
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 503 || answer.Ready || len(answer.Checks) != 3 || answer.Checks[1].Ready || answer.Checks[1].Reason == "" {
		t.Errorf("%d %s %v", status, text, err)
	}
	before := asked.Load()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { d.get(t, "/readyz") })
	}
	all.Wait()
	if n := asked.Load() - before; n > 5 {
		t.Errorf("50 questions asked the database %d times", n)
	}
}

func (h *readiness) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = time.Time{}
}

func TestReadyWithoutApp(t *testing.T) {
	t.Parallel()
	d := newDoor(t, noApp)
	if status, text := d.get(t, "/readyz"); status != 503 || !strings.Contains(text, "credentials: no GitHub App is configured yet") {
		t.Errorf("%d %s", status, text)
	}
	if status, _ := d.get(t, "/healthz"); status != 200 {
		t.Errorf("/healthz: %d", status)
	}
}

// A check that hangs or has a bug takes nothing with it.
func TestReadyHangs(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	t.Cleanup(func() { close(never) })
	d := newDoor(t, func(o *Options) {
		o.Checks = []Check{{"hangs", func(context.Context) error { <-never; return nil }}, {"panics", func(context.Context) error { panic("ouch") }}}
	})
	begun := time.Now()
	status, text := d.get(t, "/readyz")
	if status != 503 || !strings.Contains(text, "hangs: no answer within 3s") || !strings.Contains(text, "panics: the check ended in a bug: ouch") {
		t.Errorf("%d %s", status, text)
	}
	if took := time.Since(begun); took > 2*time.Minute {
		t.Errorf("it took %s", took)
	}
}

func TestCheckDisk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := CheckDisk(dir).Run(t.Context()); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := checkDisk(dir, 1<<62); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Errorf("a full disk: %v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := CheckDisk(file).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be made") {
		t.Errorf("a file in its place: %v", err)
	}
	if os.Getuid() == 0 {
		t.Log("root may write everywhere: a directory that cannot be written was not tried")
		return
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := CheckDisk(dir).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "cannot be written") {
		t.Errorf("without leave to write: %v", err)
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	d := newDoor(t, nil)
	m := d.options.Metrics
	m.Review("failure", 2*time.Second, map[string]time.Duration{"fetch": time.Second})
	m.Call("POST", "/repos/{owner}/{repo}/check-runs", 201, time.Millisecond)
	m.RateLimit(7, "core", 4990, 5000)
	m.RateLimit(8, "core", 10, 5000)
	m.Forget(8)
	m.Fetch("cloned")
	m.CacheLook("renderings", true)
	m.CacheLook("renderings", false)
	m.CacheSize("mirrors", 3, 1<<20)
	var queueErr atomic.Pointer[error]
	m.WatchQueue(func(context.Context) (Queue, error) {
		if err := queueErr.Load(); err != nil {
			return Queue{}, *err
		}
		return Queue{Jobs: map[string]int{"queued": 4, "running": 1}, Oldest: 90 * time.Second}, nil
	})
	d.post(t, "{}", nil)
	d.post(t, "{}", func(r *http.Request) { r.Header.Set("X-GitHub-Event", "star") })
	d.post(t, "{}", func(r *http.Request) { r.Header.Set("X-Hub-Signature-256", "") })
	status, text := d.get(t, "/metrics")
	for _, line := range []string{
		`landwaiter_reviews_total{outcome="failure"} 1`,
		`landwaiter_stage_duration_seconds_sum{stage="fetch"} 1`,
		`landwaiter_github_requests_total{endpoint="/repos/{owner}/{repo}/check-runs",method="POST",status="201"} 1`,
		`landwaiter_github_rate_limit_remaining{installation="7",resource="core"} 4990`,
		`landwaiter_mirror_fetches_total{result="cloned"} 1`,
		`landwaiter_cache_requests_total{cache="renderings",result="hit"} 1`,
		`landwaiter_cache_entries{cache="mirrors"} 3`,
		`landwaiter_queue_jobs{state="queued"} 4`, `landwaiter_queue_oldest_seconds 90`,
		`landwaiter_webhook_deliveries_total{event="pull_request",status="202"} 1`,
		`landwaiter_webhook_deliveries_total{event="other",status="200"} 1`,
		`landwaiter_webhook_deliveries_total{event="",status="401"} 1`,
		`landwaiter_webhook_duration_seconds_count 2`,
		`go_goroutines`, `process_resident_memory_bytes`,
	} {
		if status != 200 || !strings.Contains(text, line) {
			t.Errorf("%d, lacks %s", status, line)
		}
	}
	if strings.Contains(text, `installation="8"`) {
		t.Error("a forgotten installation is still there")
	}
	err := errors.New("the database is gone")
	queueErr.Store(&err)
	if status, text := d.get(t, "/metrics"); status != 200 || !strings.Contains(text, "landwaiter_reviews_total") || strings.Contains(text, "landwaiter_queue_jobs{") {
		t.Errorf("without a queue: %d %s", status, text)
	}
}

// A nil *Metrics takes everything and does nothing.
func TestNoMetrics(t *testing.T) {
	t.Parallel()
	var m *Metrics
	m.Review("x", 0, nil)
	m.Call("", "", 0, 0)
	m.RateLimit(1, "", 0, 0)
	m.Forget(1)
	m.Fetch("")
	m.CacheLook("", true)
	m.CacheSize("", 0, 0)
	m.WatchQueue(nil)
	d := newDoor(t, func(o *Options) { o.Metrics = nil })
	if status, _ := d.post(t, "{}", nil); status != 202 {
		t.Errorf("%d", status)
	}
	if status, _ := d.get(t, "/metrics"); status != 404 {
		t.Errorf("%d", status)
	}
}

// exported are the names of all metrics that there can be.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	m := NewMetrics("x")
	m.Review("", 0, map[string]time.Duration{"": 0})
	m.Call("", "", 0, 0)
	m.RateLimit(1, "", 0, 0)
	m.Fetch("")
	m.CacheLook("", true)
	m.CacheSize("", 0, 0)
	m.webhook(true, "ping", 202, 0)
	m.WatchQueue(func(context.Context) (Queue, error) { return Queue{Jobs: map[string]int{"queued": 1}}, nil })
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, family := range families {
		known[family.GetName()] = true
		if len(family.GetMetric()) > 0 && family.GetMetric()[0].GetHistogram() != nil {
			known[family.GetName()+"_bucket"], known[family.GetName()+"_sum"], known[family.GetName()+"_count"] = true, true, true
		}
	}
	return known
}

var metricName = regexp.MustCompile(`\b(landwaiter|process|go)_[a-z_]+`)

// The documentation names every metric that there is, and nothing that we hand out names one that is not.
func TestMetricsDocumented(t *testing.T) {
	t.Parallel()
	known := exported(t)
	for _, file := range []string{"docs/app.md", "docs/operate.md", "deploy/monitoring/alerts.yaml", "deploy/monitoring/dashboard.json"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		names := metricName.FindAllString(string(text), -1)
		if len(names) == 0 {
			t.Errorf("%s names no metric", file)
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("%s names %s, which is not there", file, name)
			}
		}
		for name := range known {
			histogram := strings.HasSuffix(name, "_bucket") || strings.HasSuffix(name, "_sum") || strings.HasSuffix(name, "_count")
			if file == "docs/app.md" && strings.HasPrefix(name, "landwaiter_") && !histogram && !strings.Contains(string(text), "`"+name+"`") {
				t.Errorf("docs/app.md does not name %s", name)
			}
		}
	}
}

// Every alert leads to the part of docs/operate.md that says what to do.
func TestAlertsLeadSomewhere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllSubmatch(page, -1) {
		anchors[strings.ReplaceAll(strings.ToLower(string(heading[1])), " ", "-")] = true
	}
	text, err := os.ReadFile("../../deploy/monitoring/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	alerts := strings.Split(string(text), "- alert: ")[1:]
	if len(alerts) == 0 {
		t.Fatal("there are no alerts")
	}
	for _, alert := range alerts {
		name, _, _ := strings.Cut(alert, "\n")
		_, anchor, _ := strings.Cut(alert, "/docs/operate.md#")
		anchor, _, _ = strings.Cut(anchor, "\n")
		if !anchors[anchor] {
			t.Errorf("%s leads to docs/operate.md#%s, which is not there", name, anchor)
		}
	}
}
