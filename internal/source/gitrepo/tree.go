package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// Blob implements source.Blobs for entries of this repository.
func (r *Repo) Blob(e source.Entry, limit int64) ([]byte, error) {
	data, err := r.objects.read(e.ID, limit)
	if err != nil && !errors.Is(err, source.ErrFileSize) && r.ctx.Err() == nil {
		r.damaged.Store(true)
	}
	if errors.Is(err, ErrMissing) {
		err = r.missing()
	}
	return data, err
}

// Tree returns the tree of a revision. An unknown revision gives ErrUnknown.
func (r *Repo) Tree(ctx context.Context, rev string) (source.Tree, error) {
	ids, err := r.resolve(ctx, rev)
	if err != nil {
		return nil, err
	}
	return r.treeOf(ctx, ids[0])
}

func (r *Repo) treeOf(ctx context.Context, id string) (source.Tree, error) {
	listing, err := r.listing(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list the files of %.12s: %w", id, err)
	}
	entries, err := readEntries(listing)
	if err != nil {
		return nil, fmt.Errorf("list the files of %.12s: %w", id, err)
	}
	return source.New(entries, r, r.limits)
}

// Keeper remembers what is costly to learn and never changes, from one run to the next. It may forget.
type Keeper interface {
	// Kept returns what was last kept under name, when that was for this key; nil otherwise.
	Kept(name, key string) []byte
	// Keep keeps data of a key under name, in place of what was there.
	Keep(name, key string, data []byte)
}

// keepWorth is how many bytes a listing has, that reading it from disk is cheaper than asking git.
const keepWorth = 64 << 10

// listing returns what git ls-tree -r -z says of a commit. It stops at more entries than the limit, because a few
// hostile objects can name billions of files.
func (r *Repo) listing(ctx context.Context, id string) (listing string, err error) {
	name := "listing of " + r.commonDir
	if r.keeper != nil {
		if kept := r.keeper.Kept(name, id); kept != nil && bytes.Count(kept, []byte{0}) <= r.limits.Files {
			return string(kept), nil
		}
	}
	err = r.stream(ctx, r.inScratch("ls-tree", "-r", "-z", "--full-tree", id), func(out io.Reader) (err error) {
		listing, err = readRecords(out, r.limits.Files)
		return err
	})
	if err == nil && r.keeper != nil && len(listing) >= keepWorth {
		r.keeper.Keep(name, id, []byte(listing))
	}
	return listing, err
}

// readEntries reads the output of git ls-tree -r -z: "100644 blob <id>\t<path>\0".
func readEntries(listing string) ([]source.Entry, error) {
	entries := make([]source.Entry, 0, strings.Count(listing, "\x00"))
	for len(listing) > 0 {
		record, rest, _ := strings.Cut(listing, "\x00")
		listing = rest
		about, name, ok := strings.Cut(record, "\t")
		mode, about, ok2 := strings.Cut(about, " ")
		_, id, ok3 := strings.Cut(about, " ")
		if !ok || !ok2 || !ok3 {
			return nil, fmt.Errorf("git printed %.100q, which is not an entry", record)
		}
		entries = append(entries, source.Entry{Path: name, Mode: entryMode(mode), ID: id, Size: -1})
	}
	return entries, nil
}

func entryMode(mode string) source.Mode {
	switch mode {
	case "120000":
		return source.Symlink
	case "160000":
		return source.Gitlink
	}
	return source.Regular
}

// readRecords reads up to max records that end with NUL. More give ErrFileCount.
func readRecords(r io.Reader, max int) (string, error) {
	var all strings.Builder
	buf, records := make([]byte, 128<<10), 0
	for {
		n, err := r.Read(buf)
		all.Write(buf[:n])
		if records += bytes.Count(buf[:n], []byte{0}); records > max {
			return "", fmt.Errorf("%w (%d)", source.ErrFileCount, max)
		}
		if errors.Is(err, io.EOF) {
			return all.String(), nil
		}
		if err != nil {
			return "", err
		}
	}
}
