package registry

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/landwaiter/landwaiter/internal/images"
)

func reference(t *testing.T, text string) images.Reference {
	t.Helper()
	ref, err := images.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// front is a registry on loopback with something before it that may answer in its place.
func front(t *testing.T, tls bool, before func(w http.ResponseWriter, r *http.Request) bool, options ...inprocess.Option) (host string, certs *x509.CertPool) {
	t.Helper()
	inner := inprocess.New(append(options, inprocess.Logger(log.New(io.Discard, "", 0)))...)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r) {
			inner.ServeHTTP(w, r)
		}
	})
	var server *httptest.Server
	if tls {
		server = httptest.NewTLSServer(handler)
		certs = x509.NewCertPool()
		certs.AddCert(server.Certificate())
	} else {
		server = httptest.NewServer(handler)
	}
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), certs
}

func plainClient(t *testing.T, hosts ...string) *Client {
	t.Helper()
	config := Config{Allows: func(images.Reference) bool { return true }}
	for _, h := range hosts {
		config.Hosts = append(config.Hosts, Host{Name: h, Private: true, PlainHTTP: true})
	}
	c := New(config)
	t.Cleanup(c.Close)
	return c
}

// push puts a random image into a registry, and what refers to it.
func push(t *testing.T, image string, referrers int) string {
	t.Helper()
	ref, err := name.ParseReference(image, name.Insecure)
	if err != nil {
		t.Fatal(err)
	}
	made, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, made); err != nil {
		t.Fatal(err)
	}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	descriptor, err := remote.Head(ref)
	if err != nil {
		t.Fatal(err)
	}
	for range referrers {
		other, err := random.Image(32, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref.Context().Tag("r"), mutate.Subject(other, *descriptor).(v1.Image)); err != nil {
			t.Fatal(err)
		}
	}
	return digest.String()
}

func TestAsking(t *testing.T) {
	t.Parallel()
	for mode, options := range map[string][]inprocess.Option{"referrers": {inprocess.WithReferrersSupport(true)}, "fallback": nil} {
		host, _ := front(t, false, nil, options...)
		image := host + "/acme/web:1"
		digest := push(t, image, 2)
		c, ref := plainClient(t, host), reference(t, image)
		d, err := c.Resolve(t.Context(), ref)
		if err != nil || d.Digest != digest {
			t.Fatalf("%s: resolved to %v, %v", mode, d, err)
		}
		found, err := c.Referrers(t.Context(), ref, digest)
		if err != nil || len(found) != 2 {
			t.Errorf("%s: referrers %v, %v", mode, found, err)
		}
		ref.Digest = digest
		m, err := c.Manifest(t.Context(), ref)
		if err != nil || len(m.Layers) != 1 {
			t.Fatalf("%s: manifest %v, %v", mode, m, err)
		}
		if blob, err := c.Blob(t.Context(), ref, m.Layers[0], 1<<20); err != nil || int64(len(blob)) != m.Layers[0].Size {
			t.Errorf("%s: blob of %d bytes, %v", mode, len(blob), err)
		}
		if _, err := c.Blob(t.Context(), ref, m.Layers[0], 10); !isUnavailable(err) {
			t.Errorf("%s: a large blob gave %v", mode, err)
		}
		if none, err := c.Referrers(t.Context(), ref, m.Config.Digest); err != nil || len(none) != 0 {
			t.Errorf("%s: no referrers gave %v, %v", mode, none, err)
		}
		for _, absent := range []string{host + "/acme/web:2", host + "/acme/none:1"} {
			if _, err := c.Resolve(t.Context(), reference(t, absent)); !errors.Is(err, ErrAbsent) {
				t.Errorf("%s: %s gave %v", mode, absent, err)
			}
		}
	}
}

func isUnavailable(err error) bool {
	var unavailable *UnavailableError
	return errors.As(err, &unavailable)
}

// TestFaults holds that what could not be asked is never said to be absent.
func TestFaults(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	status, header, body, calls := 0, http.Header{}, []byte(nil), 0
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if status == 0 || r.URL.Path == "/v2/" {
			return false
		}
		calls++
		for key := range header {
			w.Header().Set(key, header.Get(key))
		}
		w.WriteHeader(status)
		w.Write(body)
		return true
	}, inprocess.WithReferrersSupport(true))
	image := host + "/acme/web:1"
	digest := push(t, image, 1)
	answer := func(code int, text string, pairs ...string) {
		mu.Lock()
		defer mu.Unlock()
		status, body, calls, header = code, []byte(text), 0, http.Header{}
		for i := 0; i+1 < len(pairs); i += 2 {
			header.Set(pairs[i], pairs[i+1])
		}
	}
	ref := reference(t, image)
	for name, set := range map[string]func(){
		"forbidden":       func() { answer(http.StatusForbidden, "") },
		"too many":        func() { answer(http.StatusTooManyRequests, "", "Retry-After", "86400") },
		"too many, soon":  func() { answer(http.StatusTooManyRequests, "", "Retry-After", "0") },
		"fault":           func() { answer(http.StatusInternalServerError, "", "Retry-After", "0") },
		"not implemented": func() { answer(http.StatusNotImplemented, "") },
		"no JSON":         func() { answer(http.StatusOK, "<html>") },
		"not an index":    func() { answer(http.StatusOK, `{"layers":[]}`) },
		"compressed":      func() { answer(http.StatusOK, "{}", "Content-Encoding", "gzip") },
		"page elsewhere":  func() { answer(http.StatusOK, `{"manifests":[]}`, "Link", `<http://127.0.0.1:1/v2/x>; rel="next"`) },
		"page of another": func() { answer(http.StatusOK, `{"manifests":[]}`, "Link", `</v2/other/referrers/x>; rel="next"`) },
		"pages without end": func() {
			answer(http.StatusOK, `{"manifests":[]}`, "Link", `</v2/acme/web/referrers/`+digest+`?n=1>; rel="next"`)
		},
		"many": func() {
			entries := strings.Repeat(`{"digest":"x"},`, maxReferrers+1)
			answer(http.StatusOK, `{"manifests":[`+strings.TrimSuffix(entries, ",")+`]}`)
		},
		"large": func() { answer(http.StatusOK, strings.Repeat(" ", maxManifest+1)) },
	} {
		c := plainClient(t, host)
		set()
		if all, err := c.Referrers(t.Context(), ref, digest); !isUnavailable(err) {
			t.Errorf("%s: referrers %v, %v", name, all, err)
		}
		if calls > maxTries*maxPages {
			t.Errorf("%s: %d requests", name, calls)
		}
	}
	answer(http.StatusOK, `{"other":"content"}`)
	pinned := ref
	pinned.Digest = digest
	if _, err := plainClient(t, host).Manifest(t.Context(), pinned); !isUnavailable(err) || !strings.Contains(err.Error(), "digest") {
		t.Errorf("another content under the digest: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := plainClient(t, host).Resolve(ctx, ref); !isUnavailable(err) {
		t.Errorf("out of time: %v", err)
	}
}

// recorder is a network that connects to nothing and writes down what it was asked for.
type recorder struct {
	mu     sync.Mutex
	dialed []string
	names  map[string]string
}

func (r *recorder) network() Network {
	return Network{
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			var all []netip.Addr
			for _, text := range strings.Fields(r.names[host]) {
				all = append(all, netip.MustParseAddr(text))
			}
			return all, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.dialed = append(r.dialed, address)
			return nil, errors.New("recorded")
		},
	}
}

// TestAddresses holds that no address within is connected to, whatever it is called.
func TestAddresses(t *testing.T) {
	t.Parallel()
	inside := []string{"169.254.169.254", "10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "0.0.0.0", "100.64.0.1", "::1", "::", "fd00:ec2::254",
		"fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1", "224.0.0.1", "255.255.255.255", "198.18.0.1", "8.8.8.8 10.0.0.1"}
	r := &recorder{names: map[string]string{"public.example": "8.8.8.8"}}
	for i, address := range inside {
		host := fmt.Sprintf("h%d.example", i)
		r.names[host] = address
		c := New(Config{Allows: func(images.Reference) bool { return true }, Network: r.network()})
		if _, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1")); !isRefused(err) {
			t.Errorf("%s: %v", address, err)
		}
		if !strings.Contains(address, " ") && !strings.Contains(address, ":") {
			if _, err := c.Resolve(t.Context(), reference(t, address+"/a/b:1")); !isRefused(err) {
				t.Errorf("%s as a host: %v", address, err)
			}
		}
		proxied := r.network()
		proxied.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse("http://proxy.example:3128") }
		c = New(Config{Allows: func(images.Reference) bool { return true }, Network: proxied})
		if _, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1")); !isRefused(err) {
			t.Errorf("%s through a proxy: %v", address, err)
		}
	}
	if len(r.dialed) > 0 {
		t.Errorf("connected to %v", r.dialed)
	}
	c := New(Config{Allows: func(images.Reference) bool { return true }, Network: r.network()})
	if _, err := c.Resolve(t.Context(), reference(t, "public.example/a/b:1")); !isUnavailable(err) || r.dialed[0] != "8.8.8.8:443" {
		t.Errorf("public: %v, connected to %v", err, r.dialed)
	}
	r.dialed = nil
	c = New(Config{Allows: func(ref images.Reference) bool { return ref.Repository == "b/c" }, Network: r.network()})
	if _, err := c.Resolve(t.Context(), reference(t, "public.example/a/b:1")); !isRefused(err) || r.dialed != nil {
		t.Errorf("not allowed: %v, connected to %v", err, r.dialed)
	}
}

// TestPlainHTTP holds that nothing is asked without encryption unless the policy lists it.
func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		t.Errorf("asked %s", r.URL)
		return false
	})
	c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: host, Private: true}}})
	defer c.Close()
	if _, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1")); err == nil || !strings.HasSuffix(err.Error(), "list it under images.registries with plainHTTP: true") || strings.Contains(err.Error(), "Get ") {
		t.Errorf("%v", err)
	}
	c = New(Config{Allows: func(images.Reference) bool { return true }})
	defer c.Close()
	if _, err := c.Resolve(t.Context(), reference(t, host+"/a/b:1")); err == nil || !strings.HasSuffix(err.Error(), "list it under images.registries with private: true") || strings.Contains(err.Error(), "Get ") {
		t.Errorf("%v", err)
	}
	secure, certs := front(t, true, nil)
	c = New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: secure, Private: true}}, Network: Network{RootCAs: certs}})
	defer c.Close()
	if _, err := c.Resolve(t.Context(), reference(t, secure+"/a/b:1")); !errors.Is(err, ErrAbsent) {
		t.Errorf("own authority: %v", err)
	}
	c = New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{{Name: secure, Private: true}}})
	defer c.Close()
	if _, err := c.Resolve(t.Context(), reference(t, secure+"/a/b:1")); !isUnavailable(err) || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "encryption") {
		t.Errorf("an authority that nobody knows: %v", err)
	}
}

type keychain map[string]authn.AuthConfig

func (k keychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if config, ok := k[r.RegistryStr()]; ok {
		return authn.FromConfig(config), nil
	}
	return authn.Anonymous, nil
}

// names is a network in which every name leads to loopback, though the resolver calls some of them public.
func names(certs *x509.CertPool, public ...string) Network {
	return Network{
		RootCAs: certs,
		Lookup: func(_ context.Context, host string) ([]netip.Addr, error) {
			if slices.Contains(public, host) {
				return []netip.Addr{netip.MustParseAddr("8.8.8.8")}, nil
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			_, port, _ := net.SplitHostPort(address)
			return (&net.Dialer{}).DialContext(ctx, network, "127.0.0.1:"+port)
		},
	}
}

// TestCredentials holds that credentials go to the registry and to its listed token server, and nowhere else; the contents
// of blobs may come from another public host, which gets none.
func TestCredentials(t *testing.T) {
	t.Parallel()
	for _, listed := range []bool{true, false} {
		var mu sync.Mutex
		seen := map[string]string{}
		see := func(who string, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			seen[who] = "saw " + r.Header.Get("Authorization")
		}
		realm, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
			see("realm", r)
			json.NewEncoder(w).Encode(map[string]string{"token": "letmein"})
			return true
		})
		realm = strings.Replace(realm, "127.0.0.1", "auth.test", 1)
		elsewhere, certs := front(t, true, func(w http.ResponseWriter, r *http.Request) bool {
			see("elsewhere", r)
			w.Write([]byte("blob"))
			return true
		})
		host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
			to := strings.Replace(elsewhere, "127.0.0.1", "example.com", 1)
			switch {
			case r.Header.Get("Authorization") != "Bearer letmein":
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+realm+`/token",service="x"`)
				w.WriteHeader(http.StatusUnauthorized)
			case strings.Contains(r.URL.Path, "/inside/"):
				http.Redirect(w, r, "https://"+elsewhere+"/file", http.StatusTemporaryRedirect)
			case strings.Contains(r.URL.Path, "/blobs/"), strings.HasSuffix(r.URL.Path, "/manifests/moved"):
				http.Redirect(w, r, "https://"+to+"/file", http.StatusTemporaryRedirect)
			default:
				w.Write([]byte("{}"))
			}
			return true
		})
		config := Host{Name: host, Private: true, PlainHTTP: true}
		if listed {
			config.Realms = []string{realm}
		}
		c := New(Config{Allows: func(images.Reference) bool { return true }, Hosts: []Host{config}, Network: names(certs, "example.com"),
			Keychain: keychain{host: {Username: "me", Password: "secret"}}})
		blob := Descriptor{Digest: digestOf([]byte("blob"))}
		_, err := c.Manifest(t.Context(), reference(t, host+"/a/b:1"))
		_, moved := c.Manifest(t.Context(), reference(t, host+"/a/b:moved"))
		_, inside := c.Blob(t.Context(), reference(t, host+"/a/inside:1"), blob, 100)
		if seen["elsewhere"] != "" {
			t.Errorf("another host was asked: %v", seen)
		}
		_, outside := c.Blob(t.Context(), reference(t, host+"/a/b:1"), blob, 100)
		c.Close()
		switch {
		case listed && (err != nil || !strings.HasPrefix(seen["realm"], "saw Basic ") || outside != nil || seen["elsewhere"] != "saw "):
			t.Errorf("listed: %v, %v, %v", err, outside, seen)
		case !listed && (!isRefused(err) || seen["realm"] != ""):
			t.Errorf("not listed: %v, %v", err, seen)
		}
		if !isRefused(moved) || !isRefused(inside) {
			t.Errorf("redirects: %v, %v", moved, inside)
		}
		for _, e := range []error{err, moved, inside} {
			if e != nil && (strings.Contains(e.Error(), "secret") || strings.Contains(e.Error(), "letmein")) {
				t.Errorf("an error shows a credential: %v", e)
			}
		}
	}
}

// TestRetries holds that a registry is asked again when it says so, and then answers.
func TestRetries(t *testing.T) {
	t.Parallel()
	var calls int
	var mu sync.Mutex
	host, _ := front(t, false, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if calls++; strings.Contains(r.URL.Path, "/manifests/") && r.Method == http.MethodHead && calls < 4 && calls > 1 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	})
	image := host + "/acme/web:1"
	push(t, image, 0)
	calls = 0
	if _, err := plainClient(t, host).Resolve(t.Context(), reference(t, image)); err != nil || calls != 4 {
		t.Errorf("%d requests, %v", calls, err)
	}
}

func FuzzPages(f *testing.F) {
	f.Add("/v2/a/b/referrers/sha256:x?n=2")
	f.Add("//evil/v2/a/b/referrers/x")
	f.Add("../../c/referrers/x")
	at, _ := url.Parse("https://r.example/v2/a/b/referrers/sha256:x")
	f.Fuzz(func(t *testing.T, next string) {
		path, err := pagePath(at, next)
		if err != nil {
			return
		}
		to, err := url.Parse("https://r.example/v2/a/b/" + path)
		if err != nil || to.Host != at.Host || !strings.HasPrefix(to.Path, "/v2/a/b/referrers/") {
			t.Errorf("%q leads to %q, %v", next, path, err)
		}
	})
}
