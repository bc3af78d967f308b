package githubtest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is something that goes wrong: requests that it matches are not answered as they would be. One that only has
// Before spoils nothing.
type Fault struct {
	Method string // "" any
	Path   string // as GitHub's description writes it, such as /repos/{owner}/{repo}/check-runs; or a prefix of the path followed by *
	Skip   int    // as many matching requests are answered well first
	Times  int    // how often it happens; 0 is always

	Status int               // of the answer: 500, 502, 403, 429, …
	Header map[string]string // such as Retry-After
	Body   string            // "" is what GitHub says with that status
	After  bool              // the request is done all the same; only its answer is lost
	Hang   bool              // no answer until the client gives up; without Status
	Drop   bool              // the connection is closed without an answer; without Status

	Before func() // is called before the request is looked at, and may use this package: a push that comes in between

	happened int
}

// secondaryLimit is what GitHub says with 403 or 429 when somebody asks too much at a time.
const secondaryLimit = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."

// Fail lets a fault happen from now on. Several are asked in the order they were added.
func (g *GitHub) Fail(f Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, &f)
}

// Heal ends all faults.
func (g *GitHub) Heal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = nil
}

// SecondaryLimit is the fault that GitHub answers bursts with: 403, and how long to wait (0: it does not say).
func SecondaryLimit(method, path string, wait time.Duration, times int) Fault {
	f := Fault{Method: method, Path: path, Times: times, Status: http.StatusForbidden, Header: map[string]string{}}
	f.Body = `{"message":"` + secondaryLimit + `","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	if wait > 0 {
		f.Header["Retry-After"] = itoa(int64(wait / time.Second))
	}
	return f
}

func (g *GitHub) faultFor(r *http.Request) *Fault {
	g.mu.Lock()
	defer g.mu.Unlock()
	at := slices.IndexFunc(g.faults, func(f *Fault) bool { return f.matches(r) })
	if at < 0 {
		return nil
	}
	return g.faults[at]
}

func (f *Fault) matches(r *http.Request) bool {
	asked := Request{Method: r.Method, Path: r.URL.Path}
	prefix, wild := strings.CutSuffix(f.Path, "*")
	if f.Method != "" && f.Method != r.Method || wild && !strings.HasPrefix(r.URL.Path, prefix) || !wild && !asked.Matches("", f.Path) {
		return false
	}
	if f.happened >= f.Skip+f.Times && f.Times > 0 {
		return false
	}
	f.happened++
	return f.happened > f.Skip
}

// spoils reports whether the answer is another one, or none.
func (f *Fault) spoils() bool { return f.Status != 0 || f.Hang || f.Drop }

// apply puts the fault in the place of the answer. It returns false when no answer must be sent.
func (f *Fault) apply(a *answer, r *http.Request) bool {
	if f.Hang {
		<-r.Context().Done()
		return false
	}
	if f.Drop {
		return false
	}
	message := http.StatusText(f.Status)
	switch f.Status {
	case http.StatusTooManyRequests:
		message = secondaryLimit
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable:
		message = "Server Error"
	}
	a.header = make(http.Header)
	a.refuse(&refusal{status: f.Status, message: message, header: f.Header})
	if f.Body != "" {
		a.body.Reset()
		a.body.WriteString(f.Body)
	}
	return true
}
