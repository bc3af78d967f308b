package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestServeMetrics: once pull requests were reviewed, a server answers with every metric that the alerts and the dashboard ask
// for and that the documentation names. Alerts and panels name values of labels too, which are there.
func TestServeMetrics(t *testing.T) {
	s := play(t, infrastructure())
	pr := s.open(bad())
	s.reviewed(pr, "failure", "1 error")
	pr.Push("ada", good())
	s.reviewed(pr, "success", "")
	s.get("/metrics") // the sizes of caches are noted while one is answered, for the next
	status, answer := s.get("/metrics")
	if status != 200 {
		t.Fatalf("%d\n%s", status, answer)
	}
	for _, file := range []string{"docs/app.md", "docs/operate.md", "deploy/monitoring/alerts.yaml", "deploy/monitoring/dashboard.json"} {
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\b(landwaiter|process)_[a-z_]+`).FindAllString(string(text), -1) {
			if !regexp.MustCompile(`(?m)^(# TYPE )?` + name + `[ {]`).MatchString(answer) {
				t.Errorf("%s names %s, which the server does not have", file, name)
			}
		}
	}
	for _, series := range []string{`landwaiter_reviews_total{outcome="success"}`, `landwaiter_reviews_total{outcome="failure"}`, `landwaiter_stage_duration_seconds_count{stage="review"}`,
		`landwaiter_webhook_deliveries_total{event="pull_request",status="202"}`, `landwaiter_queue_jobs{state="queued"}`, `landwaiter_cache_requests_total{cache="renderings",result="miss"}`} {
		if !strings.Contains(answer, series) {
			t.Errorf("%s is not among\n%s", series, answer)
		}
	}
}
