package github

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func TestDeliveries(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	defer hook.Close()
	s := play(t)
	s.hooked.SetWebhook(hook.URL)
	ctx := t.Context()
	s.pull.Rename("alice", "Delivered")
	down.Store(true)
	s.pull.Push("alice", githubtest.Files{"app.yaml": "a: b\n"})
	failed, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
	if err != nil || slices.ContainsFunc(failed, func(d Delivery) bool { return d.Action == "edited" }) {
		t.Fatalf("%+v, %v", failed, err)
	}
	if !slices.ContainsFunc(failed, func(d Delivery) bool {
		return d.Event == "pull_request" && d.Action == "synchronize" && d.Status == http.StatusBadGateway && d.Installation == s.inst.ID
	}) {
		t.Errorf("the push is not among %+v", failed)
	}
	if none, err := s.app.FailedDeliveries(ctx, time.Now().Add(time.Hour)); err != nil || len(none) > 0 {
		t.Errorf("of the future: %+v, %v", none, err)
	}
	if err := s.app.Redeliver(ctx, failed[0].ID); err != nil { // in vain
		t.Fatal(err)
	}
	s.Wait(5*time.Second, func() bool {
		again, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
		return err == nil && slices.ContainsFunc(again, func(d Delivery) bool { return d.GUID == failed[0].GUID && d.ID != failed[0].ID })
	})
	down.Store(false)
	for _, d := range failed {
		if err := s.app.Redeliver(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
	}
	delivered := s.Wait(5*time.Second, func() bool {
		left, err := s.app.FailedDeliveries(ctx, time.Now().Add(-time.Hour))
		return err == nil && len(left) == 0
	})
	if !delivered {
		t.Error("not all were delivered again")
	}
	if err := s.app.Redeliver(ctx, 1); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	s := play(t)
	text, err := json.Marshal(map[string]any{"name": "Landwaiter Two", "url": "https://landwaiter.example", "redirect_url": "http://127.0.0.1/setup/done",
		"hook_attributes": map[string]any{"url": "https://landwaiter.example/webhook"}, "default_permissions": map[string]string{"checks": "write"}, "default_events": []string{"check_run"}})
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.PostForm(s.app.Site().NewApp("acme")+"?state=x", url.Values{"manifest": {string(text)}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	made, err := Convert(t.Context(), Settings{URL: s.URL()}, back.Query().Get("code"))
	if err != nil || made.Slug != "landwaiter-two" || made.WebhookSecret == "" {
		t.Fatalf("%s, %v", made.Slug, err)
	}
	app, err := NewApp(Settings{URL: s.URL(), AppID: made.AppID, PrivateKey: []byte(made.PrivateKey)})
	if err != nil {
		t.Fatal(err)
	}
	if identity, err := app.Verify(t.Context()); err != nil || identity.Slug != made.Slug {
		t.Errorf("%+v, %v", identity, err)
	}
	for _, code := range []string{back.Query().Get("code"), "unknown"} {
		if _, err := Convert(t.Context(), Settings{URL: s.URL()}, code); !errors.Is(err, ErrNotFound) {
			t.Errorf("a code works once: %v", err)
		}
	}
	for _, code := range []string{"", "../x", "a/b", "a?b"} {
		if _, err := Convert(t.Context(), Settings{URL: s.URL()}, code); err == nil {
			t.Errorf("%q is no code", code)
		}
	}
}
