package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// File is a file of a place that is asked by plain HTTP, such as a repository of charts.
type File struct {
	Place   *url.URL // the place: only at its own host may addresses be private, and unencrypted, and only as Config.Hosts has it
	Address *url.URL // of the file; it may lie at another, public host
	Limit   int64    // bytes
	Within  time.Duration

	Body   []byte            // what is sent by POST; nil for GET
	Header map[string]string // of the request, besides what is always sent

	Straight bool // no redirect is followed
}

// Download returns a file over HTTP. No credentials are sent. Redirects are followed over HTTPS to public addresses, each
// hop checked like the first. Whether the place may be asked is the caller's to decide. Errors: ErrAbsent, *RefusedError,
// *UnavailableError; none has an address in it, in which a secret of a redirect could stand.
func (c *Client) Download(ctx context.Context, f File) ([]byte, error) {
	body, _, err := c.DownloadUnless(ctx, f, "")
	return body, err
}

// ErrUnchanged says that a file is still what one has of it.
var ErrUnchanged = errors.New("it is unchanged")

// maxTag is how long an entity tag may be that is remembered and sent back.
const maxTag = 256

// DownloadUnless is Download for a file of which something is there with an entity tag, "" for nothing (RFC 9110, 8.8.3 and
// 13.1.2). It returns the tag of what it got, "" for none, or ErrUnchanged.
func (c *Client) DownloadUnless(ctx context.Context, f File, tag string) (body []byte, now string, err error) {
	ctx, cancel := context.WithTimeout(ctx, f.Within)
	defer cancel()
	host := c.hostsByIndex[strings.ToLower(f.Place.Host)]
	inner := &guard{transports: c.transports, host: f.Place.Host, private: host.Private, plainHTTP: host.PlainHTTP}
	client := &http.Client{Transport: &counting{c, inner, webGuard{inner}}, CheckRedirect: fewHops}
	if f.Straight {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return errLeadsOn }
	}
	for try := 1; ; try++ {
		resp, body, err := c.download(ctx, client, f, tag)
		var wait time.Duration
		switch {
		case errors.Is(err, errLarge):
			return nil, "", &UnavailableError{Host: f.Address.Host, Reason: fmt.Sprintf("it sent more than %d bytes", f.Limit), Content: true}
		case err != nil && (try == maxTries || ctx.Err() != nil || isRefused(err)):
			return nil, "", unavailable(f.Address.Host, err)
		case err != nil:
			wait = time.Duration(try) * 200 * time.Millisecond
		case resp.StatusCode == http.StatusOK:
			return body, tagOf(resp), nil
		case resp.StatusCode == http.StatusNotModified && tag != "":
			return nil, tag, ErrUnchanged
		case resp.StatusCode == http.StatusNotFound, resp.StatusCode == http.StatusGone:
			return nil, "", fmt.Errorf("%s: %w", f.Address.Host, ErrAbsent)
		case !again(resp.StatusCode) || try == maxTries:
			return nil, "", &UnavailableError{Host: f.Address.Host, Reason: answered(resp)}
		default:
			wait = min(retryAfter(resp, time.Duration(try)*500*time.Millisecond), maxWait)
		}
		if err := sleep(ctx, wait); err != nil {
			return nil, "", unavailable(f.Address.Host, err)
		}
	}
}

var errLeadsOn = errors.New("it leads to another address, which is not followed")

// tagOf is the entity tag of an answer, "" for none that can be sent back.
func tagOf(resp *http.Response) string {
	tag := resp.Header.Get("ETag")
	odd := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(tag) > maxTag || !strings.HasSuffix(tag, `"`) || strings.ContainsFunc(tag, odd) {
		return ""
	}
	return tag
}

// download asks once.
func (c *Client) download(ctx context.Context, client *http.Client, f File, tag string) (*http.Response, []byte, error) {
	method, sent := http.MethodGet, io.Reader(nil)
	if f.Body != nil {
		method, sent = http.MethodPost, bytes.NewReader(f.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, f.Address.String(), sent)
	if err != nil {
		return nil, nil, err
	}
	for key, value := range f.Header {
		req.Header.Set(key, value)
	}
	req.Header.Set("User-Agent", c.config.UserAgent)
	req.Header.Set("Accept-Encoding", "identity") // an archive is to arrive as it is; and no bomb hides behind a compression
	if tag != "" {
		req.Header.Set("If-None-Match", tag)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.ContentLength > f.Limit {
		return resp, nil, errLarge
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, f.Limit+1))
	if err == nil && int64(len(body)) > f.Limit {
		err = errLarge
	}
	return resp, body, err
}

// webGuard lets requests of a place go to its own host as that is listed, and elsewhere over HTTPS to public addresses.
type webGuard struct{ *guard }

// RoundTrip sends a request where it may go; the error is a *RefusedError where it may not.
func (g webGuard) RoundTrip(req *http.Request) (*http.Response, error) {
	own := strings.EqualFold(req.URL.Host, g.host)
	switch {
	case req.URL.User != nil || req.Header.Get("Authorization") != "":
		return nil, &RefusedError{req.URL.Host, "an address with credentials in it is not asked"}
	case req.URL.Scheme != "https" && (req.URL.Scheme != "http" || !own || !g.plainHTTP):
		return nil, &RefusedError{req.URL.Host, "it would be asked without encryption; list it under images.registries with plainHTTP: true if that is meant"}
	}
	inner, err := g.route(req, own && g.private)
	if err != nil {
		return nil, err
	}
	return inner.RoundTrip(req)
}
