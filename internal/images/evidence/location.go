package evidence

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// bundleType begins the media types of Sigstore bundles.
const bundleType = "application/vnd.dev.sigstore.bundle"

// maxSeal is larger than bills of materials get, and maxMemory how much of seals is in memory at a time.
const (
	maxSeal   = 24 << 20
	maxMemory = 96 << 20
)

// location is a repository in which seals are looked for: the image's, or the one that it is a copy of.
type location struct {
	*examination
	ref    images.Reference
	origin bool
}

// trouble notes what could not be read. That an origin may not be asked is the policy's will, and no fault of a registry.
func (l *location) trouble(err error) {
	var refused *registry.RefusedError
	if l.origin && errors.As(err, &refused) {
		l.junk = append(l.junk, err.Error())
		return
	}
	l.examination.trouble(err)
}

// referrers looks through what refers to the image, by the registry's list of it.
func (l *location) referrers(ctx context.Context) {
	listed, err := l.config.Registry.Referrers(ctx, l.ref, l.ref.Digest)
	if err != nil {
		l.trouble(err)
		return
	}
	slices.SortStableFunc(listed, func(a, b registry.Descriptor) int { return cmp.Compare(l.unlikely(a), l.unlikely(b)) })
	for _, d := range listed {
		if l.done() || !l.spend(0) {
			return
		}
		if !images.IsDigest(d.Digest) {
			l.junk = append(l.junk, "its list of referrers names something that is no digest")
			continue
		}
		l.manifest(ctx, pinned(l.ref, d.Digest))
	}
}

// unlikely orders a list by what it says of its entries, which nobody signed: nothing is passed over for it.
func (l *location) unlikely(d registry.Descriptor) int {
	predicate := d.Annotations["dev.sigstore.bundle.predicateType"]
	switch {
	case predicate == cosignSign && l.lacks(images.ProofSignature), predicate != "" && l.lacks(kindOf(predicate)):
		return 0
	case strings.HasPrefix(d.ArtifactType, bundleType) && predicate == "", d.ArtifactType == notationType && l.lacks(images.ProofSignature):
		return 1
	case d.ArtifactType == "", d.ArtifactType == "application/vnd.oci.empty.v1+json", strings.HasPrefix(d.ArtifactType, "application/vnd.dev."):
		return 2 // as cosign and some registries list anything
	}
	return 3
}

// signatureTag looks where cosign keeps signatures in its first format.
func (l *location) signatureTag(ctx context.Context) {
	if l.lacks(images.ProofSignature) {
		l.tag(ctx, ".sig")
	}
}

// attestationTag looks where cosign keeps attestations in its first format.
func (l *location) attestationTag(ctx context.Context) {
	if l.lacks(images.ProofProvenance, images.ProofSBOM, images.ProofScan) {
		l.tag(ctx, ".att")
	}
}

// tag reads "sha256-….sig" and its like. A tag has no room for other digests.
func (l *location) tag(ctx context.Context, suffix string) {
	algorithm, encoded, _ := strings.Cut(l.ref.Digest, ":")
	if algorithm != "sha256" || !l.spend(0) {
		return
	}
	at := l.ref
	at.Digest, at.Tag = "", algorithm+"-"+encoded+suffix
	l.manifest(ctx, at)
}

// manifest reads one manifest, and the seals that are its layers. What they are is told by what is fetched, since lists are
// often wrong about it.
func (l *location) manifest(ctx context.Context, at images.Reference) {
	m, err := l.config.Registry.Manifest(ctx, at)
	switch {
	case errors.Is(err, registry.ErrAbsent):
		return
	case err != nil:
		l.trouble(err)
		return
	case m.Subject != nil && m.Subject.Digest != l.ref.Digest:
		l.junk = append(l.junk, "a referrer of it says to refer to something else")
		return
	}
	for _, layer := range m.Layers {
		if l.done() {
			return
		}
		l.layer(ctx, m, layer)
	}
}

// layer reads a layer, if it is a seal.
func (l *location) layer(ctx context.Context, m *registry.Manifest, layer registry.Descriptor) {
	kind, known := l.reader(m, layer)
	if !known || kind != "" && !l.lacks(kind) {
		return
	}
	size := declared(layer)
	if err := l.memory.Acquire(ctx, size); err != nil {
		l.trouble(&registry.UnavailableError{Host: l.ref.Host, Reason: "there was no time left to ask it", Err: err})
		return
	}
	defer l.memory.Release(size)
	blob, ok := l.blob(ctx, layer, size)
	if !ok {
		return
	}
	switch {
	case isNotation(m, layer):
		l.considerNotation(ctx, layer, blob)
	case strings.HasPrefix(layer.MediaType, bundleType):
		l.consider(readBundle(blob, l.ref.Digest))
	case layer.MediaType == simpleSigning:
		l.consider(readSimple(layer, blob, l.ref, l.names, len(l.keys) > 0))
	case layer.MediaType == dsseEnvelope:
		l.consider(readEnvelope(layer, blob, l.ref.Digest, len(l.keys) > 0))
	}
}

// reader says whether a layer is a seal, and which kind of proof it is, as far as its type tells.
func (l *location) reader(m *registry.Manifest, layer registry.Descriptor) (kind string, known bool) {
	switch {
	case strings.HasPrefix(layer.MediaType, bundleType), layer.MediaType == dsseEnvelope:
		return "", true
	case layer.MediaType == simpleSigning, isNotation(m, layer):
		return images.ProofSignature, true
	}
	return "", false
}

// blob reads a layer's content. Signatures made several times sign the same content, which is read once.
func (l *location) blob(ctx context.Context, d registry.Descriptor, size int64) ([]byte, bool) {
	if known, ok := l.blobs[d.Digest]; ok {
		return known, true
	}
	if !l.spend(size) {
		return nil, false
	}
	blob, err := l.config.Registry.Blob(ctx, l.ref, d, size)
	switch {
	case errors.Is(err, registry.ErrAbsent):
		l.junk = append(l.junk, fmt.Sprintf("the content %s is gone from %s", d.Digest, l.ref.Host))
		return nil, false
	case err != nil:
		l.trouble(err)
		return nil, false
	}
	if len(blob) <= maxShared {
		l.blobs[d.Digest] = blob
	}
	return blob, true
}

// declared is how large a layer says to be. More than that is not read.
func declared(d registry.Descriptor) int64 {
	if d.Size <= 0 || d.Size > maxSeal {
		return maxSeal
	}
	return d.Size
}

// maxShared is larger than the contents of signatures, which are often the same.
const maxShared = 16 << 10
