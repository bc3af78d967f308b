package github

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// gate holds an installation's calls back while GitHub wants them held back, so that one that ran into a limit does
// not make it worse. Limits belong to the installation.
//
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
type gate struct {
	mu      sync.Mutex
	until   time.Time
	guesses int // limits in a row that did not say for how long
}

const (
	guess   = time.Minute // the wait when GitHub does not say: at least a minute, then twice as long each time
	maxWait = 2 * time.Hour
)

// closed returns a *RateLimited while calls are to be held back, else nil.
func (g *gate) closed(now time.Time) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if wait := g.until.Sub(now); wait > 0 {
		return &RateLimited{After: max(wait, time.Second)}
	}
	return nil
}

// close holds calls back for as long as an answer's headers say.
func (g *gate) close(header http.Header, now time.Time) *RateLimited {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait, ok := told(header, now)
	if !ok {
		wait = guess << min(g.guesses, 4)
		g.guesses++
	}
	wait = min(max(wait, time.Second), maxWait)
	if until := now.Add(wait); until.After(g.until) {
		g.until = until
	}
	return &RateLimited{After: wait}
}

// open forgets guesses: a call went through.
func (g *gate) open() {
	g.mu.Lock()
	g.guesses = 0
	g.mu.Unlock()
}

// told reads for how long to wait: retry-after, in seconds or as a date, else x-ratelimit-reset when nothing is left.
func told(header http.Header, now time.Time) (time.Duration, bool) {
	if after := header.Get("Retry-After"); after != "" {
		if seconds, err := strconv.ParseInt(after, 10, 32); err == nil {
			return time.Duration(seconds) * time.Second, true
		}
		if at, err := http.ParseTime(after); err == nil {
			return at.Sub(now), true
		}
	}
	if header.Get("X-Ratelimit-Remaining") != "0" {
		return 0, false
	}
	reset, err := strconv.ParseInt(header.Get("X-Ratelimit-Reset"), 10, 64)
	if err != nil {
		return 0, false
	}
	return time.Unix(reset, 0).Sub(now) + time.Second, true
}

// limits reports whether an answer says that a limit is reached. A 403 may also mean that a permission is missing: it
// is a limit when it says when to come back, when nothing is left, or when its text says so. The body stays readable.
func limits(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		return true
	case http.StatusForbidden:
	default:
		return false
	}
	if resp.Header.Get("Retry-After") != "" || resp.Header.Get("X-Ratelimit-Remaining") == "0" {
		return true
	}
	start, _ := io.ReadAll(io.LimitReader(resp.Body, 16<<10))
	resp.Body = readCloser{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	return bytes.Contains(start, []byte("secondary rate limit")) || bytes.Contains(start, []byte("rate limit exceeded")) ||
		bytes.Contains(start, []byte("secondary-rate-limits")) || bytes.Contains(start, []byte("abuse-rate-limits"))
}

type readCloser struct {
	io.Reader
	io.Closer
}
