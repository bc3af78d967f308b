package githubtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	restPrefix    = "/api/v3"
	graphQLPath   = "/api/graphql"
	largestBody   = 10 << 20
	documentation = "https://docs.github.com/rest"
)

// serve takes every request, notes it, and lets scripted faults go before or after.
func (g *GitHub) serve(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	entry := g.log.begin(r, body)
	answer := &answer{header: make(http.Header), status: http.StatusOK}
	fault := g.faultFor(r)
	if fault != nil && fault.Before != nil {
		fault.Before()
	}
	spoilt := fault != nil && fault.spoils()
	if !spoilt || fault.After {
		g.dispatch(answer, r, body)
	}
	if spoilt && !fault.apply(answer, r) {
		g.log.end(entry, 0)
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	g.log.end(entry, answer.status)
	g.background.send(g.takePending())
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body.Bytes())
	g.wake()
}

func (g *GitHub) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.announce()
}

func readBody(r *http.Request) ([]byte, error) {
	limit := int64(largestBody)
	if isGit(r) {
		limit = 1 << 30
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil || int64(len(body)) > limit {
		return nil, errors.New("the request is too large")
	}
	return body, nil
}

// answer is a response before it is sent, so that it can be checked and withheld.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header            { return a.header }
func (a *answer) WriteHeader(status int)         { a.status = status }
func (a *answer) Write(data []byte) (int, error) { return a.body.Write(data) }

func (g *GitHub) dispatch(w *answer, r *http.Request, body []byte) {
	switch {
	case r.URL.Path == graphQLPath:
		g.serveGraphQL(w, r, body)
	case strings.HasPrefix(r.URL.Path, restPrefix+"/"):
		g.serveREST(w, r, body)
	case isGit(r):
		g.serveGit(w, r, body)
	case strings.HasPrefix(r.URL.Path, artifactPath):
		g.serveArtifact(w, r)
	default:
		g.serveWeb(w, r, body)
	}
}

// serveREST answers one request to the REST interface.
func (g *GitHub) serveREST(w *answer, r *http.Request, body []byte) {
	c := &call{g: g, request: r, body: body, resource: "core"}
	w.header.Set("Content-Type", "application/json; charset=utf-8")
	w.header.Set("X-GitHub-Request-Id", strconv.FormatInt(g.log.count(), 16))
	w.header.Set("X-GitHub-Api-Version-Selected", apiVersions[0])
	route, params := find(routes(), r.Method, strings.TrimPrefix(r.URL.EscapedPath(), restPrefix))
	if route == nil {
		w.refuse(notFound())
		return
	}
	c.params, c.status = params, route.status
	result, err := c.answer(route, w)
	if err != nil {
		w.fail(g, r, err)
	} else {
		w.write(c, result)
	}
	g.contract.checkAnswer(g.log, c, route, w)
}

// apiVersions are those of the REST interface that GitHub serves, the default first.
var apiVersions = []string{"2022-11-28", "2026-03-10"}

// answer finds out who asks, checks the request and lets the route do it, with the state locked.
func (c *call) answer(route *route, w *answer) (any, error) {
	if c.request.UserAgent() == "" {
		return nil, refuse(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header")
	}
	if v := c.request.Header.Get("X-GitHub-Api-Version"); v != "" && v != apiVersions[0] && v != apiVersions[1] {
		return nil, refuse(http.StatusBadRequest, "The version %q is not supported.", v)
	}
	if err := c.identify(route, w); err != nil {
		return nil, err
	}
	if problem := c.g.contract.checkRequest(c, route); problem != nil {
		c.g.log.violation("request %s %s: %v", c.request.Method, c.request.URL.Path, problem)
		return nil, refuse(http.StatusUnprocessableEntity, "Invalid request.\n\n%v", problem)
	}
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	if err := c.findRepository(); err != nil {
		return nil, err
	}
	if err := c.permit(route.needs); err != nil {
		return nil, err
	}
	return route.do(c)
}

// identify sets who asks, and counts the request against their limit. What needs nobody (the conversion of a
// manifest's code) may come from nobody.
func (c *call) identify(route *route, w *answer) (err error) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.who, err = c.g.authenticate(c.request)
	if err != nil {
		if route.needs == "" && c.request.Header.Get("Authorization") == "" {
			c.who = new(caller)
			return nil
		}
		return err
	}
	return c.g.limits.count(c, w.header)
}

func (c *call) findRepository() error {
	owner, name := c.params["owner"], c.params["repo"]
	if owner == "" || name == "" {
		return nil
	}
	if c.repo = c.g.repos[fold(owner+"/"+name)]; c.repo == nil {
		return notFound()
	}
	return nil
}

// write sends what a route returned: nothing, a list in pages, text as it is, or JSON.
func (a *answer) write(c *call, result any) {
	a.status = c.status
	for name, value := range c.header {
		a.header.Set(name, value)
	}
	switch v := result.(type) {
	case nil:
		a.header.Del("Content-Type")
		return
	case raw:
		a.header.Set("Content-Type", v.kind)
		a.body.WriteString(v.text)
		return
	case *list:
		result = c.page(v, a.header)
	}
	data, err := json.Marshal(result)
	if err != nil {
		a.refuse(refuse(http.StatusInternalServerError, "%v", err))
		return
	}
	a.body.Write(data)
	if c.request.Method == http.MethodGet {
		a.tag(c)
	}
}

// tag gives the answer an ETag, and makes it a 304 that costs nothing when the client has it already.
func (a *answer) tag(c *call) {
	sum := sha256.Sum256(a.body.Bytes())
	tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
	a.header.Set("ETag", tag)
	a.header.Set("Cache-Control", "private, max-age=60, s-maxage=60")
	if c.request.Header.Get("If-None-Match") == tag {
		a.status = http.StatusNotModified
		a.body.Reset()
		a.header.Del("Content-Type")
		c.g.mu.Lock()
		defer c.g.mu.Unlock()
		c.g.limits.giveBack(c, a.header)
	}
}

// raw is an answer that is not JSON.
type raw struct{ kind, text string }

func (a *answer) fail(g *GitHub, r *http.Request, err error) {
	var refused *refusal
	if !errors.As(err, &refused) {
		g.log.violation("the test GitHub cannot answer %s %s: %v", r.Method, r.URL.Path, err)
		refused = refuse(http.StatusInternalServerError, "Server Error: %v", err)
	}
	a.refuse(refused)
}

func (a *answer) refuse(r *refusal) {
	a.status = r.status
	for name, value := range r.header {
		a.header.Set(name, value)
	}
	a.header.Set("Content-Type", "application/json; charset=utf-8")
	said := map[string]any{"message": r.message, "documentation_url": documentation, "status": strconv.Itoa(r.status)}
	if r.errors != nil {
		said["errors"] = r.errors
	}
	data, _ := json.Marshal(said) // strings only
	a.body.Reset()
	a.body.Write(data)
}

// page cuts a list into pages, 30 to a page or as many as the client asks for up to 100, and links to the others.
func (c *call) page(l *list, header http.Header) any {
	if l.link != "" {
		header.Set("Link", l.link)
		return l.items
	}
	query := c.request.URL.Query()
	size := clamp(query.Get("per_page"), 30, 100)
	number := clamp(query.Get("page"), 1, 1<<30)
	last := max(1, (len(l.items)+size-1)/size)
	start := min(len(l.items), (number-1)*size)
	items := l.items[start:min(len(l.items), start+size)]
	var links []string
	link := func(page int, rel string) {
		links = append(links, fmt.Sprintf("<%s>; rel=%q", c.pageURL(query, page), rel))
	}
	if number > 1 {
		link(number-1, "prev")
	}
	if number < last {
		link(number+1, "next")
		link(last, "last")
	}
	if number > 1 {
		link(1, "first")
	}
	if links != nil {
		header.Set("Link", strings.Join(links, ", "))
	}
	if l.key == "" {
		return items
	}
	page := map[string]any{"total_count": len(l.items), l.key: items}
	maps.Copy(page, l.also)
	return page
}

func (c *call) pageURL(query url.Values, page int) string {
	query = maps.Clone(query)
	query.Set("page", strconv.Itoa(page))
	return c.g.url + c.request.URL.EscapedPath() + "?" + query.Encode()
}

func clamp(text string, otherwise, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return otherwise
	}
	return min(n, most)
}
