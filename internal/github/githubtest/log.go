package githubtest

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Request is one request that the server received.
type Request struct {
	At     time.Time
	Method string
	Path   string // as sent, with /api/v3 for REST
	Query  url.Values
	Header http.Header // without the credentials
	Body   []byte
	Status int // of the answer; 0 where none was sent
}

// requestLog remembers requests and violations. It has a lock of its own, so that it can be read while a request is
// being answered.
type requestLog struct {
	mu         sync.Mutex
	requests   []*Request
	violations []string
	counted    int64
}

func (l *requestLog) begin(r *http.Request, body []byte) *Request {
	header := r.Header.Clone()
	header.Del("Authorization")
	entry := &Request{At: time.Now(), Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: header, Body: body}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counted++
	return entry
}

func (l *requestLog) end(entry *Request, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	entry.Status = status
	l.requests = append(l.requests, entry)
}

func (l *requestLog) count() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counted
}

func (l *requestLog) all() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Request, 0, len(l.requests))
	for _, r := range l.requests {
		all = append(all, *r)
	}
	return all
}

func (l *requestLog) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = nil
}

func (l *requestLog) violation(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.violations = append(l.violations, fmt.Sprintf(format, args...))
}

func (l *requestLog) broken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.violations)
}

// Matches reports whether the request is of a method ("" any) and a path as GitHub's description writes it, such as
// /repos/{owner}/{repo}/check-runs.
func (r Request) Matches(method, path string) bool {
	if method != "" && method != r.Method {
		return false
	}
	segments := strings.Split(strings.Trim(strings.TrimPrefix(r.Path, restPrefix), "/"), "/")
	_, _, ok := match(path, segments)
	return ok
}

// Count returns how many requests of a method ("" any) came to a path as GitHub's description writes it.
func (g *GitHub) Count(method, path string) int {
	n := 0
	for _, r := range g.Requests() {
		if r.Matches(method, path) {
			n++
		}
	}
	return n
}
