package evidence

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// named is what a reference names now.
type named struct {
	registry.Descriptor
	tagDigest string // of a reference with tag and digest
	note      string
}

// resolve finds the digest that is used from here on. Where it cannot, failed is the whole answer.
func (r *run) resolve(ctx context.Context, q images.Question) (n named, failed *images.Evidence) {
	if q.Reference.Digest != "" {
		n.Digest = q.Reference.Digest
		if err := r.existing(ctx, q, &n); err != nil {
			return n, notThere(q, err)
		}
		r.lookUpTag(ctx, q.Reference, &n)
		return n, nil
	}
	found, err := r.config.Registry.Resolve(ctx, q.Reference)
	if err != nil {
		return n, notThere(q, err)
	}
	n.Descriptor = found
	return n, nil
}

// existing asks whether a digest is there, unless it is known to have been.
func (r *run) existing(ctx context.Context, q images.Question, n *named) error {
	known := subject{ref: pinned(q.Reference, q.Reference.Digest), demand: q.Demand, platforms: q.Platforms}
	if _, ok := r.recall(known, r.cacheKey(known)); ok {
		return nil
	}
	found, err := r.config.Registry.Resolve(ctx, known.ref)
	n.MediaType = found.MediaType
	return err
}

// lookUpTag finds what the tag beside a digest names. Runtimes pass over it, so that not knowing is no failure.
func (r *run) lookUpTag(ctx context.Context, ref images.Reference, n *named) {
	if ref.Tag == "" {
		return
	}
	tag := ref
	tag.Digest = ""
	found, err := r.config.Registry.Resolve(ctx, tag)
	switch {
	case errors.Is(err, registry.ErrAbsent):
		n.note = fmt.Sprintf("its tag %s does not exist", ref.Tag)
	case err != nil:
		n.note = fmt.Sprintf("what its tag %s names could not be asked: %s", ref.Tag, oneLine(err.Error()))
	default:
		n.tagDigest = found.Digest
		if found.Digest != ref.Digest && r.isPart(ctx, pinned(tag, found.Digest), ref.Digest) {
			n.tagDigest = ref.Digest // of one platform, which is the same image
		}
	}
}

// isPart reports whether an index has a digest among its platforms. What cannot be asked is none.
func (r *run) isPart(ctx context.Context, index images.Reference, digest string) bool {
	m, err := r.config.Registry.Manifest(ctx, index)
	return err == nil && slices.ContainsFunc(m.Manifests, func(d registry.Descriptor) bool { return d.Digest == digest })
}

// notThere is the answer when nothing can be said of a digest.
func notThere(q images.Question, err error) *images.Evidence {
	answer := inability(subject{ref: q.Reference, demand: q.Demand, platforms: q.Platforms}, err)
	if errors.Is(err, registry.ErrAbsent) {
		answer.Missing, answer.Unasked, answer.Reason = true, false, q.Reference.Host+" does not have it"
		answer.Verdict = images.NotAsked
		if q.Demand != nil {
			answer.Verdict = images.Unsigned
		}
	}
	return &answer
}
