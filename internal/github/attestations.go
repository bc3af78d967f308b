package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/google/go-github/v60/github"
)

// Reader asks GitHub what it tells whoever has a token: no App, no installation. It is safe for concurrent use.
type Reader struct{ rest *github.Client }

// NewReader makes a reader of settings, of which URL and what a connection needs count. It asks GitHub nothing.
func NewReader(s Settings, token string) (*Reader, error) {
	site, err := NewSite(s.URL)
	if err != nil {
		return nil, err
	}
	s = s.withDefaults()
	over := &transport{wire: newWire(s), site: site, agent: s.Agent, gate: &gate{}, observe: s.Observe}
	rest := github.NewClient(&http.Client{Transport: &bearer{token, over}, Timeout: s.Timeout, CheckRedirect: redirect})
	rest.BaseURL = site.rest
	return &Reader{rest}, nil
}

// bearer adds a token to requests, which transport sends to GitHub's interface only.
type bearer struct {
	token string
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(req)
}

// Attestations returns the Sigstore bundles that the repositories of an owner have for a digest ("sha256:…"), as far as the
// token may see them: see Client.Attestations.
func (r *Reader) Attestations(ctx context.Context, owner, digest string) ([][]byte, error) {
	return attestations(ctx, r.rest, owner, digest)
}

// Attestations returns the Sigstore bundles that the repositories of an owner have for a digest ("sha256:…"), at most 100,
// as far as the installation may see them; none when there is nothing. It fails with ErrForbidden without the permission
// attestations: read, since GitHub would not say then what there is.
//
// https://docs.github.com/en/rest/orgs/attestations#list-attestations
// https://docs.github.com/en/rest/users/attestations#list-attestations
func (c *Client) Attestations(ctx context.Context, owner, digest string) ([][]byte, error) {
	granted, err := c.Granted(ctx)
	if err != nil {
		return nil, err
	}
	if !granted.Read("attestations") {
		return nil, &Error{Op: attestationsOp(owner), Said: "the App needs the permission attestations: read, which it was not given", kind: ErrForbidden}
	}
	return attestations(ctx, c.rest, owner, digest)
}

func attestationsOp(owner string) string { return "ask for the attestations of " + said(owner) }

var attestedDigest = regexp.MustCompile(`^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`)

// attestations asks for those of an organisation, and where there is none of that name for those of a person.
func attestations(ctx context.Context, rest *github.Client, owner, digest string) ([][]byte, error) {
	op := attestationsOp(owner)
	if !ownerName.MatchString(owner) || !attestedDigest.MatchString(digest) {
		return nil, fmt.Errorf("%s: that is no owner, or no digest", op)
	}
	for _, kind := range []string{"orgs", "users"} {
		var answer struct {
			Attestations []struct {
				Bundle json.RawMessage `json:"bundle"`
			} `json:"attestations"`
		}
		err := call(ctx, rest, http.MethodGet, fmt.Sprintf("%s/%s/attestations/%s?per_page=100", kind, url.PathEscape(owner), digest), nil, &answer)
		if err = failure(ctx, op, err); errors.Is(err, ErrNotFound) {
			continue
		} else if err != nil {
			return nil, err
		}
		var bundles [][]byte
		for _, a := range answer.Attestations {
			if len(a.Bundle) == 0 || bytes.Equal(a.Bundle, []byte("null")) {
				return nil, hollow(op)
			}
			bundles = append(bundles, a.Bundle)
		}
		return bundles, nil
	}
	return nil, nil
}
