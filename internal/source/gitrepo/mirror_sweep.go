package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// resident is a copy that is kept.
type resident struct {
	place place
	bytes int64
	used  time.Time
}

// sweepIfDue sweeps now, or when that was long ago; at the end of a use, so that nobody waits for it. What it cannot
// delete takes nothing from that use: Sweep says it to who asks.
func (m *Mirror) sweepIfDue(now bool) {
	if !now && time.Since(time.Unix(0, m.last.Load())) < sweepEvery || !m.swept.TryLock() {
		return
	}
	defer m.swept.Unlock()
	_ = m.sweep()
}

// Sweep deletes the copies that nobody used for longer than MaxAge, and then those used least recently until the rest
// has no more than MaxBytes. Copies in use stay. The ends of uses do the same; whoever calls Sweep as well now and then
// has the bounds kept when there are none, and learns what could not be deleted.
func (m *Mirror) Sweep() error {
	m.swept.Lock()
	defer m.swept.Unlock()
	if err := m.sweep(); err != nil {
		return fmt.Errorf("bound the mirrors: %w", err)
	}
	return nil
}

// sweep does it, for one goroutine at a time.
func (m *Mirror) sweep() error {
	m.last.Store(time.Now().UnixNano())
	all, err := residents(m.opts.Dir)
	if err != nil {
		return err
	}
	var total int64
	for _, r := range all {
		total += r.bytes
	}
	var failures []error
	kept := int64(len(all))
	for _, r := range all {
		if total <= m.opts.MaxBytes && time.Since(r.used) <= m.opts.MaxAge {
			continue
		}
		switch err := remove(r.place); {
		case err == nil:
			total -= r.bytes
			kept--
		case !errors.Is(err, errHeld):
			failures = append(failures, err)
		}
	}
	m.copies.Store(kept)
	m.bytes.Store(total)
	return errors.Join(failures...)
}

// residents returns the copies in dir, those used least recently first.
func residents(dir string) (all []resident, err error) {
	locks, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", "*.lock"))
	if err != nil {
		return nil, err
	}
	for _, lock := range locks {
		info, err := os.Stat(lock)
		if err != nil {
			continue // another process was quicker
		}
		stem := strings.TrimSuffix(lock, ".lock")
		at := place{repo: stem + ".git", lock: lock, fetching: stem + ".fetch"}
		all = append(all, resident{at, diskUsage(at.repo), info.ModTime()})
	}
	slices.SortFunc(all, func(a, b resident) int {
		return cmp.Or(a.used.Compare(b.used), cmp.Compare(a.place.lock, b.place.lock))
	})
	return all, nil
}

func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// diskUsage adds up the files below dir. What vanishes meanwhile does not count.
func diskUsage(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // see above
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// remove deletes a copy and its locks, unless somebody uses it: then errHeld.
func remove(at place) error {
	lock, err := tryAcquire(at.lock, true)
	if err != nil {
		return err
	}
	defer lock.release()
	if err := discard(at); err != nil {
		return err
	}
	// Who fetches uses the copy: so the other lock is free.
	err = errors.Join(gone(os.Remove(at.fetching)), gone(os.Remove(at.lock)))
	_ = os.Remove(filepath.Dir(at.lock)) // works when it was the installation's last one
	return diskError("remove a mirror", err)
}

func gone(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// discard deletes the repository of a copy: first from its place, at once, then from the disk. What an earlier one
// left that was ended in between goes as well.
func discard(at place) error {
	aside, err := os.MkdirTemp(filepath.Dir(at.repo), strings.TrimSuffix(filepath.Base(at.repo), ".git")+".gone-")
	if err != nil {
		return diskError("remove a mirror", err)
	}
	if err := gone(os.Rename(at.repo, filepath.Join(aside, "repo"))); err != nil {
		return diskError("remove a mirror", err)
	}
	left, _ := filepath.Glob(escapeGlob(strings.TrimSuffix(at.repo, ".git")) + ".gone-*") // the pattern is well formed
	for _, name := range left {
		if err := os.RemoveAll(name); err != nil {
			return diskError("remove a mirror", err)
		}
	}
	return nil
}

// Remove deletes the copies of an installation: of the repositories that are named, or, with none, all. It waits
// until nobody uses them, or ctx ends.
func (m *Mirror) Remove(ctx context.Context, installation int64, repositories ...int64) error {
	if len(repositories) == 0 {
		var err error
		if repositories, err = m.repositoriesOf(installation); err != nil {
			return err
		}
	}
	for _, id := range repositories {
		at := placeAt(m.opts.Dir, installation, id)
		if _, err := os.Stat(at.lock); errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err := removeWhenFree(ctx, at); err != nil {
			return fmt.Errorf("remove the mirror of repository %d of installation %d: %w", id, installation, err)
		}
	}
	return nil
}

func removeWhenFree(ctx context.Context, at place) error {
	for {
		err := remove(at)
		if !errors.Is(err, errHeld) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, context.Cause(ctx))
		case <-time.After(10 * lockPoll):
		}
	}
}

func (m *Mirror) repositoriesOf(installation int64) (ids []int64, err error) {
	entries, err := os.ReadDir(filepath.Join(m.opts.Dir, strconv.FormatInt(installation, 10)))
	if err = gone(err); err != nil {
		return nil, fmt.Errorf("list the mirrors of installation %d: %w", installation, err)
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".lock")
		if id, err := strconv.ParseInt(name, 10, 64); ok && err == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
