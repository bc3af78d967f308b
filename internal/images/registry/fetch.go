package registry

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

// Limits of what is read.
const (
	maxManifest  = 4 << 20
	maxReferrers = 1000 // entries
	maxPages     = 10
	maxWait      = 10 * time.Second // that a registry may ask for before it is asked again
	maxTries     = 3
)

// accepted are the media types of manifests that are understood.
const accepted = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " +
	"application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json"

// Resolve returns the descriptor that a tag, or digest, names now. Errors: ErrAbsent, *RefusedError, *UnavailableError.
func (c *Client) Resolve(ctx context.Context, ref images.Reference) (Descriptor, error) {
	if err := checkName(ref); err != nil {
		return Descriptor{}, err
	}
	resp, _, err := c.get(ctx, ref, request{method: http.MethodHead, path: "manifests/" + version(ref), limit: maxManifest})
	if err != nil {
		return Descriptor{}, err
	}
	d := Descriptor{MediaType: mediaType(resp), Digest: resp.Header.Get("Docker-Content-Digest"), Size: resp.ContentLength}
	if ref.Digest != "" {
		d.Digest = ref.Digest
	}
	if !images.IsDigest(d.Digest) { // some registries do not say it in answer to HEAD
		m, err := c.Manifest(ctx, ref)
		if err != nil {
			return Descriptor{}, err
		}
		return m.Descriptor, nil
	}
	return d, nil
}

// checkName refuses a digest that is none: it may be from a list that somebody pushed, and becomes part of an address.
func checkName(ref images.Reference) error {
	if ref.Digest == "" || images.IsDigest(ref.Digest) {
		return nil
	}
	return &UnavailableError{Host: ref.Host, Reason: "it names a manifest by something that is no digest", Content: true}
}

// version is what follows "manifests/": the digest, which wins as it does for runtimes, the tag, or latest.
func version(ref images.Reference) string {
	switch {
	case ref.Digest != "":
		return ref.Digest
	case ref.Tag != "":
		return ref.Tag
	}
	return "latest"
}

// Manifest returns the manifest that a reference names. One that is asked for by digest has it, or the error says so.
func (c *Client) Manifest(ctx context.Context, ref images.Reference) (*Manifest, error) {
	if err := checkName(ref); err != nil {
		return nil, err
	}
	resp, body, err := c.get(ctx, ref, request{method: http.MethodGet, path: "manifests/" + version(ref), limit: maxManifest})
	if err != nil {
		return nil, err
	}
	if err := c.checkDigest(ref, ref.Digest, body); err != nil {
		return nil, err
	}
	m := &Manifest{}
	if err := json.Unmarshal(body, m); err != nil {
		return nil, &UnavailableError{Host: ref.Host, Reason: "its manifest cannot be read", Err: err, Content: isPushed(ref, resp, body)}
	}
	if m.Manifests != nil && (m.Config.Digest != "" || m.Layers != nil) {
		return nil, &UnavailableError{Host: ref.Host, Reason: "its manifest is an image and a list of images at once, which programs read in different ways", Content: true}
	}
	m.Descriptor = Descriptor{MediaType: mediaType(resp), Digest: digestOf(body), Size: int64(len(body)), ArtifactType: m.ArtifactType, Annotations: m.Annotations}
	return m, nil
}

// isPushed reports whether what was sent is what somebody pushed, and not an error page: it was asked for by its digest, or the
// registry says that digest of it.
func isPushed(ref images.Reference, resp *http.Response, body []byte) bool {
	digest := cmp.Or(ref.Digest, resp.Header.Get("Docker-Content-Digest"))
	return images.IsDigest(digest) && images.MatchesDigest(digest, body)
}

// Blob returns content of a repository, of at most limit bytes. It has the descriptor's digest, or the error says so.
func (c *Client) Blob(ctx context.Context, ref images.Reference, d Descriptor, limit int64) ([]byte, error) {
	if !images.IsDigest(d.Digest) {
		return nil, &UnavailableError{Host: ref.Host, Reason: "it names content by something that is no digest", Content: true}
	}
	if d.Size > limit {
		return nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("content of %d bytes is larger than the %d that are read", d.Size, limit), Content: true}
	}
	_, body, err := c.get(ctx, ref, request{method: http.MethodGet, path: "blobs/" + d.Digest, limit: limit})
	if err != nil {
		return nil, err
	}
	return body, c.checkDigest(ref, d.Digest, body)
}

func (c *Client) checkDigest(ref images.Reference, want string, body []byte) error {
	if want == "" || images.MatchesDigest(want, body) {
		return nil
	}
	return &UnavailableError{Host: ref.Host, Reason: "what it sent does not have the digest " + want}
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Referrers lists what refers to a digest of the reference's repository: by the referrers API, and where the registry does
// not have that or has nothing there, by the tag that the specification names in its place. An empty list means that
// both answered and there is nothing.
func (c *Client) Referrers(ctx context.Context, ref images.Reference, digest string) ([]Descriptor, error) {
	c.mu.Lock()
	without := c.noReferrers[ref.Host]
	c.mu.Unlock()
	if !without {
		all, err := c.referrersAPI(ctx, ref, digest)
		if err == nil && len(all) > 0 || err != nil && !errors.Is(err, ErrAbsent) {
			return all, err
		}
		if err != nil {
			c.mu.Lock()
			c.noReferrers[ref.Host] = true
			c.mu.Unlock()
		}
	}
	ref.Tag, ref.Digest = fallbackTag(digest), ""
	m, err := c.Manifest(ctx, ref)
	switch {
	case errors.Is(err, ErrAbsent):
		return nil, nil
	case err != nil:
		return nil, err
	case m.Manifests == nil && (m.Config.Digest != "" || m.Layers != nil):
		return nil, &UnavailableError{Host: ref.Host, Reason: "the tag " + ref.Tag + ", which lists referrers, holds something else", Content: true}
	}
	return capped(ref, m.Manifests)
}

// fallbackTag is the tag that lists a digest's referrers (OCI distribution specification 1.1, "referrers tag schema"), of
// which the encoded part is cut to 64 characters.
func fallbackTag(digest string) string {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	return algorithm + "-" + encoded[:min(len(encoded), 64)]
}

// referrersAPI reads the pages of the API. They may not lead elsewhere.
func (c *Client) referrersAPI(ctx context.Context, ref images.Reference, digest string) (all []Descriptor, err error) {
	path := "referrers/" + digest
	for range maxPages {
		resp, body, err := c.get(ctx, ref, request{method: http.MethodGet, path: path, limit: maxManifest})
		if err != nil {
			return nil, err
		}
		var index Manifest
		if err := json.Unmarshal(body, &index); err != nil || index.Manifests == nil && !strings.Contains(mediaType(resp), "index") {
			return nil, &UnavailableError{Host: ref.Host, Reason: "its list of referrers is not an image index", Err: err}
		}
		all = append(all, index.Manifests...)
		next := nextPage(resp)
		if next == "" || len(all) > maxReferrers {
			return capped(ref, all)
		}
		if path, err = pagePath(resp.Request.URL, next); err != nil {
			return nil, &UnavailableError{Host: ref.Host, Reason: err.Error()}
		}
	}
	return nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("its list of referrers has more than %d pages", maxPages), Content: true}
}

func capped(ref images.Reference, all []Descriptor) ([]Descriptor, error) {
	if len(all) > maxReferrers {
		return nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("it lists more than %d referrers", maxReferrers), Content: true}
	}
	return all, nil
}

// nextPage reads the Link header (RFC 8288) with rel="next".
func nextPage(resp *http.Response) string {
	for _, link := range resp.Header.Values("Link") {
		target, params, found := strings.Cut(link, ">")
		if found && strings.HasPrefix(target, "<") && strings.Contains(params, `rel="next"`) {
			return target[1:]
		}
	}
	return ""
}

// pagePath makes the path of the next page out of its address, which has to lie beside the one before.
func pagePath(at *url.URL, next string) (string, error) {
	to, err := at.Parse(next)
	if err != nil {
		return "", fmt.Errorf("the address of its next page cannot be read: %w", err)
	}
	repository, _, _ := strings.Cut(at.EscapedPath(), "/referrers/")
	rest, found := strings.CutPrefix(to.EscapedPath(), repository+"/referrers/")
	if !found || to.Host != at.Host || to.Scheme != at.Scheme {
		return "", errors.New("the next page of its referrers lies elsewhere")
	}
	return "referrers/" + rest + "?" + to.RawQuery, nil
}

// request is one question about a repository.
type request struct {
	method, path string
	limit        int64
}

// get asks, again when the registry wants to be asked later, and tells what is not there from what could not be asked.
func (c *Client) get(ctx context.Context, ref images.Reference, ask request) (*http.Response, []byte, error) {
	s, err := c.session(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	for try := 1; ; try++ {
		resp, body, err := s.try(ctx, ask)
		switch {
		case errors.Is(err, errLarge):
			return nil, nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("it sent more than %d bytes", ask.limit), Content: true}
		case err != nil && (try == maxTries || ctx.Err() != nil || isRefused(err)):
			return nil, nil, unavailable(ref.Host, err)
		case err != nil:
			err = sleep(ctx, time.Duration(try)*200*time.Millisecond)
		case resp.StatusCode == http.StatusOK:
			return resp, body, nil
		case resp.StatusCode == http.StatusNotFound:
			return nil, nil, fmt.Errorf("%s at %s: %w", ref.Repository, ref.Host, ErrAbsent)
		case !again(resp.StatusCode) || try == maxTries:
			return nil, nil, &UnavailableError{Host: ref.Host, Reason: answered(resp)}
		default:
			wait := retryAfter(resp, time.Duration(try)*500*time.Millisecond)
			if wait > maxWait {
				return nil, nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("%s, and wants to be asked again in %s", answered(resp), wait)}
			}
			err = sleep(ctx, wait)
		}
		if err != nil {
			return nil, nil, unavailable(ref.Host, err)
		}
	}
}

var errLarge = errors.New("more than is read")

// try asks once.
func (s *session) try(ctx context.Context, ask request) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, ask.method, s.base+ask.path, nil)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(ask.path, "blobs/") {
		req.Header.Set("Accept", accepted)
	}
	req.Header.Set("Accept-Encoding", "identity") // a bomb cannot hide behind a compression
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Encoding") != "" && resp.Header.Get("Content-Encoding") != "identity" {
		return nil, nil, errors.New("it sent compressed content that was not asked for")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, ask.limit+1))
	if err == nil && int64(len(body)) > ask.limit {
		err = errLarge
	}
	return resp, body, err
}

func again(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500 && status != http.StatusNotImplemented
}

func answered(resp *http.Response) string {
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Sprintf("it answered %d %s: credentials are missing or not enough", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return strings.TrimSpace(fmt.Sprintf("it answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
}

// retryAfter reads the header of RFC 9110 in seconds or as a date.
func retryAfter(resp *http.Response, otherwise time.Duration) time.Duration {
	value := resp.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 && seconds < 1<<31 {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(time.Until(at), 0)
	}
	return otherwise
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func isRefused(err error) bool {
	var refused *RefusedError
	return errors.As(err, &refused)
}

func mediaType(resp *http.Response) string {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	return string(bytes.TrimSpace([]byte(kind)))
}
