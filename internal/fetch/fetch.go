// Package fetch gets charts that are not in the repository, from chart repositories over HTTP and from registries: only
// from places that the policy allows, with bounded time and size, each once in a run. What was fetched stays on disk under
// its digest, and so does which digest a version had.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Config is what fetching needs to know.
type Config struct {
	Client  *registry.Client // who asks; it has to allow what Places does
	Places  *Places          // where charts may be fetched
	Store   *Store           // nil keeps nothing between runs
	Offline bool             // only the store is asked
	Now     func() time.Time
	Limits  Limits // what is zero has its default
}

// Limits bound what is fetched.
type Limits struct {
	Archive  int64 // bytes; 10 MiB
	Unpacked int64 // bytes; 50 MiB
	Files    int   // of a chart; 5,000
	Index    int64 // bytes of a repository's index; 30 MiB
	Time     time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Archive == 0 {
		l.Archive = 10 << 20
	}
	if l.Unpacked == 0 {
		l.Unpacked = 50 << 20
	}
	if l.Files == 0 {
		l.Files = 5000
	}
	if l.Index == 0 {
		l.Index = 30 << 20
	}
	if l.Time == 0 {
		l.Time = time.Minute
	}
	return l
}

// Charts gets the charts of one run. Its methods may be called from several goroutines.
type Charts struct {
	config   Config
	versions flights[version]
	archives flights[[]byte]
	unpacked flights[map[string][]byte]
	indexes  flights[[]byte]
	seals    flights[[]byte]
}

// New makes what gets the charts of one run.
func New(config Config) *Charts {
	config.Limits = config.Limits.withDefaults()
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Charts{config: config, versions: newFlights[version](0), archives: newFlights[[]byte](32 << 20), unpacked: newFlights[map[string][]byte](64 << 20),
		indexes: newFlights[[]byte](64 << 20), seals: newFlights[[]byte](16 << 20)}
}

// version is what a chart's name and version stand for.
type version struct {
	Version string    `json:"version"` // the one that was found
	Digest  string    `json:"digest"`  // of its archive, or of its manifest in a registry
	Address string    `json:"address"` // of the archive; of the repository in a registry with oci://
	Seen    time.Time `json:"seen"`    // when it was last asked for

	moved *manifests.Moved
	stale string // why it could not be asked for now; "" when it could
}

// Pin finds out which chart one is now: its version and digest. What it has to say of that are the chart's notes. The
// error is a *manifests.RenderError without a place.
func (c *Charts) Pin(ctx context.Context, chart manifests.RemoteChart) (manifests.RemoteChart, error) {
	at, err := c.config.Places.find(chart)
	if err != nil {
		return chart, err
	}
	key := strings.Join([]string{at.String(), chart.Version, chart.Digest, fmt.Sprint(chart.Tag)}, "\n")
	if chart.Filter != "" {
		key += "\n" + chart.Filter
	}
	found, err := c.versions.do(key, func() (version, int, error) {
		v, err := c.resolve(ctx, key, at, chart)
		if name := at.named(v.Version); err == nil && chart.Digest == "" && (v.stale == "" && !c.config.Offline || c.config.Store.identified(name, v.Digest)) {
			v.moved = c.config.Store.Identify(name, v.Digest, c.config.Now())
		}
		return v, 0, err
	})
	if err != nil {
		return chart, failed(chart, err)
	}
	named := chart.String()
	chart.Digest, chart.Found, chart.Address, chart.Moved = found.Digest, found.Version, found.Address, found.moved
	if found.stale != "" {
		chart.Notes = append(chart.Notes, fmt.Sprintf("%s is rendered as it was fetched before: %s", named, found.stale))
	}
	return chart, nil
}

// resolve finds a version: as it was remembered a moment ago, or as the place has it now.
func (c *Charts) resolve(ctx context.Context, key string, at place, chart manifests.RemoteChart) (version, error) {
	before := remembered[version]{offline: c.config.Offline}
	before.value, before.known = c.config.Store.version(key)
	before.fresh = chart.Digest != "" || c.isFresh(at, before.value)
	found, stale, asked, err := before.orAsk(func() (version, error) { return c.ask(ctx, at, chart) })
	if found.stale = stale; asked {
		found.Seen = c.config.Now()
		c.config.Store.keepVersion(key, found)
	}
	return found, err
}

// isFresh reports whether a version need not be asked for again: that was done a moment ago, and it has not been seen to be
// another one since, by who asked for it in other words.
func (c *Charts) isFresh(at place, v version) bool {
	return c.config.Now().Sub(v.Seen) < freshFor && c.config.Store.identified(at.named(v.Version), v.Digest)
}

// ask asks a place which version of a chart there is.
func (c *Charts) ask(ctx context.Context, at place, chart manifests.RemoteChart) (version, error) {
	if at.url == nil {
		return c.inRegistry(ctx, at, chart)
	}
	v, err := c.inRepository(ctx, at, chart)
	if err == nil && chart.Digest != "" && v.Digest != chart.Digest {
		return version{}, fmt.Errorf("%s has it with the digest %s, and it is pinned to another one", at.url.Host, v.Digest)
	}
	return v, err
}

// Files returns the files of a chart that Pin has found, by their paths below it. They are unpacked once for all who ask, and
// nobody may change them. The error is a *manifests.RenderError without a place.
func (c *Charts) Files(ctx context.Context, chart manifests.RemoteChart) (map[string][]byte, error) {
	files, err := c.unpacked.do(chart.Address+"\n"+chart.Digest, func() (map[string][]byte, int, error) {
		archive, err := c.kept(ctx, chart)
		if err != nil {
			return nil, 0, err
		}
		files, err := unpack(archive, c.config.Limits)
		size := 0
		for name, text := range files {
			size += len(name) + len(text)
		}
		return files, size, err
	})
	if err != nil {
		return nil, failed(chart, err)
	}
	return files, nil
}

// kept returns a chart's archive, fetched once in a run.
func (c *Charts) kept(ctx context.Context, chart manifests.RemoteChart) ([]byte, error) {
	return c.archives.do(chart.Address+"\n"+chart.Digest, func() ([]byte, int, error) {
		archive, err := c.archive(ctx, chart)
		return archive, len(archive), err
	})
}

// archive returns a chart's archive out of the store, or from where it lies.
func (c *Charts) archive(ctx context.Context, chart manifests.RemoteChart) ([]byte, error) {
	if strings.HasPrefix(chart.Address, "oci://") {
		return c.layer(ctx, chart)
	}
	if archive := c.config.Store.blob(chart.Digest); archive != nil {
		return archive, nil
	}
	if c.config.Offline {
		return nil, errOffline
	}
	at, err := c.config.Places.find(chart)
	if err != nil {
		return nil, err
	}
	archive, err := c.download(ctx, at, chart.Address)
	if err != nil {
		return nil, err
	}
	if digest := digestOf(archive); digest != chart.Digest {
		return nil, fmt.Errorf("the archive has the digest %s, and the repository's index says %s", digest, chart.Digest)
	}
	c.config.Store.keepBlob(chart.Digest, archive)
	return archive, nil
}

var errOffline = errors.New("it was not fetched before, and offline nothing is")

// failed says of a chart why there is none. Nobody is at fault where nothing is asked.
func failed(chart manifests.RemoteChart, err error) error {
	var is *manifests.RenderError
	if errors.As(err, &is) {
		return err
	}
	var refused *registry.RefusedError
	return &manifests.RenderError{Reason: fmt.Sprintf("%s could not be fetched: %v", chart.String(), err), Cause: err,
		Elsewhere: errors.Is(err, errOffline) || errors.As(err, &refused)}
}

// flights do things once for all who ask, and keep what came of them while all of it is not too large.
type flights[T any] struct {
	most int // of the sizes of what is kept; 0 for any
	mu   *sync.Mutex
	held *int
	all  map[string]*flight[T]
}

type flight[T any] struct {
	once  sync.Once
	value T
	err   error
}

func newFlights[T any](most int) flights[T] {
	return flights[T]{most: most, mu: &sync.Mutex{}, held: new(int), all: make(map[string]*flight[T])}
}

// do returns what get does, done once for a key. get says how large it is.
func (f flights[T]) do(key string, get func() (T, int, error)) (T, error) {
	f.mu.Lock()
	one := f.all[key]
	if one == nil {
		one = &flight[T]{}
		f.all[key] = one
	}
	f.mu.Unlock()
	one.once.Do(func() {
		var size int
		one.value, size, one.err = get()
		f.mu.Lock()
		defer f.mu.Unlock()
		if *f.held += size; f.most > 0 && *f.held > f.most {
			*f.held -= size
			delete(f.all, key) // those who wait for it have it; the next one asks again
		}
	})
	return one.value, one.err
}
