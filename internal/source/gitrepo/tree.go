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
	var entries []source.Entry
	err := r.stream(ctx, r.inScratch("ls-tree", "-r", "-z", "--full-tree", id), func(out io.Reader) (err error) {
		entries, err = readEntries(out, r.limits.Files)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the files of %.12s: %w", id, err)
	}
	return source.New(entries, r, r.limits)
}

// readEntries reads the output of git ls-tree -r -z: "100644 blob <id>\t<path>\0". It stops at more than max
// entries, because a few hostile objects can name billions of files.
func readEntries(r io.Reader, max int) ([]source.Entry, error) {
	listing, err := readRecords(r, max)
	if err != nil {
		return nil, err
	}
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
