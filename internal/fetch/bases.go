package fetch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// BasesConfig is what fetching bases needs to know.
type BasesConfig struct {
	Client  *registry.Client // who asks
	Places  *BasePlaces      // where bases may be fetched
	Store   *Store           // nil keeps nothing between runs
	Offline bool             // only the store is asked
	Now     func() time.Time
	Git     gitrepo.Options
	Limits  BaseLimits // what is zero has its default
}

// BaseLimits bound what is fetched of bases.
type BaseLimits struct {
	Refs int64 // bytes of what a server says of its names; 8 MiB
	Pack int64 // bytes of a commit with its tree, packed; 64 MiB
	File int64 // bytes of a single file; 10 MiB
	All  int   // repositories and files of one run; 100
	Time time.Duration
}

func (l BaseLimits) withDefaults() BaseLimits {
	if l.Refs == 0 {
		l.Refs = 8 << 20
	}
	if l.Pack == 0 {
		l.Pack = 64 << 20
	}
	if l.File == 0 {
		l.File = 10 << 20
	}
	if l.All == 0 {
		l.All = 100
	}
	if l.Time == 0 {
		l.Time = time.Minute
	}
	return l
}

// BasePlaces are where a policy allows bases to be fetched.
type BasePlaces struct{ allow []images.Pattern }

// NewBasePlaces reads bases.allow of a policy: patterns of repositories and files without their scheme, or with it:
// "github.com/acme/**". The error names the pattern and what is wrong with it.
func NewBasePlaces(allow []string) (*BasePlaces, error) {
	p := &BasePlaces{}
	for _, text := range allow {
		address := text
		for _, scheme := range []string{"https://", "http://"} {
			address = strings.TrimPrefix(address, scheme)
		}
		host, path, below := strings.Cut(strings.TrimSuffix(strings.TrimRight(address, "/"), ".git"), "/")
		if !below && text != "**" {
			return nil, fmt.Errorf("%q names no repository; write HOST/** for everything there", text)
		}
		if below {
			address = "any://" + strings.ToLower(host) + "/" + path
		}
		pattern, err := images.ParseNamePattern(address)
		if err != nil {
			return nil, errors.New(strings.ReplaceAll(err.Error(), "any://", ""))
		}
		p.allow = append(p.allow, pattern)
	}
	return p, nil
}

// Allows reports whether a base may be fetched.
func (p *BasePlaces) Allows(b manifests.Base) bool {
	return slices.ContainsFunc(p.allow, func(pattern images.Pattern) bool { return pattern.Match("any://" + plainAddress(b)) })
}

// plainAddress is the address of a base as patterns name it.
func plainAddress(b manifests.Base) string {
	_, address, _ := strings.Cut(b.URL, "://")
	address, _, _ = strings.Cut(address, "?")
	if b.File {
		return address
	}
	return strings.TrimSuffix(address, ".git")
}

// Bases gets the bases of one run, each once. Its methods may be called from several goroutines. Close ends it.
type Bases struct {
	config  BasesConfig
	commits flights[commit]
	trees   flights[source.Tree]
	files   flights[fileAt]

	mu    sync.Mutex
	repos []*gitrepo.Repo
	count int
}

// NewBases makes what gets the bases of one run.
func NewBases(config BasesConfig) *Bases {
	config.Limits = config.Limits.withDefaults()
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Bases{config: config, commits: newFlights[commit](0), trees: newFlights[source.Tree](0), files: newFlights[fileAt](0)}
}

// Close ends what was fetched: no tree may be read any more.
func (b *Bases) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, repo := range b.repos {
		_ = repo.Close() // what is left of it is in the system's directory for what is temporary
	}
	b.repos = nil
}

// Get returns what is at an address. The error is a *manifests.RenderError without a place.
func (b *Bases) Get(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	return b.ask(ctx, base, (*Bases).whole)
}

// Pin returns what Get does without the tree: of a repository nothing is fetched that is not needed to know the commit.
func (b *Bases) Pin(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	return b.ask(ctx, base, (*Bases).pin)
}

// whole is what is at an address, with its files.
func (b *Bases) whole(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	if base.File {
		return b.file(ctx, base)
	}
	return b.repository(ctx, base)
}

// ask does what get does, if the policy allows it.
func (b *Bases) ask(ctx context.Context, base manifests.Base, get func(*Bases, context.Context, manifests.Base) (manifests.Fetched, error)) (got manifests.Fetched, err error) {
	called := describe(base)
	if !b.config.Places.Allows(base) {
		host, _, _ := strings.Cut(plainAddress(base), "/")
		return got, &manifests.RenderError{Elsewhere: true, Reason: fmt.Sprintf("%s is not in the repository, and the policy does not allow to ask %s for it; "+
			"allow it: bases: {allow: [%q]}", called, host, allowing(base))}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*b.config.Limits.Time, errors.New("it took too long"))
	defer cancel()
	if got, err = get(b, ctx, base); err != nil {
		return got, notFetched(called, err)
	}
	return got, nil
}

// allowing is the pattern that would allow a base: of a file, which has its version in its address, all of its owner's.
func allowing(base manifests.Base) string {
	address := plainAddress(base)
	if parts := strings.SplitN(address, "/", 3); base.File && len(parts) == 3 {
		return parts[0] + "/" + parts[1] + "/**"
	}
	return address
}

// describe names a base for a reader.
func describe(base manifests.Base) string {
	switch {
	case base.File:
		return "the file " + base.Shown()
	case base.Ref != "":
		return "the repository " + base.URL + " at " + shortRef(base.Ref)
	}
	return "the repository " + base.URL
}

// shortRef is the name of a branch or tag as people write it.
func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/tags/")
}

// notFetched says of a base why it is not there. Nobody is at fault where nothing is asked.
func notFetched(called string, err error) error {
	var refused *registry.RefusedError
	return &manifests.RenderError{Reason: fmt.Sprintf("%s could not be fetched: %v", called, err), Cause: err,
		Elsewhere: errors.Is(err, errOffline) || errors.As(err, &refused)}
}

// oneMore counts what is fetched.
func (b *Bases) oneMore() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.count++; b.count > b.config.Limits.All {
		return fmt.Errorf("more than %d repositories and files would be fetched for one review", b.config.Limits.All)
	}
	return nil
}

func (b *Bases) download(ctx context.Context, f registry.File) ([]byte, error) {
	f.Within = b.config.Limits.Time
	data, err := b.config.Client.Download(ctx, f)
	if errors.Is(err, registry.ErrAbsent) {
		return nil, fmt.Errorf("%s does not have it, or does not show it to everybody", f.Place.Host)
	}
	return data, err
}
