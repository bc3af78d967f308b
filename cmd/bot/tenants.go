package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/landwaiter/landwaiter/internal/event"
	"github.com/landwaiter/landwaiter/internal/github"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

// tenants keep what rendering of the App's repositories remembers: a directory for each repository of each installation,
// so that nothing of one is shown to another, and nothing stays when one leaves.
type tenants struct {
	dir   string
	most  int64 // bytes of all of them
	sys   surroundings
	build string
	asks  *registries
	app   atomic.Pointer[github.App] // nil while there is none

	looked func(hit bool) // told of every look for a rendering

	mu     sync.Mutex
	using  map[string]int // directories that are in use
	pruned time.Time
}

const (
	// tenantBytes caps what is remembered of one repository.
	tenantBytes = 256 << 20
	// pruneEvery is how long the cap over all repositories may be passed.
	pruneEvery = 10 * time.Minute
)

func newTenants(sys surroundings, dir string, most int64, asks *registries, looked func(hit bool)) *tenants {
	return &tenants{dir: dir, most: most, sys: sys, asks: asks, looked: looked, build: build(), using: make(map[string]int)}
}

// Engine makes what reviews a repository. It implements pullrequest.Engines.
func (t *tenants) Engine(repo event.Repository) (*review.Engine, func(), error) {
	pool, err := newPool(t.sys)
	if err != nil {
		return nil, nil, err
	}
	dir := filepath.Join(t.dir, strconv.FormatInt(repo.Installation, 10), strconv.FormatInt(repo.ID, 10))
	t.use(dir, 1)
	cache := manifests.OpenCache(dir, tenantBytes, t.build)
	cache.Looked = t.looked
	asks := t.asks.with(cache, openCharts(dir), t.attestations(repo.Installation), repo.Owner)
	engine := &review.Engine{Renderer: &gitops.Renderer{Inner: pool}, Rules: rules.All(), Now: time.Now, Cache: cache, Proving: asks.proving, Fetching: asks.fetching, FetchingBases: asks.fetchingBases}
	return engine, func() {
		pool.Close()
		t.use(dir, -1)
		t.prune(time.Now())
	}, nil
}

// attestations are those that GitHub shows to an installation.
func (t *tenants) attestations(installation int64) evidence.GitHubAttestations {
	app := t.app.Load()
	if app == nil {
		return nil
	}
	return attestations(app.Client(installation).Attestations)
}

func (t *tenants) use(dir string, change int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.using[dir] += change; t.using[dir] == 0 {
		delete(t.using, dir)
	}
	now := time.Now()
	os.Chtimes(dir, now, now) // one that is not there has nothing to be remembered
}

// Forget deletes what is kept of repositories of an installation, of all when none is named. It implements
// pullrequest.Tenants.
func (t *tenants) Forget(installation int64, repositories []int64) error {
	dir := filepath.Join(t.dir, strconv.FormatInt(installation, 10))
	if len(repositories) == 0 {
		return os.RemoveAll(dir)
	}
	var errs []error
	for _, id := range repositories {
		errs = append(errs, os.RemoveAll(filepath.Join(dir, strconv.FormatInt(id, 10))))
	}
	return errors.Join(errs...)
}

// kept is what is remembered of one repository.
type kept struct {
	dir   string
	used  time.Time
	bytes int64
}

// prune deletes what was not used for longest while all together are too large.
func (t *tenants) prune(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.pruned) < pruneEvery {
		return
	}
	t.pruned = now
	all, err := t.list()
	if err != nil {
		say(t.sys.stderr, "warning: looking through %s: %v", t.dir, err)
	}
	var total int64
	for _, k := range all {
		total += k.bytes
	}
	slices.SortFunc(all, func(a, b kept) int { return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.dir, b.dir)) })
	for _, k := range all {
		if total <= t.most {
			return
		}
		if t.using[k.dir] > 0 {
			continue
		}
		if err := os.RemoveAll(k.dir); err != nil {
			say(t.sys.stderr, "warning: making room in the cache: %v", err)
		}
		total -= k.bytes
	}
}

func (t *tenants) list() (all []kept, err error) {
	dirs, err := filepath.Glob(filepath.Join(t.dir, "*", "*"))
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", t.dir, err)
	}
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil || !info.IsDir() {
			continue
		}
		k := kept{dir: dir, used: info.ModTime()}
		filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				if info, err := entry.Info(); err == nil {
					k.bytes += info.Size()
				}
			}
			return nil // what cannot be looked at cannot be counted
		})
		all = append(all, k)
	}
	return all, nil
}
