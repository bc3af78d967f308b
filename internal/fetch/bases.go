package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
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

// commit is what a ref of a repository stands for.
type commit struct {
	ID   string    `json:"id"`
	Ref  string    `json:"ref,omitempty"` // the full name; "" for a commit
	Seen time.Time `json:"seen"`

	moved *manifests.Moved

	stale string // why it could not be asked for now; "" when it could
}

// fileAt is what lies at an address.
type fileAt struct {
	Digest string    `json:"digest"`
	Seen   time.Time `json:"seen"`

	data  []byte
	moved *manifests.Moved
	stale string
}

// Get returns what is at an address. The error is a *manifests.RenderError without a place.
func (b *Bases) Get(ctx context.Context, base manifests.Base) (got manifests.Fetched, err error) {
	called := describe(base)
	if !b.config.Places.Allows(base) {
		host, _, _ := strings.Cut(plainAddress(base), "/")
		return got, &manifests.RenderError{Elsewhere: true, Reason: fmt.Sprintf("%s is not in the repository, and the policy does not allow to ask %s for it; "+
			"allow it: bases: {allow: [%q]}", called, host, plainAddress(base))}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, 2*b.config.Limits.Time, errors.New("it took too long"))
	defer cancel()
	if base.File {
		got, err = b.file(ctx, base)
	} else {
		got, err = b.repository(ctx, base)
	}
	if err != nil {
		return got, notFetched(called, err)
	}
	return got, nil
}

// describe names a base for a reader.
func describe(base manifests.Base) string {
	switch {
	case base.File:
		return "the file " + base.URL
	case base.Ref != "":
		return "the repository " + base.URL + " at " + base.Ref
	}
	return "the repository " + base.URL
}

// notFetched says of a base why it is not there. Nobody is at fault where nothing is asked.
func notFetched(called string, err error) error {
	var refused *registry.RefusedError
	return &manifests.RenderError{Reason: fmt.Sprintf("%s could not be fetched: %v", called, err), Cause: err,
		Elsewhere: errors.Is(err, errOffline) || errors.As(err, &refused)}
}

// repository returns the files of a repository at what its ref stands for.
func (b *Bases) repository(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	at, err := b.commits.do(base.URL+"\n"+base.Ref, func() (commit, int, error) {
		c, err := b.resolve(ctx, base)
		if err == nil && strings.HasPrefix(c.Ref, "refs/tags/") { // a branch is meant to move
			c.moved = b.config.Store.Identify("git "+base.URL+" "+c.Ref, c.ID, b.config.Now())
		}
		return c, 0, err
	})
	if err != nil {
		return manifests.Fetched{}, err
	}
	tree, err := b.trees.do(base.URL+"\n"+at.ID, func() (source.Tree, int, error) {
		tree, err := b.open(ctx, base.URL, at.ID)
		return tree, 0, err
	})
	return manifests.Fetched{Tree: tree, Pinned: at.ID, Notes: notesOn(base, at)}, err
}

// notesOn are what a reader should know of a commit.
func notesOn(base manifests.Base, at commit) (notes []string) {
	called := describe(base)
	if branch, ok := strings.CutPrefix(at.Ref, "refs/heads/"); ok {
		notes = append(notes, fmt.Sprintf("%s is the branch %s, which may move: rendered at %s", called, branch, at.ID))
	} else if at.Ref == "HEAD" {
		notes = append(notes, fmt.Sprintf("%s is named without a ref, so that it is what it has by default: rendered at %s", called, at.ID))
	}
	if at.moved != nil {
		notes = append(notes, fmt.Sprintf("the tag of %s was moved: it was the commit %s until %s, and is %s", called, at.moved.Was, at.moved.At.Format(time.DateOnly), at.ID))
	}
	if at.stale != "" {
		notes = append(notes, fmt.Sprintf("%s is rendered as it was fetched before: %s", called, at.stale))
	}
	return notes
}

// abbreviated is a commit as people write it, which no server resolves.
var abbreviated = regexp.MustCompile(`^[0-9a-f]{7,39}$`)

// resolve finds out what a ref stands for: as it was remembered a moment ago, or as the server has it now.
func (b *Bases) resolve(ctx context.Context, base manifests.Base) (commit, error) {
	if commitID.MatchString(base.Ref) {
		return commit{ID: base.Ref}, nil
	}
	var known commit
	key := "ref\n" + base.URL + "\n" + base.Ref
	remembered := b.config.Store.note(key, &known) && commitID.MatchString(known.ID)
	switch {
	case b.config.Offline && !remembered:
		return commit{}, errOffline
	case remembered && (b.config.Offline || b.config.Now().Sub(known.Seen) < freshFor):
		return known, nil
	}
	found, err := b.askRef(ctx, base)
	var unavailable *registry.UnavailableError
	switch {
	case remembered && errors.As(err, &unavailable) && !unavailable.Content:
		known.stale = err.Error()
		return known, nil
	case err != nil:
		return commit{}, err
	}
	found.Seen = b.config.Now()
	b.config.Store.keepNote(key, found)
	return found, nil
}

// askRef asks the server what a ref stands for.
func (b *Bases) askRef(ctx context.Context, base manifests.Base) (commit, error) {
	answer, err := b.post(ctx, base.URL, lsRefs(base.Ref), b.config.Limits.Refs)
	if err != nil {
		return commit{}, err
	}
	all, err := readRefs(answer)
	if err != nil {
		return commit{}, err
	}
	for _, name := range meanings(base.Ref) {
		for _, one := range all {
			if one.ref == name {
				return commit{ID: one.commit, Ref: name}, nil
			}
		}
	}
	if base.Ref == "" {
		return commit{}, errors.New("it has no commits")
	}
	if abbreviated.MatchString(base.Ref) {
		return commit{}, fmt.Errorf("it has no branch and no tag %s; of a commit, write all 40 digits", base.Ref)
	}
	return commit{}, fmt.Errorf("it has no branch and no tag %s", base.Ref)
}

// open returns the tree of a commit, out of the store or from the server.
func (b *Bases) open(ctx context.Context, address, id string) (source.Tree, error) {
	var digest string
	key := "pack\n" + address + "\n" + id
	b.config.Store.note(key, &digest)
	pack := b.config.Store.blob(digest)
	if pack == nil {
		if b.config.Offline {
			return nil, errOffline
		}
		if err := b.oneMore(); err != nil {
			return nil, err
		}
		answer, err := b.post(ctx, address, wantCommit(id), b.config.Limits.Pack)
		if err != nil {
			return nil, err
		}
		if pack, err = readPack(answer); err != nil {
			return nil, err
		}
	}
	options := b.config.Git
	repo, err := gitrepo.OpenPack(context.WithoutCancel(ctx), gitrepo.Pack{Commit: id, Data: pack, Within: b.config.Limits.Time}, options)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	b.repos = append(b.repos, repo)
	b.mu.Unlock()
	tree, err := repo.Tree(ctx, id)
	if err == nil && digest == "" {
		digest = digestOf(pack)
		b.config.Store.keepBlob(digest, pack)
		b.config.Store.keepNote(key, digest)
	}
	return tree, err
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

// post asks a Git server, after asking whether it speaks the protocol. No redirect is followed: it could lead from a
// repository that is allowed to one that is not.
func (b *Bases) post(ctx context.Context, address string, question []byte, limit int64) ([]byte, error) {
	place, err := url.Parse(address)
	if err != nil {
		return nil, errWire
	}
	hello := place.JoinPath("info", "refs")
	hello.RawQuery = "service=git-upload-pack"
	answer, err := b.download(ctx, registry.File{Place: place, Address: hello, Limit: b.config.Limits.Refs, Header: gitVersion(), Straight: true})
	if err == nil {
		err = speaksV2(answer)
	}
	if err != nil {
		return nil, err
	}
	return b.download(ctx, registry.File{Place: place, Address: place.JoinPath("git-upload-pack"), Limit: limit, Header: gitPost(), Body: question, Straight: true})
}

func (b *Bases) download(ctx context.Context, f registry.File) ([]byte, error) {
	f.Within = b.config.Limits.Time
	data, err := b.config.Client.Download(ctx, f)
	if errors.Is(err, registry.ErrAbsent) {
		return nil, fmt.Errorf("%s does not have it, or does not show it to everybody", f.Place.Host)
	}
	return data, err
}

// file returns a single file.
func (b *Bases) file(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	at, err := b.files.do(base.URL, func() (fileAt, int, error) {
		f, err := b.resolveFile(ctx, base)
		if err == nil {
			f.moved = b.config.Store.Identify("file "+base.URL, f.Digest, b.config.Now())
		}
		return f, 0, err
	})
	if err != nil {
		return manifests.Fetched{}, err
	}
	var notes []string
	if at.moved != nil {
		notes = append(notes, fmt.Sprintf("%s has changed: it had the digest %s until %s, and has %s", describe(base), at.moved.Was, at.moved.At.Format(time.DateOnly), at.Digest))
	}
	if at.stale != "" {
		notes = append(notes, fmt.Sprintf("%s is rendered as it was fetched before: %s", describe(base), at.stale))
	}
	tree, err := source.Memory(map[string][]byte{manifests.FileName: at.data}, source.Limits{FileSize: b.config.Limits.File})
	return manifests.Fetched{Tree: tree, Pinned: at.Digest, Notes: notes}, err
}

// resolveFile finds out what lies at an address: what was fetched a moment ago, or what is there now.
func (b *Bases) resolveFile(ctx context.Context, base manifests.Base) (fileAt, error) {
	var known fileAt
	key := "file\n" + base.URL
	if b.config.Store.note(key, &known) {
		known.data = b.config.Store.blob(known.Digest)
	}
	remembered := known.data != nil
	switch {
	case b.config.Offline && !remembered:
		return fileAt{}, errOffline
	case remembered && (b.config.Offline || b.config.Now().Sub(known.Seen) < freshFor):
		return known, nil
	}
	address, err := url.Parse(base.URL)
	if err == nil {
		err = b.oneMore()
	}
	if err != nil {
		return fileAt{}, err
	}
	data, err := b.download(ctx, registry.File{Place: &url.URL{Scheme: address.Scheme, Host: address.Host}, Address: address, Limit: b.config.Limits.File})
	var unavailable *registry.UnavailableError
	switch {
	case remembered && errors.As(err, &unavailable) && !unavailable.Content:
		known.stale = err.Error()
		return known, nil
	case err != nil:
		return fileAt{}, err
	}
	found := fileAt{Digest: digestOf(data), Seen: b.config.Now(), data: data}
	b.config.Store.keepBlob(found.Digest, data)
	b.config.Store.keepNote(key, found)
	return found, nil
}
