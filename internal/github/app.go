package github

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v60/github"

	"github.com/landwaiter/landwaiter/internal/event"
)

// Settings are what an App is made from. Nothing is read from the environment.
type Settings struct {
	URL        string // github.url, see NewSite
	AppID      int64
	PrivateKey []byte                                // PEM
	Proxy      func(*http.Request) (*url.URL, error) // nil: none
	Roots      *x509.CertPool                        // who may vouch for GitHub; nil: the system's authorities
	Agent      string                                // User-Agent; "": landwaiter
	Timeout    time.Duration                         // of one call; 0: 30 seconds
	Observe    func(Call)                            // called after every request, from any goroutine; nil: nobody
}

func (s Settings) withDefaults() Settings {
	if s.Agent == "" {
		s.Agent = "landwaiter"
	}
	if s.Timeout <= 0 {
		s.Timeout = timeout
	}
	return s
}

// App is Landwaiter as GitHub knows it. It is safe for concurrent use.
type App struct {
	settings Settings
	site     Site
	wire     http.RoundTripper
	rest     *github.Client // as the App itself
	clients  *recent[int64, *Client]

	who      func(context.Context) (Identity, error) // asks GitHub who we are
	mu       sync.Mutex
	identity Identity
	asked    time.Time // when identity was
}

// maxClients is how many installations are kept ready. One that is not costs one call more when it is back.
const maxClients = 512

// NewApp makes an App of settings. It asks GitHub nothing; Verify does.
func NewApp(s Settings) (*App, error) {
	site, err := NewSite(s.URL)
	if err != nil {
		return nil, err
	}
	if s.AppID <= 0 {
		return nil, errors.New("github.appID: the number of the GitHub App is missing")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(s.PrivateKey)
	if err != nil {
		return nil, errors.New("github.privateKey is no RSA key in PEM: use the file that GitHub gave when the key was made")
	}
	s = s.withDefaults()
	a := &App{settings: s, site: site, wire: newWire(s), clients: newRecent[int64, *Client](maxClients)}
	signed := ghinstallation.NewAppsTransportFromPrivateKey(a.transport(0), s.AppID, key)
	a.rest, a.who = a.client(signed), a.verify
	return a, nil
}

// transport is what calls of an installation pass, or of the App itself (0).
func (a *App) transport(installation int64) *transport {
	return &transport{wire: a.wire, site: a.site, installation: installation, agent: a.settings.Agent,
		gate: &gate{}, observe: a.settings.Observe}
}

// client speaks GitHub's interface over a transport.
func (a *App) client(over http.RoundTripper) *github.Client {
	c := github.NewClient(&http.Client{Transport: over, Timeout: a.settings.Timeout, CheckRedirect: redirect})
	c.BaseURL = a.site.rest
	return c
}

// Site is the GitHub that the App belongs to.
func (a *App) Site() Site { return a.site }

// Identity is what tells our own events and comments from those of others.
type Identity struct {
	AppID  int64  // 0 where it is not known
	Slug   string // our comments are by SLUG[bot]
	Person bool   // they are by the person SLUG
}

// identityFor is how long the name of the App is believed: people may change it.
const identityFor = time.Hour

// Identity returns who we are, asked at most once an hour. When GitHub cannot be asked, what was known before holds.
func (a *App) Identity(ctx context.Context) (Identity, error) {
	a.mu.Lock()
	known, asked := a.identity, a.asked
	a.mu.Unlock()
	if known.Slug != "" && time.Since(asked) < identityFor {
		return known, nil
	}
	fresh, err := a.Verify(ctx)
	if err != nil && known.Slug != "" {
		return known, nil
	}
	return fresh, err
}

// Verify asks GitHub who we are: it fails with ErrCredentials when the key is not the App's, ErrUnavailable when GitHub
// is not there.
//
// https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
func (a *App) Verify(ctx context.Context) (Identity, error) {
	identity, err := a.who(ctx)
	if err != nil {
		return Identity{}, err
	}
	a.mu.Lock()
	a.identity, a.asked = identity, time.Now()
	a.mu.Unlock()
	return identity, nil
}

func (a *App) verify(ctx context.Context) (Identity, error) {
	app, _, err := a.rest.Apps.Get(ctx, "")
	if err != nil {
		return Identity{}, failure(ctx, "ask GitHub who the App is", err)
	}
	if app.GetID() != a.settings.AppID || app.GetSlug() == "" {
		return Identity{}, &Error{Op: "ask GitHub who the App is", Said: fmt.Sprintf("it is App %d", app.GetID()), kind: ErrCredentials}
	}
	return Identity{AppID: app.GetID(), Slug: app.GetSlug()}, nil
}

// newToken asks for a token of an installation, of all that it was granted or of less.
func (a *App) newToken(ctx context.Context, installation int64, s *scope) (*accessToken, error) {
	op := fmt.Sprintf("get a token for installation %d", installation)
	var body any
	if s != nil {
		body = s
	}
	token := &accessToken{}
	err := call(ctx, a.rest, http.MethodPost, fmt.Sprintf("app/installations/%d/access_tokens", installation), body, token)
	if err != nil {
		return nil, failure(ctx, op, err)
	}
	if token.Token == "" {
		return nil, hollow(op)
	}
	return token, nil
}

// call sends what go-github has no method for, or one whose answer it reads only in part.
func call(ctx context.Context, c *github.Client, method, path string, in, out any) error {
	req, err := c.NewRequest(method, path, in)
	if err != nil {
		return err
	}
	_, err = c.Do(ctx, req, out)
	return err
}

// Client returns the client of an installation. It asks GitHub nothing.
func (a *App) Client(installation int64) *Client {
	return a.clients.get(installation, func() *Client { return newClient(a, installation) })
}

// Forget drops what is kept of an installation: its tokens and answers.
func (a *App) Forget(installation int64) { a.clients.forget(installation) }

// Client is one installation of the App. It is safe for concurrent use.
type Client struct {
	app          *App
	installation int64
	rest         *github.Client
	tokens       *tokenSource
	git          *recent[int64, *tokenSource] // by repository
}

// maxGitTokens is how many repositories of an installation have a token for git kept.
const maxGitTokens = 256

func newClient(a *App, installation int64) *Client {
	return clientOf(a, installation, newTokenSource(a, installation, nil))
}

func clientOf(a *App, installation int64, tokens *tokenSource) *Client {
	over := &authorized{tokens: tokens, answers: newAnswers(), next: a.transport(installation)}
	return &Client{app: a, installation: installation, rest: a.client(over), tokens: tokens, git: newRecent[int64, *tokenSource](maxGitTokens)}
}

// GitToken returns a token that can read this repository's contents and nothing else, to be the password of the user
// x-access-token. It holds for at least two minutes.
func (c *Client) GitToken(ctx context.Context, repo event.Repository) (string, error) {
	if err := c.owns(repo); err != nil {
		return "", err
	}
	source := c.git.get(repo.ID, func() *tokenSource {
		return newTokenSource(c.app, c.installation, &scope{RepositoryIDs: []int64{repo.ID}, Permissions: Permissions{"contents": "read"}})
	})
	token, err := source.token(ctx)
	if err != nil {
		return "", err
	}
	return token.Token, nil
}

// DropGitToken forgets a repository's token, which git found not to be accepted.
func (c *Client) DropGitToken(repo event.Repository) { c.git.forget(repo.ID) }

// Granted returns what the installation was granted when its token was made, at most an hour ago.
func (c *Client) Granted(ctx context.Context) (Permissions, error) {
	token, err := c.tokens.token(ctx)
	if err != nil {
		return nil, err
	}
	return token.Permissions, nil
}

// owns refuses repositories of other installations, and names that are none.
func (c *Client) owns(repo event.Repository) error {
	if repo.Installation != c.installation {
		return fmt.Errorf("%s belongs to installation %d, not %d", repo.FullName(), repo.Installation, c.installation)
	}
	return checkName(repo.Owner, repo.Name)
}
