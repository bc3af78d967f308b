package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
)

// commit is what a ref of a repository stands for.
type commit struct {
	ID   string    `json:"id"`
	Ref  string    `json:"ref,omitempty"` // the full name; "" for a commit
	Seen time.Time `json:"seen"`

	moved *manifests.Moved

	stale string // why it could not be asked for now; "" when it could
}

// pin returns what there is at an address without its tree.
func (b *Bases) pin(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	if base.File {
		got, err := b.file(ctx, base)
		got.Tree = nil
		return got, err
	}
	at, err := b.commit(ctx, base)
	if err != nil {
		return manifests.Fetched{}, err
	}
	return manifests.Fetched{Pinned: at.ID, Notes: notesOn(base, at), Moved: at.moved}, nil
}

// commit is what the ref of a base stands for in this run.
func (b *Bases) commit(ctx context.Context, base manifests.Base) (commit, error) {
	return b.commits.do(refKey(base), func() (commit, int, error) {
		c, err := b.resolve(ctx, base)
		if err == nil && strings.HasPrefix(c.Ref, "refs/tags/") { // a branch is meant to move
			c.moved = b.config.Store.Identify("git "+base.URL+" "+c.Ref, c.ID, b.config.Now())
		}
		return c, 0, err
	})
}

// refKey names what a repository has at a ref.
func refKey(base manifests.Base) string {
	if base.Range {
		return base.URL + "\nrange " + base.Ref
	}
	return base.URL + "\n" + base.Ref
}

// repository returns the files of a repository at what its ref stands for.
func (b *Bases) repository(ctx context.Context, base manifests.Base) (manifests.Fetched, error) {
	got, err := b.pin(ctx, base)
	if err != nil {
		return got, err
	}
	got.Tree, err = b.trees.do(base.URL+"\n"+got.Pinned, func() (source.Tree, int, error) {
		tree, err := b.open(ctx, base.URL, got.Pinned)
		return tree, 0, err
	})
	if err == nil {
		got.Notes = append(got.Notes, leftOut(base, got.Tree)...)
	}
	return got, err
}

// leftOut says of a repository that it has what no file system does: others may read it in other ways.
func leftOut(base manifests.Base, tree source.Tree) []string {
	odd := slices.DeleteFunc(source.Problems(tree), func(err error) bool { return !errors.Is(err, source.ErrPath) && !errors.Is(err, source.ErrDepth) })
	if len(odd) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s has %d files that are left out, the first of them %.200q", describe(base), len(odd), odd[0].Error())}
}

// notesOn are what a reader should know of a commit.
func notesOn(base manifests.Base, at commit) (notes []string) {
	called := describe(base)
	if branch, ok := strings.CutPrefix(at.Ref, "refs/heads/"); ok {
		notes = append(notes, fmt.Sprintf("%s is the branch %s, which may move: rendered at %s", called, branch, at.ID))
	} else if at.Ref == "HEAD" {
		notes = append(notes, fmt.Sprintf("%s is named without a ref, so that it is what it has by default: rendered at %s", called, at.ID))
	}
	if base.Range {
		notes = append(notes, fmt.Sprintf("%s is %s now: rendered at %s", called, shortRef(at.Ref), at.ID))
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
	if commitID.MatchString(base.Ref) && !base.Range {
		return commit{ID: base.Ref}, nil
	}
	key, before := "ref\n"+refKey(base), remembered[commit]{offline: b.config.Offline}
	before.known = b.config.Store.note(key, &before.value) && commitID.MatchString(before.value.ID)
	before.fresh = b.config.Now().Sub(before.value.Seen) < freshFor
	found, stale, asked, err := before.orAsk(func() (commit, error) { return b.askRef(ctx, base) })
	if found.stale = stale; asked {
		found.Seen = b.config.Now()
		b.config.Store.keepNote(key, found)
	}
	return found, err
}

// askRef asks the server what a ref stands for.
func (b *Bases) askRef(ctx context.Context, base manifests.Base) (commit, error) {
	answer, err := b.post(ctx, base.URL, lsRefs(meanings(base)), b.config.Limits.Refs)
	if err != nil {
		return commit{}, err
	}
	all, err := readRefs(answer)
	if err != nil {
		return commit{}, err
	}
	if base.Range {
		return inRange(all, base.Ref)
	}
	for _, name := range meanings(base) {
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

// inRange is the newest tag in a range of versions.
func inRange(all []named, ref string) (commit, error) {
	tags := slices.DeleteFunc(all, func(n named) bool { return !strings.HasPrefix(n.ref, "refs/tags/") })
	versions := make([]string, len(tags))
	for i, tag := range tags {
		versions[i] = shortRef(tag.ref)
	}
	i, err := newest(versions, ref)
	if err != nil {
		return commit{}, err
	}
	return commit{ID: tags[i].commit, Ref: tags[i].ref}, nil
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
	repo, err := gitrepo.OpenPack(ctx, gitrepo.Pack{Commit: id, Data: pack, Within: b.config.Limits.Time}, options)
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
