// Package imagestest plays what images are proven with: registries that behave well and badly, authorities that vouch for
// signers, and signers that leave what cosign, GitHub and notation leave beside images.
package imagestest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	inprocess "github.com/google/go-containerregistry/pkg/registry"
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// Mode is how a registry lists what refers to an image.
type Mode string

// The modes (OCI distribution specification 1.1).
const (
	API      Mode = "referrers API"
	Fallback Mode = "fallback tag"
)

// Registry is a registry on loopback, in process or not.
type Registry struct {
	Host string
	Mode Mode

	client   *http.Client // of its own: a server that another test closes closes the idle connections of the default one
	mu       sync.Mutex
	fault    func(http.ResponseWriter, *http.Request) bool
	requests []string
}

// NewRegistry starts a registry in this process, which ends with the test.
func NewRegistry(t testing.TB, mode Mode) *Registry {
	t.Helper()
	options := []inprocess.Option{inprocess.Logger(log.New(io.Discard, "", 0)), inprocess.WithReferrersSupport(mode == API)}
	inner := inprocess.New(options...)
	r := &Registry{Mode: mode, client: ownClient()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.intercept(w, req) {
			inner.ServeHTTP(w, req)
		}
	}))
	t.Cleanup(server.Close)
	r.Host = server.Listener.Addr().String()
	return r
}

// At is a registry that runs already, over plain HTTP at a host and port.
func At(host string, mode Mode) *Registry {
	return &Registry{Host: host, Mode: mode, client: ownClient()}
}

func ownClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
}

func (r *Registry) intercept(w http.ResponseWriter, req *http.Request) bool {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	fault := r.fault
	r.mu.Unlock()
	return fault != nil && fault(w, req)
}

// Fault lets answer see each request from now on; one that it returns true for is answered by it. Nil ends that.
func (r *Registry) Fault(answer func(http.ResponseWriter, *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = answer
}

// Break answers requests whose path contains part with a status, at once however often.
func (r *Registry) Break(part string, status int) {
	r.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, part) {
			return false
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		return true
	})
}

// Requests returns what was asked since the last call, as "GET /v2/…", in order.
func (r *Registry) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := r.requests
	r.requests = nil
	return since
}

// Client returns a client that may ask registries for anything.
func Client(t testing.TB, registries ...*Registry) *registry.Client {
	t.Helper()
	config := registry.Config{Allows: func(images.Reference) bool { return true }}
	for _, r := range registries {
		config.Hosts = append(config.Hosts, registry.Host{Name: r.Host, Private: true, PlainHTTP: true})
	}
	c := registry.New(config)
	t.Cleanup(c.Close)
	return c
}

// Blob pushes content to a repository, and returns its descriptor.
func (r *Registry) Blob(t testing.TB, repository, mediaType string, content []byte) registry.Descriptor {
	t.Helper()
	d := registry.Descriptor{MediaType: mediaType, Digest: Digest(content), Size: int64(len(content))}
	resp := r.send(t, http.MethodPost, "/v2/"+repository+"/blobs/uploads/", "", nil)
	at, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	query := at.Query()
	query.Set("digest", d.Digest)
	r.send(t, http.MethodPut, at.Path+"?"+query.Encode(), "application/octet-stream", content)
	return d
}

// Manifest pushes a manifest under a tag, or under its digest when tag is "", and returns its descriptor.
func (r *Registry) Manifest(t testing.TB, repository, tag string, m any) registry.Descriptor {
	t.Helper()
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var head struct {
		MediaType string `json:"mediaType"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		t.Fatal(err)
	}
	d := registry.Descriptor{MediaType: head.MediaType, Digest: Digest(text), Size: int64(len(text))}
	if tag == "" {
		tag = d.Digest
	}
	r.send(t, http.MethodPut, "/v2/"+repository+"/manifests/"+tag, head.MediaType, text)
	return d
}

func (r *Registry) send(t testing.TB, method, path, mediaType string, content []byte) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+r.Host+path, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if mediaType != "" {
		req.Header.Set("Content-Type", mediaType)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s", method, path, resp.Status, said)
	}
	return resp
}

// Content returns a manifest that a tag or digest names, nil for none.
func (r *Registry) Content(t testing.TB, repository, tag string) []byte {
	t.Helper()
	u := url.URL{Scheme: "http", Host: r.Host, Path: "/v2/" + repository + "/manifests/" + tag}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u.String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", ociIndex+", "+ociManifest)
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return text
}

// Digest returns the digest of content.
func Digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Reference reads a reference, which has to be valid.
func Reference(t testing.TB, format string, args ...any) images.Reference {
	t.Helper()
	ref, err := images.ParseReference(fmt.Sprintf(format, args...))
	if err != nil {
		t.Fatal(err)
	}
	return ref
}
