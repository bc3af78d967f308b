package github

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRateLimits(t *testing.T) {
	t.Parallel()
	soon := fmt.Sprint(time.Now().Add(10 * time.Minute).Unix())
	tests := []struct {
		name     string
		handle   http.HandlerFunc
		from, to time.Duration // the wait; 0, 0: it is no limit
	}{
		{"429 with retry-after", status(429, "{}", map[string]string{"Retry-After": "30"}), 30 * time.Second, 30 * time.Second},
		{"429 without", status(429, "{}", nil), time.Minute, time.Minute},
		{"403 with retry-after", status(403, "{}", map[string]string{"Retry-After": "30"}), 30 * time.Second, 30 * time.Second},
		{"a date", status(403, "{}", map[string]string{"Retry-After": time.Now().Add(20 * time.Minute).UTC().Format(http.TimeFormat)}), 15 * time.Minute, 20 * time.Minute},
		{"nothing left", status(403, "{}", map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": soon}), 5 * time.Minute, 11 * time.Minute},
		{"secondary by its text", status(403, `{"message":"You have exceeded a secondary rate limit."}`, map[string]string{"X-RateLimit-Remaining": "12", "X-RateLimit-Reset": soon}), time.Minute, time.Minute},
		{"an hour ago", status(429, "{}", map[string]string{"Retry-After": "-3600"}), time.Second, time.Second},
		{"a year", status(429, "{}", map[string]string{"Retry-After": "31536000"}), 2 * time.Hour, 2 * time.Hour},
		{"no number", status(429, "{}", map[string]string{"Retry-After": "soon"}), time.Minute, time.Minute},
		{"a permission", status(403, `{"message":"Resource not accessible by integration"}`, map[string]string{"X-RateLimit-Remaining": "12"}), 0, 0},
		{"the last one went through", status(200, `{"number":12}`, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": soon}), 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := record(t, test.handle)
			c := r.client()
			_, err := c.PullRequest(t.Context(), acme, 12)
			var limited *RateLimited
			if got := errors.As(err, &limited); got != (test.to > 0) {
				t.Fatalf("limited: %v (%v)", got, err)
			}
			if limited == nil {
				return
			}
			if limited.After < test.from || limited.After > test.to {
				t.Errorf("wait %s, want %s to %s", limited.After, test.from, test.to)
			}
			before := len(r.requests())
			_, err = c.PullRequest(t.Context(), acme, 12)
			if !errors.As(err, &limited) || len(r.requests()) != before {
				t.Errorf("asked while the limit holds: %v", err)
			}
		})
	}
}

// TestNothingLeft: when an answer says that nothing is left, the next call is not made.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-RateLimit-Limit", "5000")
		w.Header().Set("X-RateLimit-Remaining", "0")
		w.Header().Set("X-RateLimit-Reset", fmt.Sprint(time.Now().Add(10*time.Minute).Unix()))
		answer(t, w, pullAnswer(12))
	})
	c := r.client()
	if _, err := c.PullRequest(t.Context(), acme, 12); err != nil {
		t.Fatal(err)
	}
	before := len(r.requests())
	_, err := c.PullRequest(t.Context(), acme, 12)
	var limited *RateLimited
	if !errors.As(err, &limited) || limited.After < 5*time.Minute || limited.After > 11*time.Minute || len(r.requests()) != before {
		t.Errorf("%v", err)
	}
}

// TestRateLimitIsOfOneInstallation: what one ran into does not hold others back.
func TestRateLimitIsOfOneInstallation(t *testing.T) {
	t.Parallel()
	r := record(t, func(w http.ResponseWriter, req *http.Request) {
		if strings.Contains(req.Header.Get("Authorization"), secret+"1") {
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		answer(t, w, pullAnswer(12))
	})
	app := r.app()
	other := acme
	other.Installation = 6
	var limited *RateLimited
	if _, err := app.Client(5).PullRequest(t.Context(), acme, 12); !errors.As(err, &limited) {
		t.Fatal(err)
	}
	if _, err := app.Client(6).PullRequest(t.Context(), other, 12); err != nil {
		t.Error(err)
	}
}

func TestGuessesGrow(t *testing.T) {
	t.Parallel()
	g, at := &gate{}, time.Unix(1000, 0)
	var waits []string
	for range 6 {
		waits = append(waits, g.close(http.Header{}, at).After.String())
	}
	g.open()
	waits = append(waits, g.close(http.Header{}, at).After.String())
	if got, want := strings.Join(waits, " "), "1m0s 2m0s 4m0s 8m0s 16m0s 16m0s 1m0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if g.closed(at.Add(15*time.Minute)) == nil || g.closed(at.Add(17*time.Minute)) != nil {
		t.Error("the gate is closed for as long as was said")
	}
}
