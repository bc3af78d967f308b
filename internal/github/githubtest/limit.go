package githubtest

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// limits are GitHub's limits on requests.
type limits struct {
	hourly  int // requests an hour for an installation
	content int // things made in a minute by an installation: comments, reviews, pull requests; 0 is no limit
}

// limitState is what somebody used of the hour that ends at reset.
type limitState struct {
	used  int
	reset time.Time
}

func newLimits() limits { return limits{hourly: 5000} }

// LimitRequests sets how many requests an installation may send in an hour. 5000 is GitHub's number.
func (g *GitHub) LimitRequests(hourly int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits.hourly = hourly
}

// LimitContent sets how much an installation may make in a minute. 80 is GitHub's number; there is no limit before
// this is called, so that tests may be quick.
func (g *GitHub) LimitContent(aMinute int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limits.content = aMinute
}

// count adds a request to what the installation used, says so in the answer's headers, and refuses when nothing is left.
func (l limits) count(c *call, header http.Header) error {
	i := c.who.installation
	if i == nil {
		return nil
	}
	now := c.g.now()
	if !now.Before(i.used.reset) {
		i.used = limitState{reset: now.Add(time.Hour)}
	}
	if i.used.used >= l.hourly {
		l.write(i, header)
		return refuse(http.StatusForbidden, "API rate limit exceeded for installation ID %d.", i.ID)
	}
	i.used.used++
	l.write(i, header)
	return nil
}

// giveBack is for an answer 304, which costs nothing.
func (l limits) giveBack(c *call, header http.Header) {
	if i := c.who.installation; i != nil {
		i.used.used--
		l.write(i, header)
	}
}

func (l limits) write(i *Installation, header http.Header) {
	header.Set("X-RateLimit-Limit", strconv.Itoa(l.hourly))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(l.hourly-i.used.used))
	header.Set("X-RateLimit-Used", strconv.Itoa(i.used.used))
	header.Set("X-RateLimit-Reset", itoa(i.used.reset.Unix()))
	header.Set("X-RateLimit-Resource", "core")
}

// made notes that a call makes content that people are told of, and refuses it when that is too much for a minute.
func (c *call) made() error {
	i := c.who.installation
	if i == nil || c.g.limits.content == 0 {
		return nil
	}
	now := c.g.now()
	i.content = slices.DeleteFunc(i.content, func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	if len(i.content) >= c.g.limits.content {
		r := refuse(http.StatusForbidden, secondaryLimit)
		r.header = map[string]string{"Retry-After": itoa(int64(i.content[0].Add(time.Minute).Sub(now)/time.Second) + 1)}
		return r
	}
	i.content = append(i.content, now)
	return nil
}

func (c *call) rateLimit() (any, error) {
	limit := map[string]any{"limit": c.g.limits.hourly, "used": 0, "remaining": c.g.limits.hourly, "reset": c.g.now().Add(time.Hour).Unix(), "resource": "core"}
	if i := c.who.installation; i != nil {
		i.used.used-- // asking is free
		limit["used"], limit["remaining"], limit["reset"] = i.used.used, c.g.limits.hourly-i.used.used, i.used.reset.Unix()
	}
	return map[string]any{"resources": map[string]any{"core": limit, "search": limit, "graphql": limit}, "rate": limit}, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
