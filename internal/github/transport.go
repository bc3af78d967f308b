package github

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// apiVersion is the version of GitHub's REST interface that is asked for.
//
// https://docs.github.com/en/rest/about-the-rest-api/api-versions
const apiVersion = "2022-11-28"

const (
	timeout      = 30 * time.Second // of one call, its answer read
	maxBody      = 32 << 20         // bytes of one answer
	maxRedirects = 3
)

// Call is one request that was sent to GitHub, for metrics.
type Call struct {
	Installation int64  // 0: as the App itself, or as nobody
	Method       string // GET, POST, PATCH
	Endpoint     string // as GitHub's documentation writes it: /repos/{owner}/{repo}/check-runs
	Status       int    // 0 when there was no answer
	Duration     time.Duration
	Resource     string // which limit it counts against: core, graphql
	Limit, Left  int    // of the rate limit; both 0 where there is none
}

// newWire is what connections are made with: TLS 1.2 or newer, the authorities and the proxy of the settings.
func newWire(s Settings) *http.Transport {
	return &http.Transport{
		Proxy:                 s.Proxy,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots},
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: s.Timeout,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          32,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       90 * time.Second,
	}
}

// transport is what every call passes: nothing is sent to a host other than GitHub's, nothing while a limit holds, no
// answer is larger than it may be, and every call is counted.
type transport struct {
	wire         http.RoundTripper
	site         Site
	installation int64
	agent        string
	gate         *gate
	observe      func(Call)
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.site.asks(req.URL) {
		return nil, fmt.Errorf("nothing is sent to %s, which is not GitHub's interface", req.URL.Host)
	}
	if err := t.gate.closed(time.Now()); err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", t.agent)
	req.Header.Set("X-GitHub-Api-Version", apiVersion)
	start := time.Now()
	resp, err := t.wire.RoundTrip(req)
	t.count(req, resp, time.Since(start))
	if err != nil {
		return nil, err
	}
	if limits(resp) {
		resp.Body.Close()
		return nil, t.gate.close(resp.Header, time.Now())
	}
	if resp.StatusCode < 400 {
		t.gate.open()
	}
	resp.Body = &capped{resp.Body, maxBody}
	return resp, nil
}

func (t *transport) count(req *http.Request, resp *http.Response, took time.Duration) {
	if t.observe == nil {
		return
	}
	call := Call{Installation: t.installation, Method: req.Method, Endpoint: endpoint(req.URL.Path), Duration: took}
	if resp != nil {
		call.Status, call.Resource = resp.StatusCode, resp.Header.Get("X-Ratelimit-Resource")
		call.Limit, _ = strconv.Atoi(resp.Header.Get("X-Ratelimit-Limit"))
		call.Left, _ = strconv.Atoi(resp.Header.Get("X-Ratelimit-Remaining"))
	}
	t.observe(call)
}

// capped is a body that fails past its limit, instead of ending there as if it were whole.
type capped struct {
	io.ReadCloser
	left int64
}

var errTooLarge = errors.New("the answer is too large")

// Read implements io.Reader.
func (c *capped) Read(p []byte) (int, error) {
	if c.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.ReadCloser.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// redirect follows GitHub to where something has moved, on the same host, and never turns a write into a read, as
// net/http does for some answers.
func redirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case len(via) > maxRedirects:
		return &Error{Op: "follow GitHub's redirection", Said: "it goes in circles", kind: ErrUnavailable}
	case req.URL.Host != first.URL.Host || req.URL.Scheme != first.URL.Scheme:
		return &Error{Op: "follow GitHub's redirection", Said: "it leads to another host, " + said(req.URL.Host), kind: ErrRefused}
	case req.Method != first.Method:
		return &Error{Op: "follow GitHub's redirection", Said: "what was to be written has moved: was the repository renamed?", kind: ErrNotFound}
	}
	return nil
}
