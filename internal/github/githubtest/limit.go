package githubtest

import (
	"errors"
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

// limitState is what an installation used of the hour that ends at reset, of one resource: core or graphql.
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

// errExhausted is in the chain of the refusal of who has used the hour's requests.
var errExhausted = errors.New("the limit is used up")

// count adds a request to what the installation used, says so in the answer's headers, and refuses when nothing is left.
func (l limits) count(c *call, header http.Header) error {
	i := c.who.installation
	if i == nil {
		return nil
	}
	state := i.limit(c.resource)
	if state.used >= l.hourly {
		state.write(l.hourly, c.resource, header)
		r := refuse(http.StatusForbidden, "API rate limit exceeded for installation ID %d.", i.ID)
		r.cause = errExhausted
		return r
	}
	state.used++
	state.write(l.hourly, c.resource, header)
	return nil
}

// limit is what the installation used of a resource in the hour that runs.
func (i *Installation) limit(resource string) *limitState {
	if state := i.used[resource]; state != nil && i.g.now().Before(state.reset) {
		return state
	}
	i.used[resource] = &limitState{reset: i.g.now().Add(time.Hour)}
	return i.used[resource]
}

// giveBack is for an answer 304, which costs nothing.
func (l limits) giveBack(c *call, header http.Header) {
	if i := c.who.installation; i != nil {
		state := i.limit(c.resource)
		state.used--
		state.write(l.hourly, c.resource, header)
	}
}

func (s limitState) write(hourly int, resource string, header http.Header) {
	header.Set("X-RateLimit-Limit", strconv.Itoa(hourly))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, hourly-s.used)))
	header.Set("X-RateLimit-Used", strconv.Itoa(s.used))
	header.Set("X-RateLimit-Reset", itoa(s.reset.Unix()))
	header.Set("X-RateLimit-Resource", resource)
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

// rateLimit answers what is left. Asking costs nothing.
func (c *call) rateLimit() (any, error) {
	resource := func(name string) object {
		state := limitState{reset: c.g.now().Add(time.Hour)}
		if i := c.who.installation; i != nil {
			state = *i.limit(name)
		}
		return object{"limit": c.g.limits.hourly, "used": state.used, "remaining": c.g.limits.hourly - state.used, "reset": state.reset.Unix(), "resource": name}
	}
	if i := c.who.installation; i != nil {
		i.limit("core").used--
	}
	core := resource("core")
	return object{"resources": object{"core": core, "search": resource("search"), "graphql": resource("graphql")}, "rate": core}, nil
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
