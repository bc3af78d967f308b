package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// ImageResult is an image that the rendered objects of head use. Its JSON form is that of interface.md.
type ImageResult struct {
	Image    string     `json:"image"`          // as written, a password masked
	Kind     string     `json:"kind,omitempty"` // "chart" for charts and other artifacts, "" for images
	Digest   string     `json:"digest"`         // "sha256:…", "" for none
	Allowed  bool       `json:"allowed"`        // by the policy's lists
	Evidence string     `json:"evidence"`       // "" when the policy asks for none
	Reason   string     `json:"reason"`         // why it is not allowed, or what the evidence lacks
	UsedBy   []ImageUse `json:"usedBy"`

	Registry  string                `json:"registry,omitempty"`  // its host, normal: "docker.io"
	Missing   bool                  `json:"missing,omitempty"`   // the registry does not have it
	Platforms []string              `json:"platforms,omitempty"` // that the policy asks for and the registry does not have
	TagDigest string                `json:"tagDigest,omitempty"` // of an image with tag and digest: what the tag names, where that is another one
	Moved     *TagMove              `json:"moved,omitempty"`
	Proofs    map[string]ImageProof `json:"proofs,omitempty"` // by kind: signature, provenance, sbom, scan
	Facts     map[string]string     `json:"facts,omitempty"`  // signer, builder, source, scanned …
}

// ImageProof is what was found out about one kind of proof.
type ImageProof struct {
	Evidence string `json:"evidence"` // verified, unsigned, untrusted, indeterminate
	Reason   string `json:"reason"`
	Detail   string `json:"detail,omitempty"` // who signed, what built it, when it was scanned
}

// ImageUse is a field that names an image.
type ImageUse struct {
	Root   string             `json:"root"`
	Object manifests.Identity `json:"object"`
	Path   string             `json:"path"`
}

// Meets reports whether the image meets the policy. What could not be asked does unless it is to fail the check.
func (i *ImageResult) Meets(gate Gate) bool {
	switch {
	case !i.Allowed, i.Missing, len(i.Platforms) > 0, i.TagDigest != "":
		return false
	case i.Evidence == string(images.Indeterminate):
		return !gate.OnIndeterminate
	}
	return i.Evidence == "" || i.Evidence == string(images.Verified)
}

// imagesOf lists the images of views by name, each with all its uses and what is known of it.
func (r *run) imagesOf(views []*RootView) []ImageResult {
	list := newImageLister(r.policy, r.evidence)
	byName := make(map[string]*ImageResult)
	for _, view := range views {
		view.eachImage(func(o *manifests.Object, f ImageField) {
			text := f.Text()
			if byName[text] == nil {
				byName[text] = list.result(f)
			}
			byName[text].UsedBy = append(byName[text].UsedBy, ImageUse{view.Root.Path, o.Identity, f.Path()})
		})
	}
	all := make([]ImageResult, 0, len(byName))
	for _, image := range byName {
		all = append(all, *image)
	}
	slices.SortFunc(all, func(a, b ImageResult) int { return cmp.Compare(a.Image, b.Image) })
	return all
}

// imageLister holds images against a policy, and puts in what registries said.
type imageLister struct {
	list  *images.Allowlist
	known map[images.Reference]ImageEvidence
}

func newImageLister(policy *Policy, known map[images.Reference]ImageEvidence) *imageLister {
	list, err := images.NewAllowlist(policy.Images.Allow, policy.Images.Deny)
	if err != nil { // wrong patterns have been refused when the policy was read
		list = &images.Allowlist{}
	}
	return &imageLister{list, known}
}

func (l *imageLister) result(f ImageField) *ImageResult {
	result := &ImageResult{Image: images.Shown(f.Text()), Allowed: true}
	if f.Chart {
		result.Kind = "chart"
	}
	ref, err := f.Reference()
	if err != nil {
		result.Allowed, result.Reason = !l.list.Restricts(), fmt.Sprintf("the %v", err)
		return result
	}
	result.Digest, result.Registry = ref.Digest, ref.Host
	allowed, deniedBy := l.list.Allows(ref)
	switch {
	case allowed:
	case deniedBy != "":
		result.Allowed, result.Reason = false, fmt.Sprintf("the policy denies %s", deniedBy)
	case f.Chart: // charts have a list of their own
	default:
		result.Allowed, result.Reason = false, "no pattern of images.allow covers it"
	}
	if e, ok := l.known[ref]; ok && !f.Open {
		result.take(ref, e)
	}
	return result
}

// take puts in what registries said.
func (i *ImageResult) take(ref images.Reference, e ImageEvidence) {
	i.Digest, i.Evidence, i.Reason = cmp.Or(e.Digest, i.Digest), string(e.Verdict), e.Reason
	if e.Unknown() || e.Offline {
		i.Evidence = string(images.Indeterminate)
	}
	i.Missing, i.Platforms, i.Moved, i.Facts = e.Missing, e.Platforms, e.Moved, e.Facts
	if ref.Digest != "" && e.TagDigest != "" && e.TagDigest != ref.Digest {
		i.TagDigest = e.TagDigest
	}
	if i.Reason == "" && len(i.Platforms) > 0 {
		i.Reason = "the registry does not have it for " + strings.Join(i.Platforms, ", ")
	}
	for kind, proof := range e.Proofs {
		if i.Proofs == nil {
			i.Proofs = make(map[string]ImageProof, len(e.Proofs))
		}
		i.Proofs[kind] = ImageProof{string(proof.Verdict), proof.Reason, proof.Detail}
	}
}

// NamedImages says what a policy and registries say of images that somebody names, in their order, and what could not be
// checked. opts.Named has to be set. The error is a *ConfigError for a policy that cannot be followed.
func (e *Engine) NamedImages(ctx context.Context, policy *Policy, names []string, opts Options) ([]ImageResult, []string, error) {
	var refs []images.Reference
	for _, name := range names {
		if ref, err := images.ParseReference(name); err == nil && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	known, notes, err := e.evidence(ctx, asking{policy: policy, opts: opts, now: e.Now()}, refs)
	if err != nil {
		return nil, nil, err
	}
	list := newImageLister(policy, known)
	all := make([]ImageResult, len(names))
	for i, name := range names {
		all[i] = *list.result(ImageField{reference: name})
		all[i].UsedBy = []ImageUse{}
	}
	return all, notes, nil
}
