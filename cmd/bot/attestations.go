package main

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/net/http/httpproxy"

	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	"github.com/landwaiter/landwaiter/internal/server"
)

// attestations asks GitHub what it keeps of images. It implements evidence.GitHubAttestations.
type attestations func(ctx context.Context, owner, digest string) ([][]byte, error)

// Attestations asks, and tells a missing permission from a fault that passes.
func (ask attestations) Attestations(ctx context.Context, owner, digest string) ([][]byte, error) {
	bundles, err := ask(ctx, owner, digest)
	if errors.Is(err, github.ErrForbidden) {
		err = fmt.Errorf("%w: %w", evidence.ErrNotPermitted, err)
	}
	return bundles, err
}

// attestationsFor asks the GitHub at an address as whoever has the token, nobody without one.
func attestationsFor(site, token string) evidence.GitHubAttestations {
	if token == "" {
		return nil
	}
	proxy := httpproxy.FromEnvironment()
	through := server.ProxySettings{HTTP: server.Secret(proxy.HTTPProxy), HTTPS: server.Secret(proxy.HTTPSProxy), No: proxy.NoProxy}
	client, err := github.NewTokenClient(github.Settings{URL: site, Proxy: through.For, Agent: "landwaiter/" + version()}, token)
	if err != nil {
		return attestations(func(context.Context, string, string) ([][]byte, error) { return nil, err })
	}
	return attestations(client.Attestations)
}

// packagesToken is the token for ghcr.io, which belongs to github.com: one of another GitHub is none of its business.
func packagesToken(site, token string) string {
	if site != "" && site != "https://github.com" {
		return ""
	}
	return token
}
