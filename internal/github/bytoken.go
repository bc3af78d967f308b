package github

import (
	"context"
	"errors"
	"strings"
	"time"
)

// NewTokenClient makes a client of a token that somebody else got from GitHub: that of a workflow's job, or a person's. Of
// the settings AppID and PrivateKey are not needed. Its repositories have no installation (0). It asks GitHub nothing.
//
// https://docs.github.com/en/actions/concepts/security/github_token
func NewTokenClient(s Settings, token string) (*Client, error) {
	site, err := NewSite(s.URL)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return nil, errors.New("there is no token for GitHub")
	}
	s = s.withDefaults()
	s.AppID, s.PrivateKey = 0, nil
	a := &App{settings: s, site: site, wire: newWire(s), clients: newRecent[int64, *Client](1)}
	given := &accessToken{Token: token, ExpiresAt: time.Now().Add(30 * 24 * time.Hour)} // nobody says when; GitHub refuses it then
	c := clientOf(a, 0, tokensBy(func(context.Context) (*accessToken, error) { return given, nil }))
	a.rest, a.who = c.rest, c.viewer
	return c, nil
}

// viewer asks whose token it is. A workflow's is that of the App github-actions, which has no user to ask REST for.
//
// https://docs.github.com/en/graphql/reference/queries#viewer
func (c *Client) viewer(ctx context.Context) (Identity, error) {
	const op = "ask GitHub whose token it is"
	var data struct {
		Viewer *struct{ Login string }
	}
	if err := c.query(ctx, op, "query Viewer{viewer{login}}", nil, &data, nil); err != nil {
		return Identity{}, err
	}
	if data.Viewer == nil || data.Viewer.Login == "" {
		return Identity{}, hollow(op)
	}
	slug, bot := strings.CutSuffix(data.Viewer.Login, "[bot]")
	return Identity{Slug: slug, Person: !bot}, nil
}
