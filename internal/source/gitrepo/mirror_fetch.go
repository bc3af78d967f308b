package gitrepo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// fetchJob is one fetch into one copy, by who holds the lock for it.
type fetchJob struct {
	mirror *Mirror
	place  place
	from   Remote
	wanted []string
	lock   *fileLock
	token  string
}

// run brings what is wanted and returns its commits. fresh says that the copy was made anew.
func (j *fetchJob) run(ctx context.Context) (ids []string, fresh bool, err error) {
	if j.from.Token != nil {
		if j.token, err = j.from.Token(ctx); err != nil {
			return nil, false, fmt.Errorf("get a token: %w", err)
		}
	}
	if j.place.usable() {
		ids, err = j.bring(ctx, j.mirror.opts.MaxFetch)
		if !errors.Is(err, errDamaged) {
			return ids, false, err
		}
	}
	ids, err = j.clone(ctx)
	return ids, true, err
}

// clone makes the copy anew: first with everything, since that takes one question and one answer each time; and when
// that turns out to be much, with the contents of only those versions that are looked at.
func (j *fetchJob) clone(ctx context.Context) ([]string, error) {
	if err := j.renew(""); err != nil {
		return nil, err
	}
	most := j.mirror.opts.MaxFetch
	ids, err := j.bring(ctx, min(most, j.mirror.opts.PartialOver))
	if errors.Is(err, ErrTooLarge) {
		if err := j.renew(isPartial); err != nil {
			return nil, err
		}
		ids, err = j.bring(ctx, most)
	}
	if err != nil {
		return nil, err
	}
	return ids, diskError("note that a mirror is complete", os.Remove(filepath.Join(j.place.repo, condemned)))
}

// renew puts an empty repository in place of the copy. Who still reads the old one gets errors.
func (j *fetchJob) renew(kind string) error {
	if err := discard(j.place); err != nil {
		return err
	}
	for _, dir := range []string{"objects/pack", "objects/info", "refs"} {
		if err := os.MkdirAll(filepath.Join(j.place.repo, dir), 0o700); err != nil {
			return diskError("make a mirror", err)
		}
	}
	files := map[string]string{
		"HEAD":    "ref: refs/heads/none\n",
		"config":  "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
		condemned: "", // until the first fetch has ended
	}
	if kind != "" {
		files[kind] = ""
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(j.place.repo, name), []byte(text), 0o600); err != nil {
			return diskError("make a mirror", err)
		}
	}
	return nil
}

// bring fetches at most so many bytes at a time into the copy that is there.
func (j *fetchJob) bring(ctx context.Context, most int64) ([]string, error) {
	if j.lock.unfinished() {
		if err := j.place.tidy(); err != nil {
			return nil, err
		}
	}
	if err := j.lock.begin(); err != nil {
		return nil, err
	}
	refs, specs := slots(j.wanted)
	if err := j.fetch(ctx, specs, most); err != nil {
		_ = j.place.tidy() // so that it takes no room; who comes next tidies up again
		return nil, err
	}
	ids, err := j.mirror.commits(ctx, j.place, refs)
	if err != nil {
		return nil, fmt.Errorf("%w: what was fetched is not there: %w", errDamaged, err)
	}
	if err := j.complete(ctx, ids, most); err != nil {
		return nil, err
	}
	if err := j.mirror.pack(ctx, j.place, j.lock); err != nil {
		return nil, err
	}
	return ids, j.lock.finish()
}

// slots gives each wanted thing one of 256 references of our own. They keep commits alive and tell the server what is
// there. Were they called as on the server, there would be more and more of them, and a branch a/b could not follow a
// branch a.
func slots(wanted []string) (refs, specs []string) {
	taken := map[byte]bool{}
	for _, w := range wanted {
		slot := sha256.Sum256([]byte(w))[0]
		for taken[slot] {
			slot++
		}
		taken[slot] = true
		ref := "refs/kept/" + hex.EncodeToString([]byte{slot})
		refs = append(refs, ref)
		specs = append(specs, "+"+w+":"+ref)
	}
	return refs, specs
}

// fetch runs git fetch.
func (j *fetchJob) fetch(ctx context.Context, specs []string, most int64, options ...string) error {
	args := append([]string{"fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-maintenance",
		"--no-write-fetch-head", "--no-show-forced-updates", "--force", "--stdin"}, options...)
	if j.place.partial() {
		args = append(args, "--filter=blob:none")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(ctx, j.mirror.git, append(args, "--", remoteName)...)
	cmd.Dir, cmd.Env = j.place.repo, j.environment()
	cmd.Stdin = strings.NewReader(strings.Join(specs, "\n") + "\n")
	said := &tail{}
	cmd.Stderr = said
	cmd.ExtraFiles = []*os.File{j.lock.file}
	cmd.WaitDelay = 5 * time.Second
	asGroup(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("run git: %w", err)
	}
	ended := make(chan struct{})
	go j.place.watch(ended, most, cancel)
	err := cmd.Wait()
	close(ended)
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return meaning(plain(said.text(), j.token), err)
}

// watch ends a fetch that brings more than most bytes. Git has no such limit for fetching.
func (p place) watch(ended <-chan struct{}, most int64, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-tick.C:
			if size := p.arriving(); size > most {
				cancel(fmt.Errorf("%w: %d MiB and more came, the limit is %d MiB", ErrTooLarge, size>>20, most>>20))
				return
			}
		}
	}
}

// arriving returns the bytes of packs that are being received. Git unpacks none, as fetch.unpackLimit says.
func (p place) arriving() (size int64) {
	names, _ := filepath.Glob(filepath.Join(p.repo, "objects", "pack", "tmp_pack_*")) // the pattern is well formed
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			size += info.Size()
		}
	}
	return size
}

// complete brings the contents that the trees of commits and of their merge bases lack. Only partial copies lack any.
func (j *fetchJob) complete(ctx context.Context, ids []string, most int64) error {
	if !j.place.partial() {
		return nil
	}
	lacking, err := j.mirror.lacking(ctx, j.place, ids)
	if err != nil || len(lacking) == 0 {
		return err
	}
	if err := j.fetch(ctx, lacking, most, "--refmap="); err != nil {
		return err
	}
	if lacking, err = j.mirror.lacking(ctx, j.place, ids); err == nil && len(lacking) > 0 {
		err = fmt.Errorf("%w: %d contents, %s among them, were asked for and did not come", ErrUnreachable, len(lacking), lacking[0])
	}
	return err
}

// tidy removes what a fetch left behind that was ended in the middle: files that lock, and packs begun. Nobody else
// writes to the copy: we hold the lock that every git which does so holds.
func (p place) tidy() error {
	return filepath.WalkDir(p.repo, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return diskError("tidy up a mirror", err)
		}
		base := entry.Name()
		left := strings.HasSuffix(base, ".lock") || strings.HasSuffix(base, ".keep") || strings.HasPrefix(base, "tmp_") ||
			strings.HasPrefix(base, ".tmp-") || base == "gc.pid"
		if entry.IsDir() || !left {
			return nil
		}
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return diskError("tidy up a mirror", err)
		}
		return nil
	})
}
