package policy

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// sections puts the parts on images and roots onto the policy. What one value alone does not show wrong is found here.
func (r *reader) sections(doc *document, root *yaml.Node) {
	if doc.Images != nil {
		r.images(doc.Images, resolve(entry(root, "images")))
	}
	if doc.Roots != nil {
		r.roots(doc.Roots)
	}
	if doc.Charts != nil {
		r.charts(doc.Charts, resolve(entry(root, "charts")))
	}
}

func (r *reader) charts(s *chartsSection, n *yaml.Node) {
	p := r.policy
	p.Charts.Allow = orKeep(s.Allow, p.Charts.Allow)
	if s.Verify != nil {
		p.ChartSeals = nil
	}
	for i, v := range s.Verify {
		p.ChartSeals = append(p.ChartSeals, review.ChartSeal{Match: v.Match, Keyring: v.Keyring, Layer: r.file, Line: lineOf(n, "verify", i)})
	}
}

func (r *reader) images(s *imagesSection, n *yaml.Node) {
	p := &r.policy.Images
	p.Allow, p.Deny = orKeep(s.Allow, p.Allow), slices.Concat(p.Deny, s.Deny)
	p.Platforms, p.Moving = orKeep(s.Platforms, p.Platforms), orKeep(s.Moving, p.Moving)
	if s.TrustedRoot != "" {
		p.TrustedRoot = s.TrustedRoot
		p.From.TrustedRoot, p.From.TrustedRootLine = r.file, resolve(entry(n, "trustedRoot")).Line
	}
	r.mirrors(s.Mirrors, n)
	r.registries(s.Registries, n)
	if s.Verify != nil {
		p.Verify, p.From.Verify = nil, r.file
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

// registries refuses hosts by which no request would find what is said of them.
func (r *reader) registries(all []registry, n *yaml.Node) {
	if all != nil {
		r.policy.Images.Registries = nil
	}
	for i, one := range all {
		line := lineOf(n, "registries", i)
		host, err := images.ParseHost(one.Host)
		if err != nil {
			r.wrong(line, "images.registries[%d].host: %v", i, err)
		}
		one.Host = host
		for j, realm := range one.Realms {
			if one.Realms[j], err = images.ParseHost(realm); err != nil {
				r.wrong(line, "images.registries[%d].realms[%d]: %v", i, j, err)
			}
		}
		r.policy.Images.Registries = append(r.policy.Images.Registries, review.Registry(one))
	}
}

// mirrors refuses mirrors that cannot be read in one way.
func (r *reader) mirrors(all []mirror, n *yaml.Node) {
	if all != nil {
		r.policy.Images.Mirrors = nil
	}
	for i, m := range all {
		if _, err := images.ParseMirror(m.From, m.To); err != nil {
			r.wrong(lineOf(n, "mirrors", i), "images.mirrors[%d]: %v", i, err)
		}
		r.policy.Images.Mirrors = append(r.policy.Images.Mirrors, review.Mirror(m))
	}
}

// verification refuses an entry that would prove nothing, or in two ways at once.
func (r *reader) verification(v verification, line, i int) {
	if v.Signature == nil && v.Provenance == nil && v.SBOM == "" && v.Scan == nil {
		r.wrong(line, "images.verify[%d] asks for nothing: add signature, provenance, sbom or scan", i)
	}
	if v.Signature != nil {
		r.signature(v.Signature, line, i)
	}
}

func (r *reader) signature(s *signature, line, i int) {
	keys, ways := len(filesOf(&s.Key))+len(s.Keys), 0
	for _, used := range []bool{s.Issuer != "" || s.Subject != "", keys > 0, s.Notation != nil} {
		if used {
			ways++
		}
	}
	switch {
	case ways > 1:
		r.wrong(line, "images.verify[%d].signature names signers in two ways, by identity, key or notation; make two entries of it", i)
	case s.Notation != nil:
	case keys == 0 && (s.Issuer == "" || s.Subject == ""):
		r.wrong(line, "images.verify[%d].signature needs issuer and subject, or key: a signature by just anybody proves nothing", i)
	case s.Threshold < 0 || s.Threshold > max(keys, 1):
		r.wrong(line, "images.verify[%d].signature.threshold: %d of %d keys cannot sign", i, s.Threshold, keys)
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
