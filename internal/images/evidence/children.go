package evidence

import (
	"context"
	"fmt"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// examineChildren proves each platform of an index that is not proven itself. All have to be, since a node pulls any.
func (r *run) examineChildren(ctx context.Context, s *shape, x *examination, answer images.Evidence) (images.Evidence, time.Time) {
	platforms := s.platformChildren()
	if !s.isIndex() || len(platforms) == 0 {
		return answer, x.until
	}
	whole := images.Evidence{Digest: answer.Digest, Platforms: answer.Platforms, Verdict: images.Verified}
	for _, child := range platforms {
		of := subject{ref: pinned(s.ref, child.Digest), demand: s.demand, mediaType: child.MediaType}
		one := r.begin(of, x.signers)
		one.run(ctx)
		var proven images.Evidence
		one.conclude(&proven)
		x.boundTo(one.until)
		if proven.Verdict == images.Verified {
			if whole.Proofs == nil {
				whole.Proofs, whole.Facts = proven.Proofs, proven.Facts
			}
			continue
		}
		answer.Reason = fmt.Sprintf("%s; nor is each of its platforms proven: for %s, %s", answer.Reason, platformName(child), proven.Reason)
		if answer.Verdict == images.Unsigned { // something may be there for other platforms
			answer.Verdict = proven.Verdict
		}
		return answer, x.until
	}
	whole.Reason = s.note
	return whole, x.until
}

// platformChildren are the manifests of an index that are images.
func (s *shape) platformChildren() []registry.Descriptor {
	var platforms []registry.Descriptor
	for _, child := range s.children {
		if !isAttestation(child) {
			platforms = append(platforms, child)
		}
	}
	return platforms
}

func platformName(d registry.Descriptor) string {
	if d.Platform == nil {
		return d.Digest
	}
	return d.Platform.String()
}
