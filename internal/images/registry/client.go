// Package registry asks image registries, by the OCI distribution specification 1.1, and nothing else: only registries
// that the policy allows, at public addresses unless the policy lists them as private, with bounded time and size. What
// could not be asked is told apart from what is not there, since only the latter says something about an image.
package registry

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/landwaiter/landwaiter/internal/images"
)

// Host is what differs at a registry from a public one over HTTPS.
type Host struct {
	Name      string   // as in references: "registry.internal:5000"
	Private   bool     // its address may be private, loopback or link-local
	PlainHTTP bool     // it is asked without encryption
	Realms    []string // hosts of its token servers, where they are others than itself
}

// Config is what a Client needs to know. All fields may be left out but Allows.
type Config struct {
	Allows    func(images.Reference) bool // what may be asked for at all
	Hosts     []Host
	Keychain  authn.Keychain // nil for none: everything is asked anonymously
	Network   Network
	UserAgent string
}

// Client asks registries. It belongs to one run: what it learns of a registry (how to sign in, what it supports) is kept
// until Close. Its methods may be called from several goroutines.
type Client struct {
	config     Config
	transports *transports

	mu           sync.Mutex
	sessions     map[string]*session // by repository name
	challenges   map[string]*challenge
	noReferrers  map[string]bool // hosts without the referrers API
	requests     int
	perHost      map[string]chan struct{}
	hostsByIndex map[string]Host
}

// New makes a client. Close ends its connections.
func New(config Config) *Client {
	c := &Client{config: config, transports: newTransports(config.Network), sessions: map[string]*session{}, challenges: map[string]*challenge{},
		noReferrers: map[string]bool{}, perHost: map[string]chan struct{}{}, hostsByIndex: map[string]Host{}}
	if c.config.Keychain == nil {
		c.config.Keychain = authn.NewMultiKeychain()
	}
	for _, h := range config.Hosts {
		c.hostsByIndex[strings.ToLower(h.Name)] = h
	}
	return c
}

// Close ends idle connections.
func (c *Client) Close() { c.transports.close() }

// Requests returns how many requests were sent so far, for the figures of a run.
func (c *Client) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// knownRealms are the token servers of registries that keep them on another host.
var knownRealms = map[string][]string{
	images.DockerHub:      {"auth.docker.io"},
	"registry.gitlab.com": {"gitlab.com"},
	"nvcr.io":             {"authn.nvidia.com"},
	"registry.redhat.io":  {"sso.redhat.com"},
	"cgr.dev":             {"console-api.enforce.dev"},
}

// session is how one repository is asked: signed in for it, by the scheme that its registry wants.
type session struct {
	once   sync.Once
	client *http.Client
	base   string // "https://ghcr.io/v2/acme/web/"
	err    error
}

// challenge is a registry's answer to how one signs in, asked once.
type challenge struct {
	once sync.Once
	is   *transport.Challenge
	err  error
}

// session returns the session of a reference's repository, made on first use. What failed is tried again by the next
// one who asks.
func (c *Client) session(ctx context.Context, ref images.Reference) (*session, error) {
	if !c.config.Allows(ref) {
		return nil, &RefusedError{ref.Host, fmt.Sprintf("the policy does not allow %s", ref.Name())}
	}
	key := ref.Name()
	c.mu.Lock()
	s := c.sessions[key]
	if s == nil {
		s = &session{}
		c.sessions[key] = s
	}
	c.mu.Unlock()
	s.once.Do(func() { s.err = c.signIn(ctx, ref, s) })
	if s.err != nil {
		c.mu.Lock()
		if c.sessions[key] == s {
			delete(c.sessions, key)
		}
		c.mu.Unlock()
	}
	return s, s.err
}

// signIn prepares a session.
func (c *Client) signIn(ctx context.Context, ref images.Reference, s *session) error {
	options := []name.Option{name.StrictValidation, name.WithDefaultRegistry("")}
	host := c.hostsByIndex[ref.Host]
	if host.PlainHTTP {
		options = append(options, name.Insecure)
	}
	repository, err := name.NewRepository(ref.Name(), options...)
	if err != nil {
		return fmt.Errorf("reading %s as a repository: %w", ref.Name(), err)
	}
	registry := repository.Registry
	guard := &guard{transports: c.transports, host: registry.RegistryStr(), private: host.Private, plainHTTP: host.PlainHTTP,
		realms: append(append([]string(nil), knownRealms[ref.Host]...), lower(host.Realms)...)}
	inner := &counting{c, guard, guard}
	agent := transport.NewUserAgent(inner, c.config.UserAgent)
	asked, err := c.ask(ctx, registry, agent)
	if err != nil {
		return unavailable(ref.Host, err)
	}
	auth, err := authn.Resolve(ctx, c.config.Keychain, repository)
	if err != nil {
		return fmt.Errorf("finding credentials for %s: %w", ref.Host, err)
	}
	token, err := tokenFor(ctx, repository, auth, agent, asked)
	if err != nil {
		return unavailable(ref.Host, err)
	}
	signed, err := transport.FromToken(registry, auth, agent, asked, token)
	if err != nil {
		return unavailable(ref.Host, err)
	}
	scheme := "https"
	if asked.Insecure {
		scheme = "http"
	}
	s.client = &http.Client{Transport: signed, CheckRedirect: fewHops}
	s.base = fmt.Sprintf("%s://%s/v2/%s/", scheme, registry.RegistryStr(), repository.RepositoryStr())
	return nil
}

// tokenFor returns the token for pulling from a repository: the one that Docker's configuration has, else that of the registry's
// token server, which may call it by either name (distribution specification of Docker, "token authentication").
func tokenFor(ctx context.Context, repository name.Repository, auth authn.Authenticator, agent http.RoundTripper, asked *transport.Challenge) (*transport.Token, error) {
	if !strings.EqualFold(asked.Scheme, "bearer") {
		return &transport.Token{}, nil
	}
	known, err := authn.Authorization(ctx, auth)
	if err != nil {
		return nil, err
	}
	if known.RegistryToken != "" {
		return &transport.Token{Token: known.RegistryToken}, nil
	}
	token, err := transport.Exchange(ctx, repository.Registry, auth, agent, []string{repository.Scope(transport.PullScope)}, asked)
	if err != nil {
		return nil, err
	}
	token.Token = cmp.Or(token.AccessToken, token.Token)
	return token, nil
}

func fewHops(_ *http.Request, via []*http.Request) error {
	if len(via) > maxHops {
		return fmt.Errorf("more than %d redirects", maxHops)
	}
	return nil
}

// ask asks a registry once how one signs in.
func (c *Client) ask(ctx context.Context, registry name.Registry, inner http.RoundTripper) (*transport.Challenge, error) {
	key := registry.RegistryStr()
	c.mu.Lock()
	asked := c.challenges[key]
	if asked == nil {
		asked = &challenge{}
		c.challenges[key] = asked
	}
	c.mu.Unlock()
	asked.once.Do(func() {
		encrypted := &firstFailure{inner: inner}
		if asked.is, asked.err = transport.Ping(ctx, registry, encrypted); isRefused(asked.err) {
			asked.err = cmp.Or(encrypted.failure(), asked.err)
		}
	})
	if asked.err != nil {
		c.mu.Lock()
		if c.challenges[key] == asked {
			delete(c.challenges, key)
		}
		c.mu.Unlock()
	}
	return asked.is, asked.err
}

// firstFailure notes why a registry could not be asked with encryption. At addresses within, the library goes on without, which
// is refused, and what it says then hides what is wrong.
type firstFailure struct {
	inner http.RoundTripper

	mu  sync.Mutex
	err error
}

// RoundTrip sends a request.
func (f *firstFailure) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := f.inner.RoundTrip(req)
	if err != nil && req.URL.Scheme == "https" {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.err = cmp.Or(f.err, err)
	}
	return resp, err
}

func (f *firstFailure) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// counting counts requests and bounds how many run at one registry at a time.
type counting struct {
	client *Client
	guard  *guard
	inner  http.RoundTripper // the guard, or one over it
}

// maxParallel is how many requests run at one registry at a time.
const maxParallel = 8

// RoundTrip sends a request when it is its turn.
func (t *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	t.client.mu.Lock()
	turn := t.client.perHost[t.guard.host]
	if turn == nil {
		turn = make(chan struct{}, maxParallel)
		t.client.perHost[t.guard.host] = turn
	}
	t.client.requests++
	t.client.mu.Unlock()
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	return t.inner.RoundTrip(req)
}

func lower(all []string) []string {
	lowered := make([]string, len(all))
	for i, s := range all {
		lowered[i] = strings.ToLower(s)
	}
	return lowered
}
