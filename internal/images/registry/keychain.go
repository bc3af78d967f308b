package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	ecr "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/google"
)

// Credentials says where credentials come from. A registry is only ever given those that are for it.
type Credentials struct {
	Docker string // the directory of Docker's configuration, whose helpers are run; "" for none
	GitHub string // a token for ghcr.io; "" for none
	Cloud  bool   // the identity that one has at AWS, Google and Azure, for their registries
	Azure  Azure  // with Cloud

	// For tells which registries may be given credentials at all, by the host as references have it; nil for every one.
	For func(host string) bool
}

// Keychain finds credentials, the first that there are: Docker's, GitHub's token, those of the cloud that a registry is
// part of. None means that the registry is asked anonymously.
func (c Credentials) Keychain() authn.Keychain { return &credentials{from: c} }

// credentials are looked up when a registry is first asked, since the clouds' take time.
type credentials struct {
	from Credentials

	docker sync.Once
	file   *configfile.ConfigFile // nil when there is none
	err    error
}

// Resolve is authn.Keychain's.
func (k *credentials) Resolve(r authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), r)
}

// ResolveContext is authn.ContextKeychain's.
func (k *credentials) ResolveContext(ctx context.Context, r authn.Resource) (authn.Authenticator, error) {
	host, err := hostOf(r)
	if err != nil {
		return nil, err
	}
	if k.from.For != nil && !k.from.For(host) {
		return authn.Anonymous, nil
	}
	if auth, err := k.ofDocker(r); err != nil || auth != authn.Anonymous {
		return auth, err
	}
	if k.from.GitHub != "" && host == "ghcr.io" {
		return authn.FromConfig(authn.AuthConfig{Username: "landwaiter", Password: k.from.GitHub}), nil
	}
	if !k.from.Cloud {
		return authn.Anonymous, nil
	}
	switch {
	case awsHost.MatchString(host):
		return authn.Resolve(ctx, authn.NewKeychainFromHelper(ecr.NewECRHelper(ecr.WithLogger(io.Discard))), r)
	case googleHost.MatchString(host):
		return authn.Resolve(ctx, google.Keychain, r)
	case azureHost.MatchString(host):
		return newAzureKeychain(k.from.Azure).ResolveContext(ctx, r)
	}
	return authn.Anonymous, nil
}

// The registries of clouds.
var (
	awsHost    = regexp.MustCompile(`^(public\.ecr\.aws|\d{12}\.dkr[.-]ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws))$`)
	googleHost = regexp.MustCompile(`^([a-z-]+\.)?gcr\.io$|^[a-z0-9-]+-docker\.pkg\.dev$`)
	azureHost  = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)?\.azurecr\.(io|cn|us|de)$`)
)

// hostOf is the host of a resource as references have it.
func hostOf(r authn.Resource) (string, error) {
	registry, err := name.NewRegistry(r.RegistryStr())
	if err != nil {
		return "", fmt.Errorf("finding credentials: %w", err)
	}
	if host := strings.ToLower(registry.RegistryStr()); host != name.DefaultRegistry {
		return host, nil
	}
	return "docker.io", nil
}

// ofDocker looks into Docker's config.json, by repository and by registry, as Docker does.
func (k *credentials) ofDocker(r authn.Resource) (authn.Authenticator, error) {
	k.docker.Do(func() { k.file, k.err = readDocker(k.from.Docker) })
	if k.err != nil || k.file == nil {
		return authn.Anonymous, k.err
	}
	for _, key := range []string{r.String(), r.RegistryStr()} {
		if key == name.DefaultRegistry {
			key = authn.DefaultAuthKey
		}
		found, err := k.file.GetAuthConfig(key)
		if err != nil {
			return nil, fmt.Errorf("the credential helper of the configuration of Docker: %w", err)
		}
		found.ServerAddress = "" // which is always there
		if found != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{Username: found.Username, Password: found.Password, Auth: found.Auth,
				IdentityToken: found.IdentityToken, RegistryToken: found.RegistryToken}), nil
		}
	}
	return authn.Anonymous, nil
}

func readDocker(dir string) (*configfile.ConfigFile, error) {
	if dir == "" {
		return nil, nil
	}
	file, err := os.Open(filepath.Join(dir, config.ConfigFileName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("the configuration of Docker: %w", err)
	}
	defer file.Close()
	parsed, err := config.LoadFromReader(file)
	if err != nil {
		return nil, fmt.Errorf("the configuration of Docker, %s: %w", file.Name(), err)
	}
	return parsed, nil
}
