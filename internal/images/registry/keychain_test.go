package registry

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/landwaiter/landwaiter/internal/images"
)

// signedIn returns whom a keychain signs in as: "user:password", "" for nobody.
func signedIn(t *testing.T, k authn.Keychain, repository string) string {
	t.Helper()
	r, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	auth, err := k.Resolve(r)
	if err != nil {
		t.Fatalf("%s: %v", repository, err)
	}
	config, err := auth.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(config.Username+":"+config.Password+config.RegistryToken, ":")
}

// TestWhoseCredentials holds that each registry gets the credentials that are for it, and no other.
func TestWhoseCredentials(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	login := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	config := `{"auths": {"https://index.docker.io/v1/": {"auth": "` + login("hub:a") + `"}, "registry.example.com": {"auth": "` + login("ex:b") + `"},
		"shared.example.com/team": {"auth": "` + login("team:c") + `"}, "ghcr.io": {"auth": "` + login("own:d") + `"}}}`
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	all := Credentials{Docker: dir, GitHub: "token"}
	few := Credentials{Docker: dir, GitHub: "token", For: func(host string) bool { return host == "docker.io" }}
	for _, c := range []struct {
		from       Credentials
		repository string
		want       string
	}{
		{all, "docker.io/library/nginx", "hub:a"},
		{all, "registry.example.com/a/b", "ex:b"},
		{all, "shared.example.com/team", "team:c"},
		{all, "evil.registry.example.com/a", ""},
		{all, "registry.example.com:8443/a", ""},
		{all, "ghcr.io/acme/web", "own:d"},
		{Credentials{GitHub: "token"}, "ghcr.io/acme/web", "landwaiter:token"},
		{Credentials{GitHub: "token"}, "ghcr.io.evil.com/acme/web", ""},
		{Credentials{GitHub: "token"}, "quay.io/acme/web", ""},
		{Credentials{Docker: filepath.Join(dir, "none")}, "docker.io/library/nginx", ""},
		{Credentials{}, "docker.io/library/nginx", ""},
		{few, "docker.io/library/nginx", "hub:a"},
		{few, "registry.example.com/a/b", ""},
		{few, "ghcr.io/acme/web", ""},
	} {
		if got := signedIn(t, c.from.Keychain(), c.repository); got != c.want {
			t.Errorf("%s: signed in as %q, want %q", c.repository, got, c.want)
		}
	}
}

// TestBrokenDockerConfig holds that a configuration which cannot be read is an error, and not an anonymous question.
func TestBrokenDockerConfig(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := name.NewRepository("docker.io/library/nginx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (Credentials{Docker: dir}).Keychain().Resolve(r); err == nil || !strings.Contains(err.Error(), "configuration of Docker") {
		t.Errorf("%v", err)
	}
}

// TestClouds holds which registries are of which cloud.
func TestClouds(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"123456789012.dkr.ecr.eu-central-1.amazonaws.com": "aws", "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "aws",
		"123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": "aws", "123456789012.dkr-ecr.eu-west-1.on.aws": "aws", "public.ecr.aws": "aws",
		"123456789012.dkr.ecr.eu.amazonaws.com.evil.com": "", "dkr.ecr.eu-central-1.amazonaws.com": "", "gcr.io": "google", "eu.gcr.io": "google",
		"europe-west1-docker.pkg.dev": "google", "evil.com-docker.pkg.dev.evil.com": "", "xgcr.io": "", "acme.azurecr.io": "azure", "acme.westeurope.azurecr.io": "azure",
		"acme.azurecr.io.evil.com": "", "azurecr.io": "", "ghcr.io": "",
	} {
		got := ""
		switch {
		case awsHost.MatchString(host):
			got = "aws"
		case googleHost.MatchString(host):
			got = "google"
		case azureHost.MatchString(host):
			got = "azure"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
}

// azureServer plays Microsoft Entra, a machine's identity and a registry's exchange.
func azureServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form := func(key, want string) bool { return r.FormValue(key) == want }
		switch {
		case r.URL.Path == "/tenant/oauth2/v2.0/token" && form("client_id", "client") && form("scope", azureScope) &&
			(form("client_secret", "secret") || form("client_assertion", "federated") && form("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")):
			w.Write([]byte(`{"access_token": "entra"}`))
		case r.URL.Path == "/machine" && r.Header.Get("Metadata") == "true":
			w.Write([]byte(`{"access_token": "machine"}`))
		case r.URL.Path == "/oauth2/exchange" && form("grant_type", "access_token") && form("service", "acme.azurecr.io") && (form("access_token", "entra") || form("access_token", "machine")):
			w.Write([]byte(`{"refresh_token": "refresh by ` + r.FormValue("access_token") + `"}`))
		default:
			http.Error(w, "no: "+r.FormValue("client_secret"), http.StatusForbidden)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// TestAzure holds how Azure's registries are signed in to.
func TestAzure(t *testing.T) {
	t.Parallel()
	s := azureServer(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("federated\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct {
		who     Azure
		machine string
		want    string
		wrong   string
	}{
		"a secret":                {Azure{Tenant: "tenant", Client: "client", Secret: "secret", Authority: s.URL + "/"}, "", azureUser + ":refresh by entra", ""},
		"a federated token":       {Azure{Tenant: "tenant", Client: "client", TokenFile: file, Authority: s.URL}, "", azureUser + ":refresh by entra", ""},
		"the machine's identity":  {Azure{}, "/machine", azureUser + ":refresh by machine", ""},
		"nobody":                  {Azure{}, "/none", "", ""},
		"a wrong secret":          {Azure{Tenant: "tenant", Client: "client", Secret: "wrong", Authority: s.URL}, "", "", "answered 403 Forbidden"},
		"a token that is not one": {Azure{Tenant: "tenant", Client: "client", TokenFile: file + "x", Authority: s.URL}, "", "", "no such file"},
	} {
		k := newAzureKeychain(c.who)
		k.registry, k.machine = s.URL, s.URL+c.machine
		r, err := name.NewRepository("acme.azurecr.io/web")
		if err != nil {
			t.Fatal(err)
		}
		if c.wrong != "" {
			if _, err := k.Resolve(r); err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), "wrong") {
				t.Errorf("%s: %v", what, err)
			}
			continue
		}
		if got := signedIn(t, k, "acme.azurecr.io/web"); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

// TestTokens holds that a token which Docker's configuration has is used as it is, and that a token server may call its own by
// either name.
func TestTokens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		has    authn.AuthConfig
		answer string
	}{
		"configured":   {authn.AuthConfig{RegistryToken: "letmein"}, ""},
		"token":        {authn.AuthConfig{Username: "me", Password: "secret"}, `{"token":"letmein"}`},
		"access token": {authn.AuthConfig{Username: "me", Password: "secret"}, `{"access_token":"letmein"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var host string
			var asked witness
			host, _ = front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
				asked.see(r)
				switch {
				case r.URL.Path == "/token" && c.answer != "":
					_, _ = w.Write([]byte(c.answer))
				case r.URL.Path == "/token":
					t.Error("the token server was asked")
				case r.Header.Get("Authorization") == "Bearer letmein":
					return false
				default:
					w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="x"`)
					w.WriteHeader(http.StatusUnauthorized)
				}
				return true
			})
			client := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: host, Private: true, PlainHTTP: true}}, Keychain: keychain{host: c.has}})
			defer client.Close()
			if _, err := client.Resolve(t.Context(), reference(t, host+"/a/b:1")); !errors.Is(err, ErrAbsent) {
				t.Error(err)
			}
			if n := len(asked.all()); n > 3 { // how to sign in, signing in, the tag
				t.Errorf("%d requests: %v", n, asked.all())
			}
		})
	}
}
