package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// found is where the work tree may not be what the index says.
type found struct {
	suspect []string // files of the index that are to be compared
	unknown []string // files and directories that the index does not have
}

// maxPathspecs is up to how many paths git is asked for by name: it holds each against each file.
const maxPathspecs = 100

// look says which parts of the work tree git has to look at, by one walk of our own. ok is false when it has to look
// at everything: when there is too much, or when the index or the settings are of a kind that git alone knows.
func (r *Repo) look(ctx context.Context, index, commit string) (f found, ok bool, err error) {
	if !r.settings.comparesPlainly() {
		return found{}, false, nil
	}
	data, err := os.ReadFile(index)
	if err != nil {
		return found{}, false, nil //nolint:nilerr // there is none yet
	}
	entries, err := parseIndex(data, r.settings.hashSize())
	if err != nil {
		return found{}, false, nil //nolint:nilerr // git reads it
	}
	info, err := os.Stat(index)
	if err != nil {
		return found{}, false, err
	}
	f, err = scanWorkTree(r.root, entries, time.Duration(info.ModTime().UnixNano()))
	if err != nil || len(f.suspect) > maxPathspecs || len(f.unknown) > maxPathspecs {
		return found{}, false, nil //nolint:nilerr // git says what is wrong
	}
	staged, err := r.output(ctx, r.inWorkTree(index, "diff-index", "--cached", "--name-only", "--no-renames", "-z", commit, "--"))
	if err != nil {
		return found{}, false, fmt.Errorf("compare the index with %.12s: %w", commit, err)
	}
	if len(staged) > 0 {
		f.suspect = append(f.suspect, strings.Split(strings.TrimSuffix(string(staged), "\x00"), "\x00")...)
	}
	slices.Sort(f.suspect)
	f.suspect = slices.Compact(f.suspect)
	return f, len(f.suspect)+len(f.unknown) <= maxPathspecs, nil
}

// copyOfIndex copies the index and says what is to be looked at with it.
func (r *Repo) copyOfIndex(ctx context.Context, commit string) (index string, f found, all bool, err error) {
	if index, err = r.copyIndex(); err != nil {
		return index, found{}, false, fmt.Errorf("read the index of %s: %w", filepath.Base(r.root), err)
	}
	f, ok, err := r.look(ctx, index, commit)
	return index, f, !ok, err
}
