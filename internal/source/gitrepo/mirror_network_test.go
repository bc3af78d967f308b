package gitrepo

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// An Enterprise Server may have a certificate of an authority that only its company knows.
func TestMirrorAuthorities(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	secure := httptest.NewTLSServer(server.Config.Handler)
	t.Cleanup(secure.Close)
	remote := v.remote()
	remote.URL = secure.URL + "/x.git"
	authorities := filepath.Join(t.TempDir(), "ca.pem")
	overwrite(t, authorities, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))

	if _, err := newMirror(t, MirrorOptions{}).Fetch(t.Context(), remote, "refs/heads/main"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a certificate of somebody unknown: %v", err)
	}
	f := fetch(t, newMirror(t, MirrorOptions{CAFile: authorities}), remote, "refs/heads/main", pullRef(7))
	expect(t, "change", files(t, f), pullSeven)
	if m := newMirror(t, MirrorOptions{CAFile: "ca.pem"}); !filepath.IsAbs(m.opts.CAFile) { // git works in another directory
		t.Error(m.opts.CAFile)
	}
	byVariable := newMirror(t, MirrorOptions{Options: Options{Env: []string{"SSL_CERT_FILE=" + authorities}}})
	expect(t, "change", files(t, fetch(t, byVariable, remote, "refs/heads/main", pullRef(7))), pullSeven)
}

func TestMirrorProxy(t *testing.T) {
	t.Parallel()
	server := newGitServer(t)
	v := server.serve(1)
	var through atomic.Int64
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { through.Add(1) }}
	proxy := httptest.NewServer(http.Handler(forward))
	t.Cleanup(proxy.Close)
	for name, c := range map[string]struct {
		env  []string
		want bool
	}{
		"proxy":    {[]string{"http_proxy=" + proxy.URL}, true},
		"not here": {[]string{"http_proxy=" + proxy.URL, "NO_PROXY=127.0.0.1"}, false},
	} {
		through.Store(0)
		m := newMirror(t, MirrorOptions{Options: Options{Env: c.env}})
		fetch(t, m, v.remote(), "refs/heads/main")
		if got := through.Load() > 0; got != c.want {
			t.Errorf("%s: %d requests went through the proxy", name, through.Load())
		}
	}
}
