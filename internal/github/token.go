package github

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Permissions are what an installation was granted: permission to level, as GitHub names both.
//
// https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
type Permissions map[string]string

// Read reports whether something may be read.
func (p Permissions) Read(name string) bool {
	return p[name] == "read" || p.Write(name)
}

// Write reports whether something may be written.
func (p Permissions) Write(name string) bool {
	return p[name] == "write" || p[name] == "admin"
}

// accessToken is GitHub's answer with an installation's token.
//
// https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
type accessToken struct {
	Token       string      `json:"token"`
	ExpiresAt   time.Time   `json:"expires_at"`
	Permissions Permissions `json:"permissions"`
}

// scope restricts a token of an installation; nil is all that it was granted.
type scope struct {
	RepositoryIDs []int64     `json:"repository_ids,omitempty"`
	Permissions   Permissions `json:"permissions,omitempty"`
}

// tokenSource keeps one token, and gets a new one before it ends.
type tokenSource struct {
	renew func(context.Context) (*accessToken, error)

	turn    chan struct{} // held while a token is asked for, so that it is asked for once
	mu      sync.Mutex
	current *accessToken
}

// renewBefore is how long before its end a token is no longer used: longer than one call, or one fetch, takes.
const renewBefore = 2 * time.Minute

func newTokenSource(app *App, installation int64, s *scope) *tokenSource {
	return tokensBy(func(ctx context.Context) (*accessToken, error) { return app.newToken(ctx, installation, s) })
}

func tokensBy(renew func(context.Context) (*accessToken, error)) *tokenSource {
	return &tokenSource{renew: renew, turn: make(chan struct{}, 1)}
}

func (s *tokenSource) kept() *accessToken {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || time.Until(s.current.ExpiresAt) < renewBefore {
		return nil
	}
	return s.current
}

// drop forgets a token that GitHub no longer accepts, or that has fewer permissions than the installation by now.
func (s *tokenSource) drop(token *accessToken) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == token {
		s.current = nil
	}
}

// token returns the token in use, asking for one when there is none.
func (s *tokenSource) token(ctx context.Context) (*accessToken, error) {
	if token := s.kept(); token != nil {
		return token, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if token := s.kept(); token != nil {
		return token, nil
	}
	token, err := s.renew(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.current = token
	s.mu.Unlock()
	return token, nil
}

// authorized puts an installation's token on each request. A token that GitHub refuses is replaced once: it may have
// been revoked before its time.
type authorized struct {
	tokens  *tokenSource
	answers *answers
	next    http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (a *authorized) RoundTrip(req *http.Request) (*http.Response, error) {
	kept := a.tokens.kept()
	token, err := a.tokens.token(req.Context())
	if err != nil {
		return nil, err
	}
	resp, err := a.send(req, token)
	if err != nil {
		return nil, err
	}
	switch resp.StatusCode {
	case http.StatusForbidden:
		a.tokens.drop(token)
	case http.StatusUnauthorized:
		a.tokens.drop(token)
		if kept == token && (req.Body == nil || req.GetBody != nil) {
			resp.Body.Close()
			return a.retry(req)
		}
	}
	return resp, nil
}

func (a *authorized) retry(req *http.Request) (*http.Response, error) {
	token, err := a.tokens.token(req.Context())
	if err != nil {
		return nil, err
	}
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, fmt.Errorf("send it again: %w", err)
		}
		req = req.Clone(req.Context())
		req.Body = body
	}
	return a.send(req, token)
}

func (a *authorized) send(req *http.Request, token *accessToken) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token.Token)
	if req.Method == http.MethodGet {
		return a.answers.ask(req, a.next)
	}
	return a.next.RoundTrip(req)
}
