package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// resolve returns the commit IDs of revisions, all with one git. Names go through standard input, where one that
// begins with "-" is not an option.
func (r *Repo) resolve(ctx context.Context, revs ...string) ([]string, error) {
	for _, rev := range revs {
		if rev == "" || len(rev) > 4096 || strings.ContainsAny(rev, "\n\x00") {
			return nil, fmt.Errorf("%w %.80q", ErrUnknown, rev)
		}
	}
	c := r.inRepository("cat-file", "--batch-check")
	c.env = append(c.env, noConfig[:]...)
	for _, rev := range revs {
		c.stdin += rev + "^{commit}\n"
	}
	for _, rev := range revs { // only to be able to hint at it
		c.stdin += "refs/remotes/origin/" + rev + "^{commit}\n"
	}
	out, err := r.output(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("look up revisions: %w", err)
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < 2*len(revs) {
		return nil, fmt.Errorf("look up revisions: git said %.200q", out)
	}
	ids := make([]string, len(revs))
	for i, rev := range revs {
		id, ok := strings.CutSuffix(kindOf(lines[i]), " commit")
		if !ok {
			_, atOrigin := strings.CutSuffix(kindOf(lines[len(revs)+i]), " commit")
			return nil, r.unknown(rev, lines[i], atOrigin)
		}
		ids[i] = id
	}
	return ids, nil
}

// kindOf takes the size off "<id> commit <size>".
func kindOf(line string) string {
	if i := strings.LastIndexByte(line, ' '); i >= 0 && strings.Contains(line, " commit ") {
		return line[:i]
	}
	return line
}

// unknown is the error of a revision that does not resolve, with what would help.
func (r *Repo) unknown(rev, said string, atOrigin bool) error {
	switch {
	case rev == "HEAD":
		return ErrNoCommits
	case strings.HasSuffix(said, " ambiguous"):
		return fmt.Errorf("%w %q: the abbreviation is ambiguous", ErrUnknown, rev)
	case atOrigin:
		return fmt.Errorf("%w %q; there is \"origin/%s\"", ErrUnknown, rev, rev)
	case r.isShallow():
		return fmt.Errorf("%w %q; this is a shallow clone, run: git fetch --unshallow origin, or for a branch: git fetch origin %s:refs/remotes/origin/%s", ErrUnknown, rev, rev, rev)
	}
	return fmt.Errorf("%w %q; git fetch may bring it", ErrUnknown, rev)
}

func (r *Repo) isShallow() bool {
	_, err := os.Stat(filepath.Join(r.commonDir, "shallow"))
	return err == nil
}

// DefaultBase returns the name of the branch that changes are reviewed against: the remote's default branch
// (origin/HEAD), else main, origin/main, master or origin/master, whichever exists first. ErrNoBase when none does.
func (r *Repo) DefaultBase(ctx context.Context) (string, error) {
	candidates := []string{"refs/heads/main", "refs/remotes/origin/main", "refs/heads/master", "refs/remotes/origin/master"}
	args := append([]string{"for-each-ref", "--format=%(refname) %(symref)", "refs/remotes/origin/HEAD"}, candidates...)
	out, err := r.output(ctx, r.inRepository(args...))
	if err != nil {
		return "", fmt.Errorf("look for the default branch: %w", err)
	}
	found := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		name, target, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if name == "refs/remotes/origin/HEAD" {
			return short(target), nil
		}
		found[name] = true
	}
	for _, name := range candidates {
		if found[name] {
			return short(name), nil
		}
	}
	return "", ErrNoBase
}

func short(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}

// mergeBase returns the commit at which two histories part.
func (r *Repo) mergeBase(ctx context.Context, base, head revision) (string, error) {
	if base.id == head.id {
		return base.id, nil
	}
	out, err := r.output(ctx, r.inScratch("merge-base", base.id, head.id))
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	if exitCode(err) != 1 {
		return "", fmt.Errorf("find the merge base of %s and %s: %w", base.name, head.name, err)
	}
	if r.isShallow() {
		return "", fmt.Errorf("%w of %s and %s in this shallow clone; run: git fetch --unshallow origin (or, to fetch less: git fetch --deepen=100 origin, until it is found)",
			ErrNoMergeBase, base.name, head.name)
	}
	return "", fmt.Errorf("%w: the histories of %s and %s are unrelated", ErrNoMergeBase, base.name, head.name)
}

// revision is a commit under the name it was asked for.
type revision struct{ name, id string }

// resolveHead returns the commit of HEAD, or ok false when there is none yet.
func (r *Repo) resolveHead(ctx context.Context) (id string, ok bool, err error) {
	ids, err := r.resolve(ctx, "HEAD")
	if errors.Is(err, ErrNoCommits) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	return ids[0], true, nil
}
