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
)

// Attestations returns the Sigstore bundles that the repositories of an owner have for a digest ("sha256:…"), at most 100,
// as far as the token may see them; none when there is nothing. It fails with ErrForbidden without the permission
// attestations: read, since GitHub would not say then what there is.
//
// https://docs.github.com/en/rest/orgs/attestations#list-attestations
// https://docs.github.com/en/rest/users/attestations#list-attestations
func (c *Client) Attestations(ctx context.Context, owner, digest string) ([][]byte, error) {
	granted, err := c.Granted(ctx)
	if err != nil {
		return nil, err
	}
	if c.installation != 0 && !granted.Read("attestations") {
		return nil, &Error{Op: attestationsOp(owner), Said: "the App needs the permission attestations: read, which it was not given", kind: ErrForbidden}
	}
	return c.attestations(ctx, owner, digest)
}

func attestationsOp(owner string) string { return "ask for the attestations of " + said(owner) }

var attestedDigest = regexp.MustCompile(`^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$`)

// attestations asks for those of an organisation, and where there is none of that name for those of a person.
func (c *Client) attestations(ctx context.Context, owner, digest string) ([][]byte, error) {
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
		err := call(ctx, c.rest, http.MethodGet, fmt.Sprintf("%s/%s/attestations/%s?per_page=100", kind, url.PathEscape(owner), digest), nil, &answer)
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
