package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

type account struct{ Name, Token string }

// Secrets do not get into the log, whatever way they take.
func TestLogHidesSecrets(t *testing.T) {
	t.Parallel()
	s, err := load("github: {appID: 1, privateKeyFile: k, webhookSecrets: [hook-secret]}\ndatabase: postgres://u:db-password@h/d\n", nil, map[string]string{"k": testKey()})
	if err != nil {
		t.Fatal(err)
	}
	keyLine := strings.Split(testKey(), "\n")[3]
	leaks := []string{"hook-secret", "db-password", keyLine, "ghs_16C7e42F292c6912E7710c838347Ae178B4a", "ghs_12_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NTYifQ.c2lnbmF0dXJl",
		"github_pat_11ABCDEFG0abcdefghij_klmnopqrstuvwxyz", "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NTYifQ.c2lnbmF0dXJl", "v1." + strings.Repeat("0a", 20),
		"stored-secret", "Zm9vYmFyYmF6cXV4", "pass%20word"}
	wrap := map[string]string{"Zm9vYmFyYmF6cXV4": "Authorization: Basic Zm9vYmFyYmF6cXV4", "pass%20word": "https://me:pass%20word@example.com/x"}
	for _, format := range []string{"text", "json"} {
		s.Log = LogSettings{slog.LevelInfo, format}
		var out bytes.Buffer
		log := NewLog(&out, s, "stored-secret")
		for _, leak := range leaks {
			text := "said " + leak + "."
			if whole, ok := wrap[leak]; ok {
				text = whole
			}
			log.Info(text)
			log.With("bound", text).WithGroup("g").Info("m", "s", text, "e", errors.New(text), "bytes", []byte(text), "struct", account{"x", text},
				slog.Group("in", "s", text, slog.Group("deep", "s", text)), "valuer", valuer(text))
			log.Info("m", "token", leak, "Private-Key", leak, "client_secret", leak, "Authorization", leak, "s", Secret(leak), "settings", s)
		}
		log.Debug("never seen")
		for _, leak := range leaks {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%s: %q is in the log", format, leak)
			}
		}
		if strings.Contains(out.String(), "never seen") || !strings.Contains(out.String(), "example.com/x") {
			t.Errorf("%s: %s", format, out.String()[:1000])
		}
	}
}

type valuer string

func (v valuer) LogValue() slog.Value { return slog.StringValue(string(v)) }

// What is no secret stays readable.
func TestLogKeepsTheRest(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := Settings{Log: LogSettings{slog.LevelInfo, "json"}}
	s.GitHub.WebhookSecrets = []Secret{"in"} // too short to be hidden wherever it occurs
	NewLog(&out, s).Info("reviewing", "repository", "acme/infra", "pull", 7, "head", strings.Repeat("0a", 20), "url", "https://github.com/acme/infra", "took", 1.5,
		"image", "ghcr.io/acme/web@sha256:"+strings.Repeat("ab", 32), "note", "basic auth is off, token: none", "line", "a\nb")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]any{"msg": "reviewing", "repository": "acme/infra", "pull": 7.0, "head": strings.Repeat("0a", 20), "url": "https://github.com/acme/infra",
		"image": "ghcr.io/acme/web@sha256:" + strings.Repeat("ab", 32), "note": "basic auth is off, token: none", "line": "a\nb"} {
		if line[key] != want {
			t.Errorf("%s: %v", key, line[key])
		}
	}
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("an event has several lines: %q", out.String())
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("x ghs_16C7e42F292c6912E7710c838347Ae178B4a y", "hook-secret")
	f.Add("-----BEGIN RSA PRIVATE KEY-----\nabc", "")
	f.Fuzz(func(t *testing.T, text, secret string) {
		hide := hiding([]string{secret})
		hidden := hide(text + secret + text)
		if len(secret) >= 6 && !strings.Contains(masked+masked, secret) && strings.Contains(hidden, secret) && !strings.Contains(hide(strings.ReplaceAll(hidden, secret, "")), masked) {
			t.Errorf("%q is in %q", secret, hidden)
		}
		if again := hide(hidden); len(again) > len(hidden)+100 {
			t.Errorf("it grows: %q, %q", hidden, again)
		}
	})
}

// Traces reach a collector, in which secrets are none; without an endpoint nothing happens.
func TestTracing(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []byte
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			var unpacked io.Reader
			if unpacked, err = gzip.NewReader(bytes.NewReader(data)); err == nil {
				data, err = io.ReadAll(unpacked)
			}
		}
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.URL.Path...)
		got = append(got, data...)
	}))
	t.Cleanup(collector.Close)
	var out logBuffer
	log := NewLog(&out, Settings{Log: LogSettings{slog.LevelInfo, "text"}})
	tracing, err := StartTracing(t.Context(), TracingSettings{collector.URL + "/v1/traces"}, "1.2.3", log)
	if err != nil {
		t.Fatal(err)
	}
	d := newDoor(t, func(o *Options) { o.Tracing = tracing })
	d.post(t, "{}", nil)
	ctx, end := tracing.Span(t.Context(), "render", "root", "apps/web", "url", "ghs_0123456789abcdef")
	log.InfoContext(ctx, "in a span")
	end(errors.New("failed with ghs_fedcba9876543210"))
	if err := tracing.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"/v1/traces", "webhook", "72d3162e-cc78-11e3-81ab-4c9367dc0958", "render", "apps/web", "landwaiter", "1.2.3", "failed with ghs_***"} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("the traces lack %q: %q", want, got)
		}
	}
	if bytes.Contains(got, []byte("0123456789abcdef")) || bytes.Contains(got, []byte("fedcba9876543210")) {
		t.Error("a token is in the traces")
	}
	if !strings.Contains(out.String(), "trace=") {
		t.Errorf("the log lacks the trace: %s", &out)
	}

	var none *Tracing
	if none, err = StartTracing(t.Context(), TracingSettings{}, "", log); none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
	_, end = none.Span(context.Background(), "x")
	end(nil)
	if err := none.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
