package github

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"sync"
)

// answers keeps what one installation was answered, to ask only whether it has changed: GitHub does not count an
// answer of 304 against the rate limit. Each installation has its own, so that none is shown what another may see.
//
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
type answers struct {
	mu    sync.Mutex
	byKey map[string]*list.Element
	order list.List // of *keptAnswer, the last used first
	bytes int
}

// keptAnswer is one of them.
type keptAnswer struct {
	key, etag string
	header    http.Header
	body      []byte
}

const (
	maxAnswer  = 64 << 10  // bytes of a body that is kept
	maxAnswers = 256 << 10 // bytes of an installation
	perAnswer  = 1 << 10   // what keeping one costs beside its body, about
)

func newAnswers() *answers { return &answers{byKey: make(map[string]*list.Element)} }

func answerKey(req *http.Request) string { return req.URL.String() + " " + req.Header.Get("Accept") }

func (c *answers) get(key string) (*keptAnswer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.byKey[key]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*keptAnswer), true
}

func (c *answers) put(a *keptAnswer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old, ok := c.byKey[a.key]; ok {
		c.drop(old)
	}
	c.byKey[a.key] = c.order.PushFront(a)
	c.bytes += len(a.body) + perAnswer
	for c.bytes > maxAnswers {
		c.drop(c.order.Back())
	}
}

func (c *answers) drop(e *list.Element) {
	a := c.order.Remove(e).(*keptAnswer)
	delete(c.byKey, a.key)
	c.bytes -= len(a.body) + perAnswer
}

// ask sends a GET with the tag of what was kept, and answers with that when GitHub says that it still holds.
func (c *answers) ask(req *http.Request, next http.RoundTripper) (*http.Response, error) {
	key := answerKey(req)
	kept, known := c.get(key)
	if known {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", kept.etag)
	}
	resp, err := next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case known && resp.StatusCode == http.StatusNotModified:
		return kept.again(resp), nil
	case resp.StatusCode == http.StatusOK && resp.Header.Get("Etag") != "":
		return c.keep(key, resp)
	}
	return resp, nil
}

// keep reads an answer and keeps it when it is small.
func (c *answers) keep(key string, resp *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	if len(body) > maxAnswer {
		resp.Body = readCloser{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
		return resp, nil
	}
	resp.Body.Close()
	c.put(&keptAnswer{key: key, etag: resp.Header.Get("Etag"), header: resp.Header.Clone(), body: body})
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// again makes the kept answer out of a 304, with the headers that are new: what is left of the rate limit.
func (a *keptAnswer) again(resp *http.Response) *http.Response {
	resp.Body.Close()
	header := a.header.Clone()
	for name, values := range resp.Header {
		header[name] = values
	}
	header.Del("Content-Length")
	resp.Header = header
	resp.StatusCode, resp.Status = http.StatusOK, "200 OK"
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
	return resp
}
