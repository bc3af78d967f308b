// Package githubtest is a GitHub for tests and for the demonstration: a server on the loopback interface, laid out as
// GitHub Enterprise Server is (REST under /api/v3, GraphQL at /api/graphql, Git under /OWNER/REPO.git), on which whole
// pull requests are played through. Repositories are real ones, served by git http-backend; hunks, merges and merge
// bases are what Git says they are. What GitHub refuses is refused: lines outside the difference, too many
// annotations, missing permissions, expired tokens, merges without their required checks.
//
// Every request and every answer is checked against GitHub's own OpenAPI description, every GraphQL document against
// its schema, and every webhook against the published schemas; what does not hold is in Violations.
//
// Two kinds of clients change its state: programs, over HTTP; and people, who are methods here (Repository.Open,
// PullRequest.Push, PullRequest.Comment, Repository.PressButton, …). What a person does is delivered to the Apps
// before the method returns; what a program caused is delivered soon after its answer.
//
// Methods that cannot fail but by misuse call Options.Fatalf, as tests would; those that GitHub may refuse return an
// error. Only one goroutine should use the methods that can be fatal when Fatalf is that of a test.
package githubtest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options says how a test GitHub runs.
type Options struct {
	Dir    string                           // holds the repositories; "" is a temporary directory that Close deletes
	Fatalf func(format string, args ...any) // is told what went wrong and must not return, as testing.T's; nil panics
}

// GitHub is a running test GitHub. Its methods may be called from several goroutines.
type GitHub struct {
	url, dir, git string
	dirIsOurs     bool
	fatal         func(format string, args ...any)
	http          *http.Server
	contract      *contract
	log           *requestLog
	background    *outbox

	mu       sync.Mutex // guards all below, and all that hangs on it
	offset   time.Duration
	ids      int64
	commits  int64 // made so far: commits are a second apart, so that their names are the same in each run
	accounts map[string]*account
	repos    map[string]*Repository
	apps     []*App
	tokens   map[string]*token
	codes    map[string]*manifestCode
	pending  []*Delivery // to be sent once mu is released
	faults   []*Fault
	limits   limits
	changed  chan struct{} // closed and made anew whenever something may have changed
}

// Start starts a test GitHub. It needs the git program. Close ends it.
func Start(opts Options) *GitHub {
	g := &GitHub{
		fatal:    opts.Fatalf,
		accounts: make(map[string]*account),
		repos:    make(map[string]*Repository),
		tokens:   make(map[string]*token),
		codes:    make(map[string]*manifestCode),
		changed:  make(chan struct{}),
		limits:   newLimits(),
		log:      new(requestLog),
	}
	if g.fatal == nil {
		g.fatal = func(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
	}
	if err := g.start(opts.Dir); err != nil {
		g.fatal("start the test GitHub: %v", err)
	}
	return g
}

func (g *GitHub) start(dir string) (err error) {
	if g.git, err = exec.LookPath("git"); err != nil {
		return fmt.Errorf("the git program is needed: %w", err)
	}
	if g.dir = dir; dir == "" {
		g.dirIsOurs = true
		if g.dir, err = os.MkdirTemp("", "githubtest-"); err != nil {
			return err
		}
	}
	if g.dir, err = filepath.Abs(g.dir); err != nil {
		return err
	}
	if g.contract, err = newContract(); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	g.url = "http://" + listener.Addr().String()
	g.background = newOutbox(g)
	g.http = &http.Server{Handler: http.HandlerFunc(g.serve), ReadHeaderTimeout: time.Minute}
	go func() {
		if err := g.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			g.log.violation("the test GitHub stopped serving: %v", err)
		}
	}()
	return nil
}

// Close stops the server, forgets webhooks that were not sent, and deletes the temporary directory.
func (g *GitHub) Close() {
	_ = g.http.Close()
	g.background.close()
	if g.dirIsOurs {
		_ = os.RemoveAll(g.dir)
	}
}

// URL is the address of the web pages, without a slash at the end; it is what github.url is set to.
func (g *GitHub) URL() string { return g.url }

// RESTURL is the address of the REST interface, with a slash at the end, as clients of GitHub Enterprise want it.
func (g *GitHub) RESTURL() string { return g.url + "/api/v3/" }

// GraphQLURL is the address of the GraphQL interface.
func (g *GitHub) GraphQLURL() string { return g.url + "/api/graphql" }

// Advance moves the clock of the server forward: installation tokens expire, limits are reset.
func (g *GitHub) Advance(by time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.offset += by
}

// Requests returns all requests so far, in the order of their answers. Git's are among them.
func (g *GitHub) Requests() []Request { return g.log.all() }

// Violations returns what broke GitHub's published contract so far, by a client or by this server, in words.
func (g *GitHub) Violations() []string { return g.log.broken() }

// ForgetRequests empties the list of requests, so that a later count begins here.
func (g *GitHub) ForgetRequests() { g.log.forget() }

func (g *GitHub) now() time.Time { return time.Now().Add(g.offset).UTC().Truncate(time.Second) }

func (g *GitHub) id() int64 {
	g.ids++
	return 1000 + g.ids
}

// act does what a person does: it changes the state, and delivers what follows before it returns.
func (g *GitHub) act(change func() error) error {
	err := g.locked(change)
	g.deliver(g.takePending())
	return err
}

// must is act for what can only fail by misuse.
func (g *GitHub) must(what string, change func() error) {
	if err := g.act(change); err != nil {
		g.fatal("githubtest: %s: %v", what, err)
	}
}

func (g *GitHub) locked(change func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	defer g.announce()
	return change()
}

func (g *GitHub) takePending() []*Delivery {
	g.mu.Lock()
	defer g.mu.Unlock()
	pending := g.pending
	g.pending = nil
	return pending
}

// announce wakes everybody who waits for a change.
func (g *GitHub) announce() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// Wait returns true as soon as done is true; it is asked after every change. After limit it returns false. done may
// call this package's methods.
func (g *GitHub) Wait(limit time.Duration, done func() bool) bool {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		g.mu.Lock()
		changed := g.changed
		g.mu.Unlock()
		if done() {
			return true
		}
		select {
		case <-changed:
		case <-timeout.C:
			return done()
		}
	}
}

func fold(name string) string { return strings.ToLower(name) }
