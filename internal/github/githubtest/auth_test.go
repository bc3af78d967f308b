package githubtest_test

import (
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v4"

	"github.com/landwaiter/landwaiter/internal/github/githubtest"
)

func (s *stage) jwt(key any, issued, expires time.Duration) string {
	s.t.Helper()
	if key == nil {
		parsed, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(s.app.PEM))
		if err != nil {
			s.t.Fatal(err)
		}
		key = parsed
	}
	claims := jwt.MapClaims{"iss": fmt.Sprint(s.app.ID), "iat": time.Now().Add(issued).Unix(), "exp": time.Now().Add(expires).Unix()}
	text, err := jwt.NewWithClaims(jwt.SigningMethodRS256, claims).SignedString(key)
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func TestJWT(t *testing.T) {
	t.Parallel()
	s := play(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": fmt.Sprint(s.app.ID)}).SignedString([]byte(s.app.PEM))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, token string
		status      int
	}{
		{"good", s.jwt(nil, -time.Minute, 9*time.Minute), 200},
		{"expired", s.jwt(nil, -20*time.Minute, -10*time.Minute), 401},
		{"too long", s.jwt(nil, 0, time.Hour), 401},
		{"issued in the future", s.jwt(nil, 5*time.Minute, 8*time.Minute), 401},
		{"another key", s.jwt(other, 0, time.Minute), 401},
		{"another algorithm", none, 401},
		{"an installation's token", s.token(), 401},
		{"nothing", "", 401},
	}
	for _, test := range tests {
		if got := s.do(test.token, http.MethodGet, "app", ""); got.status != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, got.status, got.text, test.status)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	s := play(t)
	pr := s.open()
	s.Create("acme/secret", githubtest.Files{"a": "b"})
	s.CreatePublic("acme/open", githubtest.Files{"a": "b"})
	token, reader := s.token(), s.Token("carol")
	s.repo.Grant("read", "carol")
	comment := `{"body":"hello"}`
	tests := []struct {
		name, token, method, path, body string
		status                          int
	}{
		{"read contents", token, "GET", "repos/acme/infra/contents/app.yaml", "", 200},
		{"write contents without permission", token, "PUT", "repos/acme/infra/contents/new", `{"message":"m","content":"YQ=="}`, 403},
		{"merge without permission", token, "PUT", "repos/acme/infra/pulls/1/merge", "", 403},
		{"team without permission", token, "GET", "orgs/acme/teams/security/memberships/alice", "", 403},
		{"private, not installed", token, "GET", "repos/acme/secret", "", 404},
		{"private, not installed, contents", token, "GET", "repos/acme/secret/contents/a", "", 404},
		{"public, not installed, read", token, "GET", "repos/acme/open/contents/a", "", 200},
		{"public, not installed, write", token, "POST", "repos/acme/open/check-runs", fmt.Sprintf(`{"name":"x","head_sha":%q}`, pr.Head()), 403},
		{"unknown", token, "GET", "repos/acme/nothing", "", 404},
		{"no token", "", "GET", "repos/acme/infra", "", 401},
		{"a reader comments", reader, "POST", "repos/acme/infra/issues/1/comments", comment, 201},
		{"a reader merges", reader, "PUT", "repos/acme/infra/pulls/1/merge", "", 403},
		{"a person makes a check run", s.Token("alice"), "POST", "repos/acme/infra/check-runs", fmt.Sprintf(`{"name":"x","head_sha":%q}`, pr.Head()), 403},
		{"a stranger reads", s.Token("eve"), "GET", "repos/acme/infra", "", 404},
		{"an App asks who it is", token, "GET", "user", "", 403},
		{"an App's bot", token, "GET", "users/landwaiter%5Bbot%5D", "", 200},
	}
	for _, test := range tests {
		if got := s.do(test.token, test.method, test.path, test.body); got.status != test.status {
			t.Errorf("%s: %d %s, want %d", test.name, got.status, got.text, test.status)
		}
	}
	if got := s.do(token, "PUT", "repos/acme/infra/pulls/1/merge", ""); got.header.Get("X-Accepted-GitHub-Permissions") != "contents=write" {
		t.Errorf("the answer does not say which permission is missing: %v", got.header)
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := play(t)
	second := s.Create("acme/second", githubtest.Files{"a": "b"})
	s.inst.Add(second)
	at := fmt.Sprintf("app/installations/%d/access_tokens", s.inst.ID)
	app := s.jwt(nil, 0, time.Minute)
	get := func(token, path string, want int) {
		t.Helper()
		if got := s.do(token, http.MethodGet, path, ""); got.status != want {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.text, want)
		}
	}
	get(app, "app/installations", 200)
	narrow := s.do(app, http.MethodPost, at, `{"repositories":["second"],"permissions":{"contents":"read"}}`)
	token := narrow.value.(map[string]any)["token"].(string)
	if len(token) < 100 || !strings.HasPrefix(token, "ghs_") {
		t.Errorf("the token has the form of before April 2026: %s", token)
	}
	get(token, "repos/acme/second/contents/a", 200)
	get(token, "repos/acme/second/pulls", 403)
	get(token, "repos/acme/infra", 404)
	for _, body := range []string{`{"permissions":{"contents":"write"}}`, `{"repositories":["nothing"]}`} {
		if got := s.do(app, http.MethodPost, at, body); got.status != 422 {
			t.Errorf("%s: %d %s", body, got.status, got.text)
		}
	}
	s.inst.Permit("contents", "")
	get(token, "repos/acme/second/contents/a", 403)
	s.inst.Permit("contents", "read")
	s.inst.Remove(second)
	get(token, "repos/acme/second/contents/a", 404)
	s.inst.Add(second)
	s.inst.Suspend(true)
	get(token, "repos/acme/second/contents/a", 403)
	s.inst.Suspend(false)
	s.Advance(61 * time.Minute)
	get(token, "repos/acme/second/contents/a", 401)
	s.wantHeard("installation created", "installation_repositories added", "installation new_permissions_accepted", "installation new_permissions_accepted",
		"installation_repositories removed", "installation_repositories added", "installation suspend", "installation unsuspend")
}

func TestDeletedInstallation(t *testing.T) {
	t.Parallel()
	s := play(t)
	token := s.token()
	s.inst.Delete()
	s.wantHeard("installation created", "installation deleted")
	if got := s.do(token, http.MethodGet, "repos/acme/infra", ""); got.status != 401 {
		t.Errorf("the token of a deleted installation: %d", got.status)
	}
	s.open()
	s.wantHeard()
}

func TestPeople(t *testing.T) {
	t.Parallel()
	s := play(t)
	s.Team("acme", "security", "alice")
	s.Member("acme", "bob")
	s.repo.Grant("maintain", "mia")
	s.repo.Grant("triage", "tim")
	s.inst.Permit("members", "read")
	token := s.token()
	for login, want := range map[string]string{
		"alice": `"permission":"write"`, "mia": `"permission":"write","role_name":"maintain"`, "tim": `"permission":"read","role_name":"triage"`, "acme": `"permission":"admin"`,
	} {
		if got := s.do(token, http.MethodGet, "repos/acme/infra/collaborators/"+login+"/permission", ""); got.status != 200 || !strings.Contains(got.text, want) {
			t.Errorf("%s: %d %s, want %s", login, got.status, got.text, want)
		}
	}
	s.Token("eve")
	if got := s.do(token, http.MethodGet, "repos/acme/infra/collaborators/eve/permission", ""); !strings.Contains(got.text, `"permission":"none"`) {
		t.Errorf("a stranger: %s", got.text)
	}
	for path, want := range map[string]int{
		"orgs/acme/teams/security/memberships/alice": 200, "orgs/acme/teams/security/memberships/bob": 404, "orgs/acme/teams/none/memberships/bob": 404,
		"orgs/acme/members/bob": 204, "orgs/acme/members/eve": 404, "orgs/acme/teams/security": 200, "orgs/acme/teams/security/members": 200,
		"orgs/other/members/bob": 404, "orgs/acme": 200,
	} {
		if got := s.do(token, http.MethodGet, path, ""); got.status != want {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.text, want)
		}
	}
}
