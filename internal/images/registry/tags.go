package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
)

// maxTags is how many tags of a repository are looked at.
const maxTags = 20_000

// Tags lists the tags of a reference's repository, page by page (OCI distribution specification 1.1, "listing tags").
// Errors: ErrAbsent, *RefusedError, *UnavailableError.
func (c *Client) Tags(ctx context.Context, ref images.Reference) (all []string, err error) {
	path := "tags/list"
	for range maxTags / 100 {
		resp, body, err := c.get(ctx, ref, request{method: http.MethodGet, path: path, limit: maxManifest})
		if err != nil {
			return nil, err
		}
		var page struct {
			Tags []string `json:"tags"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return nil, &UnavailableError{Host: ref.Host, Reason: "its list of tags is not JSON", Err: err}
		}
		all = append(all, page.Tags...)
		next := nextPage(resp)
		if next == "" || len(page.Tags) == 0 {
			return all, nil
		}
		if len(all) > maxTags {
			break
		}
		to, err := resp.Request.URL.Parse(next)
		if err != nil || !sameList(resp.Request.URL, to) {
			return nil, &UnavailableError{Host: ref.Host, Reason: "the next page of its tags lies elsewhere"}
		}
		path = "tags/list?" + to.RawQuery
	}
	return nil, &UnavailableError{Host: ref.Host, Reason: fmt.Sprintf("it lists more than %d tags", maxTags), Content: true}
}

// sameList reports whether an address is a further page of a list of tags.
func sameList(at, to *url.URL) bool {
	return to.Host == at.Host && to.Scheme == at.Scheme && to.EscapedPath() == at.EscapedPath() && strings.HasSuffix(to.EscapedPath(), "/tags/list")
}
