package evidence

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// Media types of manifests (OCI image specification 1.1, and Docker's before it).
const (
	ociIndex      = "application/vnd.oci.image.index.v1+json"
	dockerList    = "application/vnd.docker.distribution.manifest.list.v2+json"
	schemaOne     = "application/vnd.docker.distribution.manifest.v1+json"
	schemaOneJWS  = "application/vnd.docker.distribution.manifest.v1+prettyjws"
	ociConfig     = "application/vnd.oci.image.config.v1+json"
	dockerConfig  = "application/vnd.docker.container.image.v1+json"
	maxConfig     = 4 << 20
	maxIndexDepth = 3   // indexes within indexes
	maxChildren   = 200 // manifests of one image
)

// shape is what kind of thing a digest is: an image of one platform, an index of several, or something else.
type shape struct {
	client *registry.Client
	subject
	manifest *registry.Manifest // nil until it was needed
	children []registry.Descriptor
	missing  []string // of the platforms that are asked for
	note     string
}

// require reads as much as the question needs: nothing, when no platform and no child is asked for.
func (s *shape) require(ctx context.Context) error {
	switch s.mediaType {
	case schemaOne, schemaOneJWS:
		s.note = "it is in Docker's first format (schema 1), which runtimes no longer pull: build or push it again"
		s.missing = s.platforms
		return nil
	}
	if len(s.platforms) == 0 && (s.demand == nil || s.demand.Index != images.AllChildren) {
		return nil
	}
	if err := s.read(ctx); err != nil {
		return err
	}
	if len(s.platforms) == 0 {
		return nil
	}
	has, err := s.runsOn(ctx)
	if err != nil {
		return err
	}
	for _, platform := range s.platforms {
		if !covered(platform, has) {
			s.missing = append(s.missing, platform)
		}
	}
	if s.note == "" && len(s.missing) > 0 {
		s.note = "it is not there for " + strings.Join(s.missing, ", ")
	}
	return nil
}

// read reads the manifest, and those of indexes within it.
func (s *shape) read(ctx context.Context) (err error) {
	if s.manifest != nil {
		return nil
	}
	if s.manifest, err = s.client.Manifest(ctx, s.ref); err != nil {
		return err
	}
	return s.flatten(ctx, s.manifest, 1)
}

func (s *shape) isIndex() bool {
	return s.manifest != nil && (s.manifest.Manifests != nil || isIndexType(s.manifest.Descriptor.MediaType))
}

func isIndexType(mediaType string) bool { return mediaType == ociIndex || mediaType == dockerList }

// flatten lists the manifests of an index, those of nested ones in their place.
func (s *shape) flatten(ctx context.Context, index *registry.Manifest, depth int) error {
	wrong := func(format string, args ...any) error {
		return &registry.UnavailableError{Host: s.ref.Host, Reason: fmt.Sprintf(format, args...), Content: true}
	}
	for _, child := range index.Manifests {
		if len(s.children) == maxChildren {
			return wrong("its index has more than %d manifests", maxChildren)
		}
		if !images.IsDigest(child.Digest) {
			return wrong("its index names something that is no digest")
		}
		if !isIndexType(child.MediaType) {
			s.children = append(s.children, child)
			continue
		}
		if depth == maxIndexDepth {
			return wrong("its indexes are nested too deep")
		}
		nested, err := s.client.Manifest(ctx, pinned(s.ref, child.Digest))
		if err != nil {
			return err
		}
		if err := s.flatten(ctx, nested, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// isAttestation reports whether an entry of an index is one of BuildKit's attestations, and no image. That is told by its
// platform, which no node has, and not by its annotations: runtimes pass over these, and pull the entry all the same.
func isAttestation(d registry.Descriptor) bool {
	return d.Platform != nil && d.Platform.OS == "unknown" && d.Platform.Architecture == "unknown"
}

// runsOn lists the platforms of the image.
func (s *shape) runsOn(ctx context.Context) ([]registry.Platform, error) {
	if !s.isIndex() {
		return s.ownPlatform(ctx)
	}
	var has []registry.Platform
	for _, child := range s.children {
		if child.Platform != nil && !isAttestation(child) {
			has = append(has, *child.Platform)
		}
	}
	return has, nil
}

// ownPlatform reads the platform of an image that is no index from its configuration.
func (s *shape) ownPlatform(ctx context.Context) ([]registry.Platform, error) {
	if kind := s.manifest.Config.MediaType; kind != ociConfig && kind != dockerConfig {
		s.note = fmt.Sprintf("it is no image, but something with a configuration of the type %q", oneLine(kind))
		return nil, nil
	}
	blob, err := s.client.Blob(ctx, s.ref, s.manifest.Config, maxConfig)
	if err != nil {
		return nil, err
	}
	var own registry.Platform
	if err := json.Unmarshal(blob, &own); err != nil {
		s.note = "its configuration cannot be read"
		return nil, nil
	}
	return []registry.Platform{own}, nil
}

// covered reports whether a platform that is asked for, as linux/arm64, is among those that are there. A variant counts
// only when it is asked for, and that of arm64 is v8 when an image does not say it.
func covered(platform string, has []registry.Platform) bool {
	want := strings.Split(platform, "/")
	for _, p := range has {
		if p.OS != want[0] || len(want) < 2 || p.Architecture != want[1] {
			continue
		}
		variant := p.Variant
		if variant == "" && p.Architecture == "arm64" {
			variant = "v8"
		}
		if len(want) == 2 || variant == want[2] {
			return true
		}
	}
	return false
}

// buildKit reports whether BuildKit's attestations are in the index.
func (s *shape) buildKit(ctx context.Context) bool {
	if s.mediaType != "" && !isIndexType(s.mediaType) || s.read(ctx) != nil {
		return false
	}
	for _, child := range s.children {
		if isAttestation(child) {
			return true
		}
	}
	return false
}
