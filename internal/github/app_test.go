package github

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
)

// appKey makes one key for all tests, since that takes a while.
var appKey = sync.OnceValue(func() []byte {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

// secret is a token of the new form.
const secret = "ghs_7_eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJ4In0.c2lnbmF0dXJl-_x"

// recorder is a server that gives tokens and remembers what it was asked.
type recorder struct {
	t      *testing.T
	server *httptest.Server
	handle http.HandlerFunc // everything but tokens

	mu     sync.Mutex
	asked  []string // METHOD PATH
	tokens int
	calls  []Call
}

func record(t *testing.T, handle http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{t: t, handle: handle}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, req.Method+" "+strings.TrimPrefix(req.URL.Path, "/api/v3"))
	token := strings.HasSuffix(req.URL.Path, "/access_tokens")
	if token {
		r.tokens++
	}
	n := r.tokens
	r.mu.Unlock()
	if !token {
		r.handle(w, req)
		return
	}
	w.WriteHeader(http.StatusCreated)
	answer(r.t, w, map[string]any{"token": fmt.Sprintf("%s%d", secret, n), "expires_at": time.Now().Add(time.Hour), "permissions": map[string]string{"contents": "read", "members": "read"}})
}

func answer(t *testing.T, w http.ResponseWriter, value any) {
	t.Helper()
	if err := json.NewEncoder(w).Encode(value); err != nil {
		t.Error(err)
	}
}

func (r *recorder) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.asked)
}

func (r *recorder) observe(c Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, c)
}

func (r *recorder) app() *App {
	r.t.Helper()
	app, err := NewApp(Settings{URL: r.server.URL, AppID: 7, PrivateKey: appKey(), Timeout: 2 * time.Second, Observe: r.observe})
	if err != nil {
		r.t.Fatal(err)
	}
	return app
}

func (r *recorder) client() *Client { return r.app().Client(5) }

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

func pullAnswer(number int) map[string]any {
	repo := map[string]any{"full_name": "acme/infra"}
	return map[string]any{"number": number, "state": "open", "head": map[string]any{"sha": head, "ref": "fix", "repo": repo},
		"base": map[string]any{"sha": baseCommit, "ref": "main", "repo": repo}, "user": map[string]any{"login": "mona"}}
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

func TestRateLimits(t *testing.T) {
	t.Parallel()
	soon := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	tests := []struct {
		name     string
		handle   http.HandlerFunc
		from, to time.Duration // the wait; 0, 0: it is no limit
	}{
		{"429 with retry-after", status(429, "{}", map[string]string{"Retry-After": "30"}), 30 * time.Second, 30 * time.Second},
		{"429 without", status(429, "{}", nil), time.Minute, time.Minute},
		{"403 with retry-after", status(403, "{}", map[string]string{"Retry-After": "30"}), 30 * time.Second, 30 * time.Second},
		{"a date", status(403, "{}", map[string]string{"Retry-After": time.Now().Add(20 * time.Minute).UTC().Format(http.TimeFormat)}), 15 * time.Minute, 20 * time.Minute},
		{"nothing left", status(403, "{}", map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}), 5 * time.Minute, 11 * time.Minute},
		{"secondary by its text", status(403, `{"message":"You have exceeded a secondary rate limit."}`, map[string]string{"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": soon}), time.Minute, time.Minute},
		{"an hour ago", status(429, "{}", map[string]string{"Retry-After": "-3600"}), time.Second, time.Second},
		{"a year", status(429, "{}", map[string]string{"Retry-After": "31536000"}), 2 * time.Hour, 2 * time.Hour},
		{"no number", status(429, "{}", map[string]string{"Retry-After": "soon"}), time.Minute, time.Minute},
		{"a permission", status(403, `{"message":"Resource not accessible by integration"}`, map[string]string{"X-RateLimit-Remaining": "12"}), 0, 0},
		{"the last one went through", status(200, `{"number":12}`, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": soon}), 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := record(t, test.handle)
			c := r.client()
			_, err := c.PullRequest(t.Context(), acme, 12)
			var limited *RateLimited
			if got := errors.As(err, &limited); got != (test.to > 0) {
				t.Fatalf("limited: %v (%v)", got, err)
			}
			if limited == nil {
				return
			}
			if limited.After < test.from || limited.After > test.to {
				t.Errorf("wait %s, want %s to %s", limited.After, test.from, test.to)
			}
			before := len(r.requests())
			_, err = c.PullRequest(t.Context(), acme, 12)
			if !errors.As(err, &limited) || len(r.requests()) != before {
				t.Errorf("asked while the limit holds: %v", err)
			}
		})
	}
}

// TestRateLimitIsOfOneInstallation: what one ran into does not hold others back; and what GitHub answers before the
// limit is reached counts too.
func TestRateLimitIsOfOneInstallation(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.Header.Get("Authorization"), secret+"1") {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		answer(t, w, pullAnswer(12))
	})
	app := r.app()
	other := acme
	other.Installation = 6
	var limited *RateLimited
	if _, err := app.Client(5).PullRequest(t.Context(), acme, 12); !errors.As(err, &limited) {
		t.Fatal(err)
	}
	if _, err := app.Client(6).PullRequest(t.Context(), other, 12); err != nil {
		t.Error(err)
	}
}

func TestGuessesGrow(t *testing.T) {
	t.Parallel()
	g, at := &gate{}, time.Unix(1000, 0)
	var waits []string
	for range 6 {
		waits = append(waits, g.close(http.Header{}, at).After.String())
	}
	g.open()
	waits = append(waits, g.close(http.Header{}, at).After.String())
	if got, want := strings.Join(waits, " "), "1m0s 2m0s 4m0s 8m0s 16m0s 16m0s 1m0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if g.closed(at.Add(15*time.Minute)) == nil || g.closed(at.Add(17*time.Minute)) != nil {
		t.Error("the gate is closed for as long as was said")
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

func TestTokens(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.HasSuffix(req.Header.Get("Authorization"), secret+"1") && req.URL.Path == "/api/v3/repos/acme/infra/pulls/13" {
			status(401, `{"message":"Bad credentials"}`, nil)(w, req)
			return
		}
		answer(t, w, pullAnswer(12))
	})
	c := r.client()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := c.PullRequest(t.Context(), acme, 12); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if r.tokens != 1 {
		t.Errorf("%d tokens for one installation", r.tokens)
	}
	if _, err := c.PullRequest(t.Context(), acme, 13); err != nil || r.tokens != 2 {
		t.Errorf("a revoked token was not replaced: %d tokens, %v", r.tokens, err)
	}
	for range 2 {
		if token, err := c.GitToken(t.Context(), acme); err != nil || token != secret+"3" {
			t.Errorf("token for git: %s, %v", Redact(token), err)
		}
	}
}

// TestTokenScope: git gets a token that reads one repository.
func TestTokenScope(t *testing.T) {
	t.Parallel()
	var asked map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_ = json.NewDecoder(req.Body).Decode(&asked)
		w.WriteHeader(http.StatusCreated)
		answer(t, w, map[string]any{"token": secret, "expires_at": time.Now().Add(time.Hour)})
	}))
	defer server.Close()
	app, err := NewApp(Settings{URL: server.URL, AppID: 7, PrivateKey: appKey()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Client(5).GitToken(t.Context(), acme); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(asked), "map[permissions:map[contents:read] repository_ids:[9]]"; got != want {
		t.Errorf("asked for %s, want %s", got, want)
	}
	if _, err := app.Client(6).GitToken(t.Context(), acme); err == nil {
		t.Error("another installation's repository")
	}
}

func TestSites(t *testing.T) {
	t.Parallel()
	tests := []struct{ url, rest, graphql, git string }{
		{"", "https://api.github.com/", "https://api.github.com/graphql", "https://github.com/acme/infra.git"},
		{"https://GitHub.com/", "https://api.github.com/", "https://api.github.com/graphql", "https://github.com/acme/infra.git"},
		{"https://git.acme.example", "https://git.acme.example/api/v3/", "https://git.acme.example/api/graphql", "https://git.acme.example/acme/infra.git"},
		{"https://git.acme.example:8443", "https://git.acme.example:8443/api/v3/", "https://git.acme.example:8443/api/graphql", "https://git.acme.example:8443/acme/infra.git"},
		{"https://acme.ghe.com", "https://api.acme.ghe.com/", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com/acme/infra.git"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v3/", "http://127.0.0.1:8080/api/graphql", "http://127.0.0.1:8080/acme/infra.git"},
		{"http://[::1]:8080", "http://[::1]:8080/api/v3/", "http://[::1]:8080/api/graphql", "http://[::1]:8080/acme/infra.git"},
		{"http://git.acme.example", "", "", ""},
		{"http://127.0.0.1.acme.example", "", "", ""},
		{"https://user:pw@github.com", "", "", ""},
		{"https://github.com/acme", "", "", ""},
		{"https://github.com?x=1", "", "", ""},
		{"github.com", "", "", ""},
		{"ftp://github.com", "", "", ""},
		{"https://", "", "", ""},
	}
	for _, test := range tests {
		site, err := NewSite(test.url)
		if (err != nil) != (test.rest == "") {
			t.Errorf("%q: %v", test.url, err)
		}
		if err == nil && (site.rest.String() != test.rest || site.graphql.String() != test.graphql || site.Git("acme", "infra") != test.git) {
			t.Errorf("%q: %s %s %s", test.url, site.rest, site.graphql, site.Git("acme", "infra"))
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if _, err := NewApp(Settings{AppID: 7, PrivateKey: []byte("-----BEGIN RSA PRIVATE KEY-----\nsecretsecret\n-----END RSA PRIVATE KEY-----")}); err == nil || strings.Contains(err.Error(), "secretsecret") {
		t.Error(err)
	}
	if _, err := NewApp(Settings{PrivateKey: appKey()}); err == nil {
		t.Error("no App")
	}
	var proxied []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		proxied = append(proxied, req.URL.String())
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	app, err := NewApp(Settings{URL: "http://127.0.0.1:9", AppID: 7, PrivateKey: appKey(), Proxy: http.ProxyURL(address)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Verify(t.Context()); !errors.Is(err, ErrUnavailable) || len(proxied) != 1 || proxied[0] != "http://127.0.0.1:9/api/v3/app" {
		t.Errorf("through the proxy: %v, %v", proxied, err)
	}
}

func TestPrivateAuthority(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-GitHub-Api-Version") != apiVersion || req.Header.Get("User-Agent") != "landwaiter" || req.Header.Get("Authorization") == "" {
			t.Errorf("headers: %v", req.Header)
		}
		answer(t, w, map[string]any{"id": 7, "slug": "landwaiter"})
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that does not trust it is part of the test
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	app, err := NewApp(Settings{URL: server.URL, AppID: 7, PrivateKey: appKey(), Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if identity, err := app.Identity(t.Context()); err != nil || identity != us {
		t.Errorf("%+v, %v", identity, err)
	}
	stranger, err := NewApp(Settings{URL: server.URL, AppID: 7, PrivateKey: appKey()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Verify(t.Context()); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("an unknown authority: %v", err)
	}
	another, err := NewApp(Settings{URL: server.URL, AppID: 8, PrivateKey: appKey(), Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := another.Verify(t.Context()); !errors.Is(err, ErrCredentials) {
		t.Errorf("the key of another App: %v", err)
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

func TestForeignRepositories(t *testing.T) {
	t.Parallel()
	r := record(t, func(http.ResponseWriter, *http.Request) { t.Error("GitHub was asked") })
	c := r.client()
	for _, repo := range []event.Repository{
		{Installation: 6, ID: 9, Owner: "acme", Name: "infra"},
		{Installation: 5, ID: 9, Owner: "acme", Name: ".."},
		{Installation: 5, ID: 9, Owner: "acme/x", Name: "infra"},
	} {
		if _, err := c.PullRequest(t.Context(), repo, 1); err == nil {
			t.Errorf("%+v was accepted", repo)
		}
	}
}
