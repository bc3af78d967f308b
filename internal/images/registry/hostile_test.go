package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

// witness answers for a host, and writes down what it was asked and with which credentials.
type witness struct {
	mu   sync.Mutex
	seen []string
}

func (s *witness) see(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization"))
}

func (s *witness) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen
}

// TestRealms holds where a registry can send us to sign in: nowhere but to itself and to hosts that are known for it, not by
// an address within, by a name of one, without encryption, or by another redirect.
func TestRealms(t *testing.T) {
	t.Parallel()
	other := &witness{}
	elsewhere, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		other.see(r)
		_, _ = w.Write([]byte(`{"token":"stolen"}`))
		return true
	})
	named := strings.Replace(elsewhere, "127.0.0.1", "inside.test", 1)
	for name, realm := range map[string]string{
		"metadata":          "http://169.254.169.254/latest/meta-data/",
		"metadata, TLS":     "https://169.254.169.254/token",
		"mapped":            "https://[::ffff:169.254.169.254]/token",
		"name of loopback":  "http://" + named + "/token",
		"another public":    "https://example.com/token",
		"another scheme":    "file:///etc/passwd",
		"user information":  "https://auth.docker.io@example.com/token",
		"redirected inside": "SELF/moved",
	} {
		var host string
		host, _ = front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
			switch r.URL.Path {
			case "/moved":
				http.Redirect(w, r, "http://"+named+"/token", http.StatusTemporaryRedirect)
			default:
				w.Header().Set("WWW-Authenticate", `Bearer realm="`+strings.Replace(realm, "SELF", "http://"+host, 1)+`",service="x"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
			return true
		})
		c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: host, Private: true, PlainHTTP: true}}, Network: names(nil, "example.com"),
			Keychain: keychain{host: {Username: "me", Password: "secret"}}})
		_, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1"))
		c.Close()
		if err == nil || errors.Is(err, ErrAbsent) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if asked := other.all(); len(asked) > 0 {
		t.Errorf("another host was asked: %v", asked)
	}
}

// TestForeignChallenge holds that the host to which a blob's address redirects cannot have us sign in anywhere.
func TestForeignChallenge(t *testing.T) {
	t.Parallel()
	var storage, thief witness
	thiefHost, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		thief.see(r)
		_, _ = w.Write([]byte(`{"token":"x"}`))
		return true
	})
	storageHost, certs := front(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		storage.see(r)
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+strings.Replace(thiefHost, "127.0.0.1", "example.com", 1)+`/token",service="x",scope="repository:a/b:pull"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	var host string
	host, _ = front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.URL.Path == "/token":
			_, _ = w.Write([]byte(`{"token":"letmein"}`))
		case r.Header.Get("Authorization") != "Bearer letmein":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			http.Redirect(w, r, "https://"+strings.Replace(storageHost, "127.0.0.1", "example.com", 1)+"/file", http.StatusTemporaryRedirect)
		}
		return true
	})
	c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: host, Private: true, PlainHTTP: true}}, Network: names(certs, "example.com"),
		Keychain: keychain{host: {Username: "me", Password: "secret"}}})
	defer c.Close()
	_, err := c.Blob(t.Context(), reference(t, host+"/a/b:1"), Descriptor{Digest: digestOf([]byte("blob"))}, 100)
	if err == nil || errors.Is(err, ErrAbsent) {
		t.Errorf("%v", err)
	}
	if asked := thief.all(); len(asked) > 0 {
		t.Errorf("the host that a storage named was asked: %v", asked)
	}
	for _, asked := range storage.all() {
		if asked != "GET /file " {
			t.Errorf("the storage was asked %q", asked)
		}
	}
}

// TestLargeTokens holds that what a registry answers to signing in is bounded, as everything else is.
func TestLargeTokens(t *testing.T) {
	t.Parallel()
	var sent int
	var mu sync.Mutex
	var host string
	host, _ = front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/token" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+host+`/token",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return true
		}
		chunk := []byte(strings.Repeat(" ", 64<<10))
		for range 64 << 4 { // 64 MiB
			n, err := w.Write(chunk)
			mu.Lock()
			sent += n
			mu.Unlock()
			if err != nil {
				return true
			}
		}
		_, _ = w.Write([]byte(`{"token":"x"}`))
		return true
	})
	c := plainClient(t, host)
	if _, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1")); !isUnavailable(err) {
		t.Errorf("%v", err)
	}
	c.Close()
	mu.Lock()
	defer mu.Unlock()
	if sent > 16<<20 {
		t.Errorf("%d bytes of a token were taken", sent)
	}
}

// TestSlowAnswers holds that an answer which never ends ends with the time that there is.
func TestSlowAnswers(t *testing.T) {
	t.Parallel()
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		w.WriteHeader(http.StatusOK)
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(" ")); err != nil {
				return true
			}
			w.(http.Flusher).Flush()
			time.Sleep(5 * time.Millisecond)
		}
		return true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := plainClient(t, host).Manifest(ctx, reference(t, host+"/a/b:1"))
	if !isUnavailable(err) || !strings.Contains(err.Error(), "did not answer in time") || time.Since(start) > time.Minute {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

// TestNamesInCertificates holds that a certificate has to be for the registry's name, by an authority that is trusted.
func TestNamesInCertificates(t *testing.T) {
	t.Parallel()
	host, certs := front(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		t.Errorf("asked %s", r.URL)
		return false
	})
	other := strings.Replace(host, "127.0.0.1", "registry.test", 1) // the certificate is for example.com and 127.0.0.1
	for _, network := range []Network{names(certs), names(nil)} {
		c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: other, Private: true}}, Network: network})
		if _, err := c.Resolve(t.Context(), reference(t, other+"/a/b:1")); !isUnavailable(err) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%v", err)
		}
		c.Close()
	}
}

// TestRebinding holds that the address which was found to be public is the one that is connected to, though the name leads
// elsewhere a moment later.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	lookups, dialed := 0, []string(nil)
	network := Network{
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			mu.Lock()
			defer mu.Unlock()
			if lookups++; lookups == 1 {
				return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dialed = append(dialed, address)
			return nil, errors.New("recorded")
		},
	}
	c := New(Config{Allows: func(images.Reference) bool { return true }, Network: network})
	defer c.Close()
	for range 3 {
		if _, err := c.Resolve(t.Context(), reference(t, "rebind.example/a/b:1")); err == nil {
			t.Error("no error")
		}
	}
	if fmt.Sprint(dialed) != "[8.8.8.8:443]" {
		t.Errorf("connected to %v", dialed)
	}
}

// TestUnsaidDigest holds that a registry which does not say the digest in answer to HEAD is asked for the manifest.
func TestUnsaidDigest(t *testing.T) {
	t.Parallel()
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") || !strings.HasSuffix(r.URL.Path, "unsaid") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		_, _ = w.Write([]byte(`{"schemaVersion":2}`))
		return true
	})
	d, err := plainClient(t, host).Resolve(t.Context(), reference(t, host+"/a/b:unsaid"))
	if err != nil || d.Digest != digestOf([]byte(`{"schemaVersion":2}`)) {
		t.Errorf("%v, %v", d, err)
	}
}

// TestUnderstated holds that content which is larger than it says is not read to its end, and is not the registry's fault.
func TestUnderstated(t *testing.T) {
	t.Parallel()
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/blobs/") {
			return false
		}
		for range 1 << 10 {
			if _, err := w.Write(make([]byte, 1<<20)); err != nil { // a gigabyte
				return true
			}
		}
		return true
	})
	_, err := plainClient(t, host).Blob(t.Context(), reference(t, host+"/a/b:1"), Descriptor{Digest: digestOf(nil), Size: 10}, 1<<10)
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || !unavailable.Content {
		t.Errorf("%v", err)
	}
}

// TestManifestRedirects holds that only the contents of blobs may come from elsewhere, whatever a repository is called.
func TestManifestRedirects(t *testing.T) {
	t.Parallel()
	var storage witness
	elsewhere, certs := front(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		storage.see(r)
		return false
	})
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/v2/" {
			return false
		}
		http.Redirect(w, r, "https://"+strings.Replace(elsewhere, "127.0.0.1", "example.com", 1)+r.URL.Path, http.StatusTemporaryRedirect)
		return true
	})
	c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: host, Private: true, PlainHTTP: true}}, Network: names(certs, "example.com")})
	defer c.Close()
	var refused *RefusedError
	if _, err := c.Resolve(t.Context(), reference(t, host+"/acme/blobs/web:1")); !errors.As(err, &refused) {
		t.Errorf("%v", err)
	}
	if asked := storage.all(); len(asked) > 0 {
		t.Errorf("another host was asked: %v", asked)
	}
}
