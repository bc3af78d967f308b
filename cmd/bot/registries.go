package main

import (
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/fetch"
	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/server"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
	"golang.org/x/net/http/httpproxy"
)

// registries is how registries are asked, whatever the policy.
type registries struct {
	credentials registry.Credentials
	cache       *manifests.Cache
	charts      *fetch.Store                // nil where what was fetched is not kept
	gitHub      evidence.GitHubAttestations // nil when GitHub is not asked what it keeps of images
	proxy       func(*url.URL) (*url.URL, error)
	roots       *x509.CertPool // nil for the system's
	git         gitrepo.Options

	// listed are the registries of a server's own policy; nil where there is no server. Of others a repository's policy may
	// not say that they are private.
	listed map[string]review.Registry
}

// newRegistries asks as the person whose command line this is: with Docker's configuration and the identities of clouds,
// through the proxies of the environment.
func newRegistries(sys surroundings, cache *manifests.Cache) *registries {
	site, token := sys.env("GITHUB_SERVER_URL"), sys.env("GITHUB_TOKEN")
	r := &registries{cache: cache, charts: openCharts(cacheDir(sys)), git: baseTrees(sys), proxy: httpproxy.FromEnvironment().ProxyFunc(), credentials: registry.Credentials{
		Docker: dockerDir(sys), Cloud: true, Azure: azure(sys),
	}}
	r.signIn(site, token)
	return r
}

// signIn gives a token of the GitHub at an address: for its attestations, and for ghcr.io.
func (r *registries) signIn(site, token string) {
	r.gitHub, r.credentials.GitHub = attestationsFor(site, token), packagesToken(site, token)
}

// baseTrees says how repositories that were fetched are read: of those with more files nobody needs a base.
func baseTrees(sys surroundings) gitrepo.Options {
	return gitrepo.Options{Env: sys.environ, Limits: source.Limits{Files: 100_000}}
}

// dockerDir is where Docker keeps its configuration: $DOCKER_CONFIG, or .docker in the home directory.
func dockerDir(sys surroundings) string {
	if dir := sys.env("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	if home := sys.env("HOME"); home != "" {
		return filepath.Join(home, ".docker")
	}
	return ""
}

// azure is the identity that Azure's own tools take out of the environment.
func azure(sys surroundings) registry.Azure {
	return registry.Azure{Tenant: sys.env("AZURE_TENANT_ID"), Client: sys.env("AZURE_CLIENT_ID"), Secret: sys.env("AZURE_CLIENT_SECRET"),
		TokenFile: sys.env("AZURE_FEDERATED_TOKEN_FILE"), Authority: sys.env("AZURE_AUTHORITY_HOST")}
}

// proving makes what asks registries under a policy. It is a review.ProvingFunc.
func (r *registries) proving(p *review.Policy, named func(layer, file string) ([]byte, error)) (*review.Proving, error) {
	proof, err := policy.ReadProof(p.Images, named)
	if err != nil {
		return nil, err
	}
	client := registry.New(registry.Config{
		Allows: p.MayAsk(), Hosts: r.hosts(p.Images.Registries), Keychain: r.credentials.Keychain(), UserAgent: "landwaiter/" + version(),
		Network: registry.Network{Proxy: r.proxy, RootCAs: r.roots},
	})
	prover, err := evidence.New(evidence.Config{Registry: client, TrustedRoot: proof.TrustedRoot, Mirrors: proof.Mirrors, Cache: r.cache, GitHub: r.gitHub})
	if err != nil {
		client.Close()
		return nil, &policy.Mistake{File: p.Images.From.TrustedRoot, Line: p.Images.From.TrustedRootLine, Reason: "images.trustedRoot: " + err.Error()}
	}
	return &review.Proving{Prover: prover, Demand: func(ref images.Reference) *images.Demand { return proof.Demand(ref) }, Close: client.Close}, nil
}

// chartBytes caps the archives of charts on disk, of a repository of the App or of a person.
const chartBytes = 256 << 20

// openCharts returns what was fetched of charts, in a directory of the cache; nil without one.
func openCharts(cache string) *fetch.Store {
	if cache == "" {
		return nil
	}
	return fetch.OpenStore(filepath.Join(cache, "charts"), chartBytes)
}

// fetching makes what gets charts under a policy. It is a review.ChartsFunc.
func (r *registries) fetching(p *review.Policy, offline bool) (review.Charts, func(), error) {
	places, err := fetch.NewPlaces(p.Charts.Allow, p.Images.Deny)
	if err != nil {
		return nil, nil, fmt.Errorf("charts.allow: %w", err)
	}
	client := registry.New(registry.Config{
		Allows: places.Allows, Hosts: r.hosts(p.Images.Registries), Keychain: r.credentials.Keychain(), UserAgent: "landwaiter/" + version(),
		Network: registry.Network{Proxy: r.proxy, RootCAs: r.roots},
	})
	return fetch.New(fetch.Config{Client: client, Places: places, Store: r.charts, Offline: offline}), client.Close, nil
}

// fetchingBases makes what gets bases under a policy. It is a review.BasesFunc.
func (r *registries) fetchingBases(p *review.Policy, offline bool) (review.Bases, func(), error) {
	places, err := fetch.NewBasePlaces(p.Bases.Allow)
	if err != nil {
		return nil, nil, fmt.Errorf("bases.allow: %w", err)
	}
	client := registry.New(registry.Config{
		Allows: func(images.Reference) bool { return false }, Hosts: r.hosts(p.Images.Registries), UserAgent: "landwaiter/" + version(),
		Network: registry.Network{Proxy: r.proxy, RootCAs: r.roots},
	})
	bases := fetch.NewBases(fetch.BasesConfig{Client: client, Places: places, Store: r.charts, Offline: offline, Git: r.git})
	return bases, func() { bases.Close(); client.Close() }, nil
}

// hosts are a policy's registries, as far as it may say of them what it does.
func (r *registries) hosts(all []review.Registry) []registry.Host {
	var hosts []registry.Host
	for _, one := range all {
		if ours, ok := r.listed[one.Host]; ok {
			one = ours
		} else if r.listed != nil {
			one.Private = false
		}
		hosts = append(hosts, registry.Host{Name: one.Host, Private: one.Private, PlainHTTP: one.PlainHTTP, Realms: one.Realms})
	}
	for host, ours := range r.listed {
		if !slices.ContainsFunc(hosts, func(h registry.Host) bool { return h.Name == host }) {
			hosts = append(hosts, registry.Host{Name: ours.Host, Private: ours.Private, PlainHTTP: ours.PlainHTTP, Realms: ours.Realms})
		}
	}
	return hosts
}

// newServerRegistries asks for the App's repositories, which nobody knows: credentials and private addresses are only for
// registries that the server's own policy lists.
func newServerRegistries(sys surroundings, settings server.Settings, policy *policy.Layer, roots *x509.CertPool) (*registries, error) {
	listed, err := listedRegistries(policy)
	if err != nil {
		return nil, err
	}
	proxy := httpproxy.Config{HTTPProxy: string(settings.Proxy.HTTP), HTTPSProxy: string(settings.Proxy.HTTPS), NoProxy: settings.Proxy.No}
	return &registries{git: baseTrees(sys), proxy: proxy.ProxyFunc(), roots: roots, listed: listed, credentials: registry.Credentials{
		Docker: dockerDir(sys), Cloud: true, Azure: azure(sys),
		For: func(string) bool { return false }, // but what a repository is given
	}}, nil
}

// with returns the same for a repository of an owner: with its cache, with what GitHub says to its installation, and with
// those of the server's registries that are there for it.
func (r *registries) with(cache *manifests.Cache, charts *fetch.Store, gitHub evidence.GitHubAttestations, owner string) *registries {
	own := *r
	own.cache, own.charts, own.gitHub, own.listed = cache, charts, gitHub, make(map[string]review.Registry)
	for host, one := range r.listed {
		if one.Owners == nil || slices.ContainsFunc(one.Owners, func(o string) bool { return strings.EqualFold(o, owner) }) {
			own.listed[host] = one
		}
	}
	own.credentials.For = func(host string) bool { _, ok := own.listed[host]; return ok }
	return &own
}

// besidePolicy reads the files that a policy file named on the command line names: beside it, where it lies outside of the
// repository.
func besidePolicy(where *place, named string, base func(layer, file string) ([]byte, error)) func(layer, file string) ([]byte, error) {
	if named == "" {
		return base
	}
	if _, err := where.inside(named); err == nil && where.repo != nil {
		return base
	}
	dir := filepath.Dir(named)
	return func(_, file string) ([]byte, error) {
		text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(file)))
		if err != nil {
			return nil, err
		}
		return text, nil
	}
}

// listedRegistries are those of a server's own policy, by host.
func listedRegistries(server *policy.Layer) (map[string]review.Registry, error) {
	hosts := make(map[string]review.Registry)
	if server == nil {
		return hosts, nil
	}
	p, err := policyOf(*server)
	if err != nil {
		return nil, err
	}
	for _, one := range p.Images.Registries {
		hosts[one.Host] = one
	}
	return hosts, nil
}
