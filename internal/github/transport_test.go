package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestCredentialsStayWithGitHub(t *testing.T) {
	t.Parallel()
	elsewhere := record(t, func(http.ResponseWriter, *http.Request) {})
	for _, status := range []int{301, 302, 307, 308} {
		r := record(t, func(w http.ResponseWriter, req *http.Request) {
			http.Redirect(w, req, elsewhere.server.URL+req.URL.Path, status)
		})
		_, err := r.client().PullRequest(t.Context(), acme, 12)
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "another host") {
			t.Errorf("%d: %v", status, err)
		}
	}
	r := record(t, func(http.ResponseWriter, *http.Request) {})
	req := httptest.NewRequest(http.MethodGet, elsewhere.server.URL+"/api/v3/app", nil)
	if resp, err := r.app().transport(5).RoundTrip(req); err == nil {
		resp.Body.Close()
		t.Error("the transport sends to another host")
	}
	if asked := elsewhere.requests(); len(asked) > 0 {
		t.Errorf("the other host was asked %v", asked)
	}
}

func TestRedirections(t *testing.T) {
	t.Parallel()
	var wrote string
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/api/v3/repos/acme/infra/pulls/12":
			http.Redirect(w, req, "/api/v3/repositories/9/pulls/12", http.StatusMovedPermanently)
		case "/api/v3/repositories/9/pulls/12":
			answer(t, w, pullAnswer(12))
		case "/api/v3/repos/acme/infra/pulls/13":
			http.Redirect(w, req, req.URL.Path, http.StatusMovedPermanently)
		case "/api/v3/repos/acme/infra/issues/12/comments":
			http.Redirect(w, req, "/api/v3/repositories/9/issues/12/comments", http.StatusTemporaryRedirect)
		case "/api/v3/repositories/9/issues/12/comments":
			var body struct{ Body string }
			_ = json.NewDecoder(req.Body).Decode(&body)
			wrote = req.Method + " " + body.Body
			answer(t, w, map[string]any{"id": 1})
		case "/api/v3/repos/acme/infra/issues/13/comments":
			http.Redirect(w, req, "/api/v3/repositories/9/issues/12/comments", http.StatusMovedPermanently)
		}
	})
	c := r.client()
	if p, err := c.PullRequest(t.Context(), acme, 12); err != nil || p.Head != head {
		t.Errorf("renamed repository: %+v, %v", p, err)
	}
	if _, err := c.PullRequest(t.Context(), acme, 13); !errors.Is(err, ErrUnavailable) {
		t.Errorf("circle: %v", err)
	}
	if err := c.Reply(t.Context(), Asked{Repository: acme, Number: 12, Comment: 4}, "hello", false); err != nil || !strings.HasPrefix(wrote, "POST hello") {
		t.Errorf("a write that moved: wrote %q, %v", wrote, err)
	}
	wrote = ""
	if err := c.Reply(t.Context(), Asked{Repository: acme, Number: 13, Comment: 4}, "hello", false); !errors.Is(err, ErrNotFound) || wrote != "" {
		t.Errorf("a write must not become a read: wrote %q, %v", wrote, err)
	}
}

func TestErrorsSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	echo := `{"message":"no: Bearer ` + secret + `1\n` + strings.Repeat("x", 2000) + `"}`
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   error
	}{
		{"401", status(401, echo, nil), ErrCredentials},
		{"403", status(403, echo, map[string]string{"X-RateLimit-Remaining": "12"}), ErrForbidden},
		{"404", status(404, echo, nil), ErrNotFound},
		{"409", status(409, echo, nil), ErrConflict},
		{"410", status(410, echo, nil), ErrNotFound},
		{"422", status(422, echo, nil), ErrRefused},
		{"500", status(500, echo, nil), ErrUnavailable},
		{"502 in HTML", status(502, "<html>"+secret, nil), ErrUnavailable},
		{"202", status(202, "{}", nil), ErrUnavailable},
		{"no JSON", status(200, "<html>"+secret, nil), ErrUnavailable},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte(`{"number":`))
		}, ErrUnavailable},
		{"connection closed", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, ErrUnavailable},
		{"a hostile answer", status(200, `{"number":12,"head":{"sha":"--upload-pack=x"}}`, nil), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := record(t, test.handle).client().PullRequest(t.Context(), acme, 12)
			if err == nil || test.want != nil && !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
				if strings.Contains(text, "ghs_") || strings.Contains(text, "eyJ") || len(text) > 1200 || strings.Contains(err.Error(), "\n") {
					t.Errorf("unfit to be shown: %.300s", text)
				}
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				if strings.Contains(fmt.Sprintf("%T", e), "github.com/google") || strings.Contains(fmt.Sprintf("%T", e), "url.Error") {
					t.Errorf("%T leaves the package", e)
				}
			}
		})
	}
}

func status(code int, body string, header map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	var cold, warm int
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Etag", `"a"`)
		w.Header().Set("X-RateLimit-Remaining", fmt.Sprint(100-cold-warm))
		if req.Header.Get("If-None-Match") == `"a"` {
			warm++
			w.WriteHeader(http.StatusNotModified)
			return
		}
		cold++
		answer(t, w, pullAnswer(12))
	})
	app := r.app()
	for range 3 {
		if p, err := app.Client(5).PullRequest(t.Context(), acme, 12); err != nil || p.Head != head {
			t.Fatalf("%+v, %v", p, err)
		}
	}
	if cold != 1 || warm != 2 {
		t.Errorf("asked in full %d times, for changes %d times", cold, warm)
	}
	other := acme
	other.Installation = 6
	if _, err := app.Client(6).PullRequest(t.Context(), other, 12); err != nil || cold != 2 {
		t.Errorf("another installation was shown what was kept: %v", err)
	}
	if last := r.calls[len(r.calls)-3]; last.Status != http.StatusNotModified || last.Left != 98 || last.Endpoint != "/repos/{owner}/{repo}/pulls/{pull_number}" {
		t.Errorf("counted as %+v", last)
	}
}

func TestKeptAnswersAreBounded(t *testing.T) {
	t.Parallel()
	c := newAnswers()
	for i := range 1000 {
		c.put(&keptAnswer{key: fmt.Sprint(i), body: make([]byte, 3000)})
	}
	if c.bytes > maxAnswers || len(c.byKey) != c.order.Len() {
		t.Errorf("%d bytes, %d keys, %d in order", c.bytes, len(c.byKey), c.order.Len())
	}
	if _, ok := c.get("999"); !ok {
		t.Error("the last one is gone")
	}
	if _, ok := c.get("0"); ok {
		t.Error("the first one is kept")
	}
}

func TestLargeAnswers(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Etag", `"a"`)
		_, _ = w.Write([]byte(`{"title":"`))
		for range maxBody/(1<<20) + 1 {
			_, _ = w.Write([]byte(strings.Repeat("x", 1<<20)))
		}
		_, _ = w.Write([]byte(`"}`))
	})
	app, err := NewApp(Settings{URL: r.server.URL, AppID: 7, PrivateKey: appKey(), Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Client(5).PullRequest(t.Context(), acme, 12); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}

func TestTimeoutAndCancel(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	r := record(t, func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-release:
		case <-req.Context().Done():
		}
	})
	defer close(release)
	app, err := NewApp(Settings{URL: r.server.URL, AppID: 7, PrivateKey: appKey(), Timeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Client(5).PullRequest(t.Context(), acme, 12); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "no answer in time") {
		t.Errorf("timeout: %v", err)
	}
	superseded := errors.New("superseded")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(superseded) })
	if _, err := r.client().PullRequest(ctx, acme, 12); !errors.Is(err, superseded) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"/repos/acme/infra/check-runs":           "/repos/{owner}/{repo}/check-runs",
		"/api/v3/repos/acme/infra/check-runs/12": "/repos/{owner}/{repo}/check-runs/{check_run_id}",
		"/api/graphql":                           "/graphql",
		"/graphql":                               "/graphql",
		"/repos/acme/.github/contents/.github/landwaiter.yaml":         "/repos/{owner}/{repo}/contents/{path+}",
		"/repos/acme/infra/git/refs/heads/a/b":                         "/repos/{owner}/{repo}/git/refs/{ref+}",
		"/api/v3/app/installations/5/access_tokens":                    "/app/installations/{installation_id}/access_tokens",
		"/repos/acme/infra/pulls/12/comments":                          "/repos/{owner}/{repo}/pulls/{pull_number}/comments",
		"/repos/acme/infra/pulls/comments/3/reactions":                 "/repos/{owner}/{repo}/pulls/comments/{comment_id}/reactions",
		"/repositories/9/pulls/12":                                     "other",
		"/repos/acme/infra":                                            "other",
		"/":                                                            "other",
		"/repos/acme/infra/collaborators/renovate%5Bbot%5D/permission": "/repos/{owner}/{repo}/collaborators/{username}/permission",
	}
	for path, want := range tests {
		if got := endpoint(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a ghs_16C7e42F292c6912E7710c838347Ae178B4a b": "a [token] b",
		"(" + secret + ")": "([token])",
		"https://x-access-token:ghu_ab@github.com/a/b":        "https://x-access-token:[token]@github.com/a/b",
		"github_pat_11ABC_def":                                "[token]",
		"Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiI3In0.c2ln-_y": "Bearer [token]",
		"high_five ghost_writer laugh_out":                    "high_five ghost_writer laugh_out",
		"nothing here":                                        "nothing here",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
