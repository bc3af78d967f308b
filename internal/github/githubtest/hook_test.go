package githubtest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.open()
	s.app.Ping()
	for _, d := range s.told {
		if err := github.ValidateSignature(d.signature, d.payload, []byte(s.app.Secret)); err != nil || d.guid == "" {
			t.Errorf("%s: %v", d.event, err)
		}
		if _, err := github.ParseWebHook(d.event, d.payload); err != nil {
			t.Errorf("%s: %v", d.event, err)
		}
	}
	if s.told[len(s.told)-1].event != "ping" {
		t.Errorf("no ping: %q", s.heard())
	}
}

// TestRedelivery: what the App did not take is listed, and comes again under the same GUID when it is asked for.
func TestRedelivery(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.status = http.StatusInternalServerError
	s.open()
	s.status = http.StatusAccepted
	client := s.appClient()
	var failed []*github.HookDelivery
	options := &github.ListCursorOptions{PerPage: 2}
	for pages := 0; ; pages++ {
		page, response, err := client.Apps.ListHookDeliveries(ctx, options)
		if err != nil || pages > 3 {
			t.Fatal(err)
		}
		for _, d := range page {
			if d.GetStatusCode() == 500 {
				failed = append(failed, d)
			}
		}
		if response.Cursor == "" {
			break
		}
		options.Cursor = response.Cursor
	}
	if len(failed) != 3 || failed[0].GetEvent() != "pull_request" {
		t.Fatalf("failed: %v", failed)
	}
	s.heardNow()
	if _, _, err := client.Apps.RedeliverHookDelivery(ctx, failed[0].GetID()); err != nil && !strings.Contains(err.Error(), "try again later") {
		t.Fatal(err)
	}
	s.wantHeard("pull_request opened")
	all := s.app.Deliveries()
	last := all[len(all)-1]
	if last.GUID != failed[0].GetGUID() || !last.Redelivery || last.Status != 202 {
		t.Errorf("%+v", last)
	}
	detail, _, err := client.Apps.GetHookDelivery(ctx, failed[0].GetID())
	if err != nil || detail.Request.Headers["X-Github-Delivery"] != last.GUID {
		t.Errorf("%v %v", detail, err)
	}
	s.Advance(73 * time.Hour)
	if old, _, err := client.Apps.ListHookDeliveries(ctx, nil); err != nil || len(old) != 0 {
		t.Errorf("after three days: %v %v", old, err)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.app.SetWebhook("http://127.0.0.1:1/nobody")
	s.open()
	all := s.app.Deliveries()
	if last := all[len(all)-1]; last.Status != 0 || last.Problem == "" {
		t.Errorf("%+v", last)
	}
	s.inst.Permit("pull_requests", "")
	before := len(s.app.Deliveries())
	s.repo.PullRequests()[0].Close("alice")
	if after := s.app.Deliveries(); len(after) != before {
		t.Errorf("the App is told of what it may not read: %v", after[before:])
	}
}

// TestPayloads compares what is sent with the real payloads: every field that they have and that is not null must be
// there, but for what depends on features that the test GitHub has not.
func TestPayloads(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	token := s.token()
	s.check(s.app, token, pr.Head(), "failure")
	s.do(token, http.MethodPost, comments, `{"body":"x"}`)
	pr.CommentOn("bob", "app.yaml", 6, "y")
	pr.Push("alice", githubtest.Files{"app.yaml": manifest + "  i: \"9\"\n"})
	pr.Close("alice")
	s.Settle(limit)
	compared := 0
	for _, d := range s.app.Deliveries() {
		name := d.Event
		if d.Action != "" {
			name += "." + d.Action
		}
		example, err := os.ReadFile(filepath.Join("..", "testdata", "webhooks", name+".json"))
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		var want, got any
		if json.Unmarshal(example, &want) != nil || json.Unmarshal(d.Payload, &got) != nil {
			t.Fatal("not JSON")
		}
		for _, missing := range missing("", want, got) {
			t.Errorf("%s has no %s", name, missing)
		}
		compared++
	}
	if compared < 9 {
		t.Errorf("only %d payloads were compared", compared)
	}
}

// gone are fields of old payloads or of what the test GitHub does not have; below are their own fields.
var gone = []string{
	"deployment", "labels", "milestone", "assignee", "requested_reviewers", "requested_teams", "organization", "installation", "email",
	"license", "topics", "description", "language", "homepage", "requester", "external_id", "pushed_at", "created_at", "username", "permissions",
	"events", "client_id", "active_lock_reason", "temp_clone_token", "commits", "head_commit", "external_url", "performed_via_github_app", "annotations_url",
}

func missing(at string, want, got any) []string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return nil // null on one side
		}
		var all []string
		for name, value := range w {
			if slices.Contains(gone, name) || value == nil {
				continue
			}
			if _, has := g[name]; !has {
				all = append(all, at+"."+name)
				continue
			}
			all = append(all, missing(at+"."+name, value, g[name])...)
		}
		return all
	case []any:
		if g, ok := got.([]any); ok && len(w) > 0 && len(g) > 0 {
			return missing(at+"[0]", w[0], g[0])
		}
	}
	return nil
}
