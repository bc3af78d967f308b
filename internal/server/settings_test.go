package server

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the table of settings into docs/app.md")

// testKey returns a private key as GitHub makes them.
var testKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

// load loads settings of a file's text, of an environment and of files that hold secrets.
func load(text string, env, files map[string]string) (Settings, error) {
	getenv := func(name string) string { return env[name] }
	readFile := func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return LoadSettings(File{"config.yaml", []byte(text)}, getenv, readFile)
}

func TestSettingsDefaults(t *testing.T) {
	t.Parallel()
	s, err := load("", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != ":8080" || s.GitHub.URL != "https://github.com" || string(s.Database) != "sqlite:data/landwaiter.db" || s.Workers < 1 ||
		s.HasApp() || s.Cache.Mirrors != 10<<30 || s.Cache.MirrorAge != 720*time.Hour || s.Log.Format != "text" || s.Tracing.URL != "" {
		t.Errorf("%+v", s)
	}
	if s, err = load("data: /var/lib/landwaiter\n", nil, nil); err != nil || string(s.Database) != "sqlite:/var/lib/landwaiter/landwaiter.db" {
		t.Errorf("%s, %v", string(s.Database), err)
	}
}

// A file, the environment over it, and files that hold secrets.
func TestSettingsSources(t *testing.T) {
	t.Parallel()
	text := `
listen: 127.0.0.1:9000
publicURL: https://land.example.com/
github:
  url: https://GitHub.Example.com/
  appID: 7
  privateKeyFile: key.pem
  webhookSecrets: [first, "sec,ond"]
`
	if _, err := load(text, nil, nil); err == nil || !strings.Contains(err.Error(), "config.yaml:8: github.webhookSecrets: want a list of texts without commas") ||
		!strings.Contains(err.Error(), "config.yaml:7: github.privateKeyFile: open key.pem: file does not exist") {
		t.Fatal(err)
	}
	text = strings.Replace(text, "sec,ond", "second", 1) + `
workers: 3
database: postgres://land:pass@db/land
cache: {mirrors: 500MiB, mirrorAge: 12h, maxFetch: 1GB}
log: {level: debug, format: json}
metricsListen: ":9100"
policy: policy.yaml
`
	files := map[string]string{"key.pem": testKey(), "secrets": "third, fourth\n", "ca.pem": certificate(t)}
	s, err := load(text, map[string]string{
		"LANDWAITER_LISTEN": ":7000", "LANDWAITER_WEBHOOK_SECRETS_FILE": "secrets", "LANDWAITER_CA_FILE": "ca.pem", "LANDWAITER_WORKERS": "",
		"https_proxy": "http://user:proxypass@proxy:3128", "NO_PROXY": "localhost", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/",
	}, files)
	if err != nil {
		t.Fatal(err)
	}
	want := Settings{
		Listen: ":7000", MetricsListen: ":9100", PublicURL: "https://land.example.com",
		GitHub:   GitHubSettings{"https://github.example.com", 7, Secret(strings.TrimSpace(testKey())), []Secret{"third", "fourth"}},
		Database: "postgres://land:pass@db/land", Data: "data", Policy: "policy.yaml", Workers: 3,
		CAFile: "ca.pem", Authorities: s.Authorities,
		Cache:   CacheSettings{500 << 20, 12 * time.Hour, 1e9, 2 << 30},
		Log:     LogSettings{slog.LevelDebug, "json"},
		Proxy:   ProxySettings{HTTPS: "http://user:proxypass@proxy:3128", No: "localhost"},
		Tracing: TracingSettings{"http://collector:4318/v1/traces"},
	}
	if !reflect.DeepEqual(s, want) || len(s.Authorities) != 1 {
		t.Errorf("got %+v\nwant %+v", s, want)
	}
	if _, err := s.Roots(); err != nil {
		t.Error(err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), asJSON(t, s)} {
		for _, secret := range []string{"third", "fourth", "pass@", "PRIVATE KEY", "proxypass"} {
			if strings.Contains(shown, secret) {
				t.Errorf("%q is in %s", secret, shown)
			}
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// certificate returns one that a test server made for itself.
func certificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}

func TestSettingsProxy(t *testing.T) {
	t.Parallel()
	p := ProxySettings{HTTPS: "http://proxy:3128", No: "internal.example.com"}
	for target, want := range map[string]string{"https://github.com/": "http://proxy:3128", "https://internal.example.com/": "<nil>", "http://github.com/": "<nil>"} {
		got, err := p.For(httptest.NewRequest(http.MethodGet, target, nil))
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("%s: %v, %v", target, got, err)
		}
	}
}

// Every mistake is named with its place, all at once, and no value is shown.
func TestSettingsMistakes(t *testing.T) {
	t.Parallel()
	const leak = "do-not-show-this"
	for _, c := range []struct {
		text string
		env  map[string]string
		says []string
	}{
		{text: "listen: 8080\nworkers: 0\ngithub:\n  url: http://github.example.com\n  appID: x\n", says: []string{
			"config.yaml:1: listen: want ADDRESS:PORT", "config.yaml:2: workers: want a whole number from 1 to 256",
			"config.yaml:4: github.url: plain http is accepted for addresses of this machine only", "config.yaml:5: github.appID: want a whole number"}},
		{text: "github:\n  appid: 1\n  private_key: " + leak + "\nwebhookSecrets: x\nnone: 1\n", says: []string{
			"config.yaml:2: github.appid: is no setting; github.appID is one", "config.yaml:3: github.private_key: is no setting; github.privateKey is one",
			"config.yaml:4: webhookSecrets: is no setting; github.webhookSecrets is one", "config.yaml:5: none: is no setting"}},
		{text: "listen: :1\nlisten: :2\n", says: []string{"config.yaml:2: listen: is there twice, first on line 1"}},
		{text: "github: [a]\nlisten: {a: b}\nlog: text\n", says: []string{"config.yaml:1: want keys and values under github", "config.yaml:2: listen: want a single value", "config.yaml:3: want keys and values under log"}},
		{text: "- a\n", says: []string{"config.yaml:1: want keys and values"}},
		{text: "listen: :1\n---\nlisten: :2\n", says: []string{"config.yaml: want one document"}},
		{text: "listen: [\n", says: []string{"config.yaml:", "is not YAML"}},
		{text: "a: `" + leak + "`\n", says: []string{"config.yaml:", "is not YAML"}},
		{text: "x: &a 1\nlisten: *a\n", says: []string{"config.yaml:1: x: is no setting", "config.yaml:2: listen: want a single value"}},
		{text: "github:\n  appID: 1\n", says: []string{"config.yaml:2: github.appID: an App needs github.privateKey"}},
		{text: "github:\n  appID: 1\n  privateKeyFile: key\n", says: []string{"config.yaml:2: github.appID: an App needs github.webhookSecrets"}},
		{text: "github:\n  privateKeyFile: key\n", says: []string{"config.yaml:2: github.privateKeyFile: key: an App needs github.appID"}},
		{text: "github:\n  privateKey: " + leak + "\n", says: []string{"config.yaml:2: github.privateKey: want the App's private key in PEM"}},
		{text: "github:\n  privateKey: x\n  privateKeyFile: key\n", says: []string{"config.yaml:3: github.privateKeyFile: is set, and github.privateKey as well"}},
		{env: map[string]string{"LANDWAITER_PRIVATE_KEY": leak, "LANDWAITER_PRIVATE_KEY_FILE": "key"}, says: []string{"LANDWAITER_PRIVATE_KEY: is set, and LANDWAITER_PRIVATE_KEY_FILE as well"}},
		{env: map[string]string{"LANDWAITER_PRIVATE_KEY_FILE": "none"}, says: []string{"LANDWAITER_PRIVATE_KEY_FILE: open none: file does not exist"}},
		{env: map[string]string{"LANDWAITER_PRIVATE_KEY_FILE": "notakey"}, says: []string{"LANDWAITER_PRIVATE_KEY_FILE: notakey: want the App's private key"}},
		{env: map[string]string{"LANDWAITER_PRIVATE_KEY_FILE": "ca"}, says: []string{"want an RSA private key"}},
		{env: map[string]string{"LANDWAITER_WEBHOOK_SECRETS": " , "}, says: []string{"LANDWAITER_WEBHOOK_SECRETS: want 1 to 10 secrets"}},
		{env: map[string]string{"LANDWAITER_GITHUB_URL": "https://" + leak + ":x@github.com"}, says: []string{"LANDWAITER_GITHUB_URL: an address has no user"}},
		{env: map[string]string{"LANDWAITER_GITHUB_URL": "https://api.github.com"}, says: []string{"want https://github.com"}},
		{env: map[string]string{"LANDWAITER_GITHUB_URL": "https://ghe.example.com/api/v3"}, says: []string{"as people open it: https://ghe.example.com"}},
		{env: map[string]string{"LANDWAITER_GITHUB_URL": "github.com"}, says: []string{"want an address like"}},
		{env: map[string]string{"LANDWAITER_DATABASE": "mysql://" + leak + "@x/y"}, says: []string{"LANDWAITER_DATABASE: want sqlite:FILE or postgres://"}},
		{env: map[string]string{"LANDWAITER_DATABASE": "postgres://u:" + leak + "%zz@x/y"}, says: []string{"LANDWAITER_DATABASE: want sqlite:FILE"}},
		{env: map[string]string{"LANDWAITER_CACHE_MIRRORS": "10 parsecs"}, says: []string{"want a size like"}},
		{env: map[string]string{"LANDWAITER_CACHE_MIRRORS": "99999999999999TiB"}, says: []string{"want a size like"}},
		{env: map[string]string{"LANDWAITER_CACHE_MIRROR_AGE": "-1d"}, says: []string{"want a duration like"}},
		{env: map[string]string{"LANDWAITER_LOG_LEVEL": "loud"}, says: []string{"want debug, info, warn or error"}},
		{env: map[string]string{"LANDWAITER_CA_FILE": "none"}, says: []string{"LANDWAITER_CA_FILE: none: open none"}},
		{env: map[string]string{"LANDWAITER_CA_FILE": "key"}, says: []string{"LANDWAITER_CA_FILE: key: no certificate is in it"}},
		{env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector"}, says: []string{"want an address like http://collector:4318"}},
	} {
		_, err := load(c.text, c.env, map[string]string{"key": testKey(), "notakey": leak, "ca": certificate(t)})
		if err == nil {
			t.Errorf("%q %v was accepted", c.text, c.env)
			continue
		}
		for _, want := range c.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q %v: %v\ndoes not say %q", c.text, c.env, err, want)
			}
		}
		if strings.Contains(err.Error(), leak) {
			t.Errorf("%q %v: the value is shown: %v", c.text, c.env, err)
		}
	}
}

func TestSettingsAccepts(t *testing.T) {
	t.Parallel()
	key := strings.ReplaceAll(testKey(), "\n", `\n`)
	s, err := load("# nothing but a comment\n", map[string]string{"LANDWAITER_APP_ID": "1", "LANDWAITER_PRIVATE_KEY": key, "LANDWAITER_WEBHOOK_SECRETS": "a,b"}, nil)
	if err != nil || !s.HasApp() || string(s.GitHub.PrivateKey) != testKey() || len(s.GitHub.WebhookSecrets) != 2 {
		t.Errorf("%v %+v", err, s)
	}
	for _, env := range []map[string]string{
		{"LANDWAITER_GITHUB_URL": "http://127.0.0.1:3000"}, {"LANDWAITER_GITHUB_URL": "http://[::1]:3000"}, {"LANDWAITER_GITHUB_URL": "http://localhost"},
		{"LANDWAITER_PUBLIC_URL": "http://land.internal/x"}, {"LANDWAITER_DATABASE": "sqlite:/tmp/x.db"}, {"LANDWAITER_DATABASE": "postgresql:///land?host=/run/postgresql"},
		{"LANDWAITER_LISTEN": "[::1]:0"}, {"LANDWAITER_CACHE_RENDERINGS": "1000"},
	} {
		if _, err := load("", env, nil); err != nil {
			t.Errorf("%v: %v", env, err)
		}
	}
	off := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}
	if s, err := load("", off, nil); err != nil || s.Tracing.URL != "" {
		t.Errorf("%q, %v", s.Tracing.URL, err)
	}
}

const (
	tableBegin = "<!-- settings: begin. Made from internal/server/settings_table.go by go test ./internal/server -update -->\n"
	tableEnd   = "<!-- settings: end -->"
)

// The documentation lists the settings that there are.
func TestSettingsTable(t *testing.T) {
	t.Parallel()
	const name = "../../docs/app.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(text), tableBegin)
	listed, tail, ends := strings.Cut(rest, tableEnd)
	if !begins || !ends {
		t.Fatalf("%s lacks the lines %q and %q", name, tableBegin, tableEnd)
	}
	want := "\n" + SettingsTable() + "\n"
	switch {
	case listed == want:
	case *update:
		if err := os.WriteFile(name, []byte(head+tableBegin+want+tableEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s lists other settings: run go test ./internal/server -run TestSettingsTable -update", name)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte("listen: :1\ngithub: {appID: 1, privateKeyFile: k, webhookSecrets: [a]}\n"), "https://github.com", "10GiB")
	f.Add([]byte("? a\n: &x [*x]\n---\n"), "http://[::1", "1d")
	f.Add([]byte("<<: {a: b}\n!!binary x: y\n"), "postgres://%", "-1")
	key := testKey()
	f.Fuzz(func(t *testing.T, text []byte, first, second string) {
		env := map[string]string{"LANDWAITER_GITHUB_URL": first, "LANDWAITER_DATABASE": first, "LANDWAITER_PUBLIC_URL": first,
			"LANDWAITER_CACHE_MIRRORS": second, "LANDWAITER_CACHE_MIRROR_AGE": second, "LANDWAITER_LISTEN": second, "LANDWAITER_WEBHOOK_SECRETS": second}
		readFile := func(string) ([]byte, error) { return []byte(key), nil }
		s, err := LoadSettings(File{"f", text}, func(name string) string { return env[name] }, readFile)
		if err != nil {
			if bytes.ContainsAny([]byte(strings.ReplaceAll(err.Error(), "\n", "")), "\x00\x1b\r") {
				t.Errorf("%q", err)
			}
			return
		}
		if s.Workers < 1 || s.Cache.Mirrors <= 0 || s.Cache.MirrorAge <= 0 || s.GitHub.URL == "" || s.HasApp() && len(s.GitHub.WebhookSecrets) == 0 {
			t.Errorf("%+v", s)
		}
		if again, err := LoadSettings(File{"f", text}, func(name string) string { return env[name] }, readFile); err != nil || !reflect.DeepEqual(s, again) {
			t.Errorf("another time: %v", errors.Join(err))
		}
	})
}
