package githubtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

const runs = "repos/acme/infra/check-runs"

func annotations(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"path":"app.yaml","start_line":%d,"end_line":%d,"annotation_level":"notice","message":"m"}`, i+1, i+1)
	}
	return "[" + strings.Join(all, ",") + "]"
}

func quote(text string) string {
	data, _ := json.Marshal(text) // a string
	return string(data)
}

func TestCheckRunLimits(t *testing.T) {
	t.Parallel()
	s := play(t)
	head, token := s.open().Head(), s.token()
	output := func(inner string) string { return `"output":{"title":"t","summary":"s",` + inner + `}` }
	tests := []struct {
		name, body string
		status     int
		contract   bool // the OpenAPI description already refuses it
	}{
		{"queued", `"status":"queued"`, 201, false},
		{"completed", `"status":"completed","conclusion":"success"`, 201, false},
		{"completed without a conclusion", `"status":"completed"`, 422, false},
		{"a conclusion completes", `"conclusion":"failure"`, 201, false},
		{"unknown conclusion", `"conclusion":"bad"`, 422, true},
		{"fifty annotations", output(`"annotations":` + annotations(50)), 201, false},
		{"fifty-one annotations", output(`"annotations":` + annotations(51)), 422, true},
		{"summary at the limit", `"output":{"title":"t","summary":` + quote(strings.Repeat("é", 65535)) + `}`, 201, false},
		{"summary over the limit", `"output":{"title":"t","summary":` + quote(strings.Repeat("x", 65536)) + `}`, 422, true},
		{"text over the limit", output(`"text":` + quote(strings.Repeat("x", 65536))), 422, true},
		{"no title", `"output":{"summary":"s"}`, 422, true},
		{"three actions", `"actions":[` + strings.Repeat(`{"label":"l","description":"d","identifier":"i"},`, 2) + `{"label":"l","description":"d","identifier":"i"}]`, 201, false},
		{"four actions", `"actions":[` + strings.Repeat(`{"label":"l","description":"d","identifier":"i"},`, 3) + `{"label":"l","description":"d","identifier":"i"}]`, 422, true},
		{"long label", `"actions":[{"label":"a label that is too long","description":"d","identifier":"i"}]`, 422, true},
		{"misspelt field", `"sumary":"s"`, 422, true},
		{"misspelt field inside", output(`"anotations":[]`), 422, true},
		{"columns on several lines", output(`"annotations":[{"path":"a","start_line":1,"end_line":2,"start_column":1,"end_column":2,"annotation_level":"notice","message":"m"}]`), 422, false},
		{"lines in the wrong order", output(`"annotations":[{"path":"a","start_line":2,"end_line":1,"annotation_level":"notice","message":"m"}]`), 422, false},
		{"long annotation title", output(`"annotations":[{"path":"a","start_line":1,"end_line":1,"annotation_level":"notice","message":"m","title":"` + strings.Repeat("x", 256) + `"}]`), 422, false},
		{"long annotation", output(`"annotations":[{"path":"a","start_line":1,"end_line":1,"annotation_level":"notice","message":"` + strings.Repeat("x", 65537) + `"}]`), 422, false},
	}
	for _, test := range tests {
		got := s.do(token, http.MethodPost, runs, fmt.Sprintf(`{"name":"landwaiter","head_sha":%q,%s}`, head, test.body))
		if got.status != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, got.status, got.text, test.status)
		}
		if test.contract {
			s.violations++
		}
	}
	if got := s.do(token, http.MethodPost, runs, `{"name":"landwaiter","head_sha":"`+strings.Repeat("a", 40)+`"}`); got.status != 422 {
		t.Errorf("unknown commit: %d %s", got.status, got.text)
	}
}

func TestCheckRunLife(t *testing.T) {
	t.Parallel()
	s := play(t)
	head, token := s.open().Head(), s.token()
	made := s.do(token, http.MethodPost, runs, fmt.Sprintf(`{"name":"landwaiter","head_sha":%q,"external_id":"r1","status":"queued"}`, head))
	one := fmt.Sprintf("%s/%d", runs, made.number("id"))
	for range 3 {
		got := s.do(token, http.MethodPatch, one, `{"status":"in_progress","output":{"title":"t","summary":"s","annotations":`+annotations(40)+`}}`)
		if got.status != 200 {
			t.Fatalf("%d %s", got.status, got.text)
		}
	}
	run, ok := s.repo.CheckRun(head, "landwaiter")
	if !ok || len(run.Annotations) != 120 || run.ExternalID != "r1" || run.Status != "in_progress" {
		t.Errorf("%d annotations of %+v", len(run.Annotations), run)
	}
	if got := s.do(token, http.MethodGet, one+"/annotations?per_page=100&page=2", ""); len(got.list()) != 20 {
		t.Errorf("the second page of annotations has %d", len(got.list()))
	}
	if err := s.repo.PressButton("alice", run.ID, "fix"); err == nil {
		t.Error("a button that is not there can be pressed")
	}
	s.do(token, http.MethodPatch, one, `{"conclusion":"failure","actions":[{"label":"Fix","description":"d","identifier":"fix"}]}`)
	s.Settle(limit)
	s.heardNow()
	if err := s.repo.PressButton("alice", run.ID, "fix"); err != nil {
		t.Error(err)
	}
	if err := s.repo.PressButton("eve", run.ID, "fix"); err == nil {
		t.Error("a button can be pressed without the write role")
	}
	if err := s.repo.ReRun("bob", run.ID); err != nil {
		t.Error(err)
	}
	if err := s.repo.ReRunAll("bob", s.app, head); err != nil {
		t.Error(err)
	}
	s.wantHeard("check_run requested_action", "check_run rerequested", "check_suite rerequested")
}

// TestOtherApp keeps Apps apart: nobody changes the check run of another, and what one is asked to do the other does
// not hear.
func TestOtherApp(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	other := s.CreateApp(githubtest.AppOptions{Slug: "ci", Permissions: permissions, Events: events})
	theirs := s.tokenOf(other, other.Install(s.repo))
	made := s.do(theirs, http.MethodPost, runs, fmt.Sprintf(`{"name":"landwaiter","head_sha":%q,"conclusion":"success"}`, pr.Head()))
	if got := s.do(s.token(), http.MethodPatch, fmt.Sprintf("%s/%d", runs, made.number("id")), `{"conclusion":"failure"}`); got.status != 403 {
		t.Errorf("%d %s", got.status, got.text)
	}
	s.Settle(limit)
	s.heardNow()
	if err := s.repo.ReRun("alice", made.number("id")); err != nil {
		t.Error(err)
	}
	s.wantHeard()
	list := s.do(s.token(), http.MethodGet, "repos/acme/infra/commits/"+pr.Head()+"/check-runs?app_id="+fmt.Sprint(s.app.ID), "")
	if list.number("total_count") != 0 {
		t.Errorf("another App's check runs are listed: %s", list.text)
	}
}
