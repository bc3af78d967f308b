package github

import (
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

func pullAnswer(number int) map[string]any {
	repo := map[string]any{"full_name": "acme/infra"}
	return map[string]any{"number": number, "state": "open", "head": map[string]any{"sha": head, "ref": "fix", "repo": repo},
		"base": map[string]any{"sha": baseCommit, "ref": "main", "repo": repo}, "user": map[string]any{"login": "mona"}}
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
