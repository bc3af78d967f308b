package policy

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
	"slices"
)

// sections puts the parts on images and roots onto the policy. What one value alone does not show wrong is found here.
func (r *reader) sections(doc *document, root *yaml.Node) {
	if doc.Images != nil {
		r.images(doc.Images, resolve(entry(root, "images")))
	}
	if doc.Roots != nil {
		r.roots(doc.Roots)
	}
}

func (r *reader) images(s *imagesSection, n *yaml.Node) {
	p := &r.policy.Images
	p.Allow, p.Deny = orKeep(s.Allow, p.Allow), slices.Concat(p.Deny, s.Deny)
	p.Platforms, p.Moving = orKeep(s.Platforms, p.Platforms), orKeep(s.Moving, p.Moving)
	if s.TrustedRoot != "" {
		p.TrustedRoot = s.TrustedRoot
	}
	if s.Registries != nil {
		p.Registries = nil
	}
	for _, reg := range s.Registries {
		p.Registries = append(p.Registries, review.Registry(reg))
	}
	if s.Verify != nil {
		p.Verify = nil
	}
	if s.Fields != nil {
		p.Fields = nil
	}
	for _, f := range s.Fields {
		p.Fields = append(p.Fields, review.ImagePath(f))
	}
	for i, v := range s.Verify {
		r.verification(v, lineOf(n, "verify", i), i)
		p.Verify = append(p.Verify, *resolve(resolve(entry(n, "verify")).Content[i]))
	}
}

// verification refuses an entry that would prove nothing, or in two ways at once.
func (r *reader) verification(v verification, line, i int) {
	if v.Signature == nil && v.Provenance == nil && v.SBOM == "" && v.Scan == nil {
		r.wrong(line, "images.verify[%d] asks for nothing: add signature, provenance, sbom or scan", i)
	}
	s := v.Signature
	switch {
	case s == nil:
	case s.Key == "" && (s.Issuer == "" || s.Subject == ""):
		r.wrong(line, "images.verify[%d].signature needs issuer and subject, or key: a signature by just anybody proves nothing", i)
	case s.Key != "" && (s.Issuer != "" || s.Subject != ""):
		r.wrong(line, "images.verify[%d].signature has a key and an identity; make two entries of it", i)
	}
}

func (r *reader) roots(s *rootsSection) {
	p := &r.policy.Roots
	p.Include, p.Ignore = orKeep(s.Include, p.Include), orKeep(s.Ignore, p.Ignore)
	if s.Helm != nil {
		p.Helm = nil
	}
	for _, c := range s.Helm {
		p.Helm = append(p.Helm, review.ChartVariant(c))
	}
	if s.Kops != nil {
		p.Kops = nil
	}
	for _, k := range s.Kops {
		p.Kops = append(p.Kops, review.KopsTemplate(k))
	}
}

func orKeep[T any](now, before []T) []T {
	if now != nil {
		return now
	}
	return before
}

func orValue[T any](now *T, before T) T {
	if now != nil {
		return *now
	}
	return before
}
