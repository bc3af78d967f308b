package evidence

import (
	"context"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// examineChildren looks at the platforms of an index for what is not proven of the index itself. Each kind of proof has to be
// there for the one or for all of the others, since a node pulls any: a signature of the index and a bill of materials for
// each platform is what builders leave.
func (r *run) examineChildren(ctx context.Context, s *shape, x *examination) {
	platforms := s.platformChildren()
	if !s.isIndex() || len(platforms) == 0 {
		return
	}
	for _, kind := range x.order {
		p := x.proofs[kind]
		if x.holds(p) {
			continue
		}
		proven, detail := true, ""
		for _, child := range platforms {
			of := subject{ref: pinned(s.ref, child.Digest), demand: s.demand, mediaType: child.MediaType}
			one := r.begin(of, x.signers)
			one.order, one.proofs, one.before = []string{kind}, map[string]*proof{kind: one.proofs[kind]}, x.read()
			one.run(ctx)
			x.before = one.read() - (maxRead - x.budget)
			x.boundTo(one.until)
			verdict := one.verdict(one.proofs[kind])
			if proven = verdict.Verdict == images.Verified; !proven {
				p.platforms = x.lacking(p, child, verdict)
				break
			}
			detail = verdict.Detail
		}
		if proven {
			p.prove(detail)
		}
	}
}

// lacking is what is found of a kind of proof when neither the index nor a platform has it.
func (x *examination) lacking(p *proof, child registry.Descriptor, of images.Proof) *images.Proof {
	whole := x.verdict(p)
	whole.Reason = fmt.Sprintf("%s; nor is it proven for each platform: for %s, %s", whole.Reason, platformName(child), of.Reason)
	if whole.Verdict == images.Unsigned {
		whole.Verdict = of.Verdict
	}
	return &whole
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
