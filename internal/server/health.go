package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Check is one thing that has to work for reviews to work. Run returns why it does not; it must end with its context.
type Check struct {
	Name string // database, disk, github
	Run  func(ctx context.Context) error
}

const (
	checkTimeout = 3 * time.Second
	checkEvery   = time.Second // an answer is good for that long, so that asking often costs nothing
)

// healthy answers GET /healthz: a server that answers is alive. What it needs may still be missing.
func healthy(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") }

// readiness answers GET /readyz.
type readiness struct {
	checks     []Check
	configured func() bool

	mu     sync.Mutex
	asked  time.Time
	states []state
}

// state is how a check came out.
type state struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	Reason string `json:"reason,omitempty"`
}

// ServeHTTP answers with every check and its reason: 200 when all are well, else 503.
func (h *readiness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	states := h.look(r.Context())
	status := http.StatusOK
	for _, s := range states {
		if !s.Ready {
			status = http.StatusServiceUnavailable
		}
	}
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"ready": status == http.StatusOK, "checks": states}) // who does not listen misses it
		return
	}
	var lines []string
	for _, s := range states {
		line := s.Name + ": ok"
		if !s.Ready {
			line = s.Name + ": " + s.Reason
		}
		lines = append(lines, line)
	}
	say(w, status, strings.Join(lines, "\n"))
}

// look runs the checks, or returns how they came out a moment ago.
func (h *readiness) look(ctx context.Context) []state {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.asked) < checkEvery {
		return h.states
	}
	// The answer is for others too: who asked first may hang up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	states := make([]state, len(h.checks)+1)
	states[0] = h.credentials()
	var all sync.WaitGroup
	for i, check := range h.checks {
		all.Go(func() { states[i+1] = run(ctx, check) })
	}
	all.Wait()
	h.states, h.asked = states, time.Now()
	return states
}

func (h *readiness) credentials() state {
	if !h.configured() {
		return state{"credentials", false, "no GitHub App is configured yet: open the link to /setup that was printed at start"}
	}
	return state{Name: "credentials", Ready: true}
}

// run runs a check, and does not wait for one that does not end with its context.
func run(ctx context.Context, check Check) state {
	ended := make(chan error, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				ended <- fmt.Errorf("the check ended in a bug: %v", cause)
			}
		}()
		ended <- check.Run(ctx)
	}()
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = fmt.Errorf("no answer within %s", checkTimeout)
	}
	if err != nil {
		return state{check.Name, false, redact(oneLine(err.Error()))}
	}
	return state{Name: check.Name, Ready: true}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
