package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/server"
)

// TestServerRegistries holds what of a server's registries a repository can use: its credentials and private addresses only for
// what the server lists for the repository's owner, however the repository's own policy spells or describes it.
func TestServerRegistries(t *testing.T) {
	t.Parallel()
	docker := t.TempDir()
	secret := base64.StdEncoding.EncodeToString([]byte("me:secret"))
	text := `{"auths": {"everybody.example": {"auth": "` + secret + `"}, "acme.example": {"auth": "` + secret + `"}, "unlisted.example": {"auth": "` + secret + `"}}}`
	if err := os.WriteFile(filepath.Join(docker, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	sys := surroundings{env: func(key string) string { return map[string]string{"DOCKER_CONFIG": docker}[key] }}
	layer := policy.Layer{File: "server.yaml", Text: []byte("images: {registries: [{host: 'Everybody.Example:443', private: true}, {host: acme.example, private: true, owners: [Acme]}]}\n")}
	asks, err := newServerRegistries(sys, server.Settings{}, &layer, nil)
	if err != nil {
		t.Fatal(err)
	}
	repositorys := []review.Registry{{Host: "acme.example", Private: true, Realms: []string{"thief.example"}}, {Host: "unlisted.example", Private: true}, {Host: "everybody.example", Realms: []string{"thief.example"}}}
	for owner, mine := range map[string][]string{"acme": {"acme.example", "everybody.example"}, "evil": {"everybody.example"}} {
		own := asks.with(nil, nil, nil, owner)
		for _, h := range own.hosts(repositorys) {
			listed := slices.Contains(mine, h.Name)
			if h.Private != listed || listed && len(h.Realms) > 0 {
				t.Errorf("%s: %+v", owner, h)
			}
			if got := signedIn(t, own.credentials, h.Name); got != listed {
				t.Errorf("%s: credentials for %s: %v", owner, h.Name, got)
			}
		}
	}
	if signedIn(t, asks.credentials, "everybody.example") {
		t.Error("there are credentials for no repository at all")
	}
}

// repositoryOf is a repository as credentials are looked up for it.
type repositoryOf string

func (host repositoryOf) RegistryStr() string { return string(host) }
func (host repositoryOf) String() string      { return string(host) + "/a/b" }

func signedIn(t *testing.T, from registry.Credentials, host string) bool {
	t.Helper()
	found, err := from.Keychain().Resolve(repositoryOf(host))
	if err != nil {
		t.Fatal(err)
	}
	with, err := found.Authorization()
	if err != nil {
		t.Fatal(err)
	}
	return with.Password != ""
}
