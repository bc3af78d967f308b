package github

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Artifact returns the zip archive, of at most so many bytes, that a run of a workflow left by a name; found is false when
// it left none, or it is gone by now. It needs the permission actions: read. What is in it is for the caller to distrust.
//
// https://docs.github.com/en/rest/actions/artifacts
func (c *Client) Artifact(ctx context.Context, repo event.Repository, run int64, name string, most int64) (archive []byte, found bool, err error) {
	op := fmt.Sprintf("get the artifact %s of run %d", said(name), run)
	if err := c.owns(repo); err != nil {
		return nil, false, err
	}
	newest, err := c.artifact(ctx, repo, run, name)
	if err != nil || newest == nil {
		return nil, false, failure(ctx, op, err)
	}
	if newest.GetSizeInBytes() > most {
		return nil, false, &Error{Op: op, Said: fmt.Sprintf("it has %d bytes, more than %d", newest.GetSizeInBytes(), most), kind: ErrRefused}
	}
	address, resp, err := c.rest.Actions.DownloadArtifact(ctx, repo.Owner, repo.Name, newest.GetID(), 0)
	switch {
	case err != nil && resp != nil && resp.StatusCode == http.StatusGone:
		return nil, false, nil
	case err != nil && resp != nil:
		return nil, false, &Error{Op: op, Status: resp.StatusCode, kind: kindOf(resp.StatusCode)}
	case err != nil:
		return nil, false, failure(ctx, op, err)
	}
	archive, err = c.app.download(ctx, address, most)
	return archive, err == nil, failure(ctx, op, err)
}

// artifact finds the newest artifact of a name, nil when there is none.
func (c *Client) artifact(ctx context.Context, repo event.Repository, run int64, name string) (newest *github.Artifact, err error) {
	var all github.ArtifactList // go-github asks for no name, and a hostile run may leave very many
	path := fmt.Sprintf("repos/%s/%s/actions/runs/%d/artifacts?per_page=%d&name=%s", repo.Owner, repo.Name, run, perPage, url.QueryEscape(name))
	if err := call(ctx, c.rest, http.MethodGet, path, nil, &all); err != nil {
		return nil, err
	}
	for _, a := range all.Artifacts {
		if a.GetName() == name && !a.GetExpired() && (newest == nil || a.GetID() > newest.GetID()) {
			newest = a
		}
	}
	return newest, nil
}

// download fetches what GitHub keeps at a storage of others: without a token, and only over HTTPS, but for the loopback.
func (a *App) download(ctx context.Context, from *url.URL, most int64) ([]byte, error) {
	if from.Scheme != "https" && (from.Scheme != "http" || !loopback(from.Hostname())) {
		return nil, &Error{Op: "download", Said: "GitHub leads to an address without HTTPS", kind: ErrRefused}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", a.settings.Agent)
	client := &http.Client{Transport: a.wire, Timeout: 10 * a.settings.Timeout, CheckRedirect: func(*http.Request, []*http.Request) error {
		return errors.New("the storage leads elsewhere")
	}}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &Error{Op: "download", Status: resp.StatusCode, kind: kindOf(resp.StatusCode)}
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && int64(len(data)) > most {
		err = &Error{Op: "download", Said: fmt.Sprintf("it has more than %d bytes", most), kind: ErrRefused}
	}
	return data, err
}
