package policy

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// Proof is what a policy says of how images are proven, with the contents of the files that it names.
type Proof struct {
	Demands     []images.Demand
	Mirrors     images.Mirrors
	TrustedRoot []byte // nil for Sigstore's public good
	TrustedAt   string // where the policy names it, "file:line"; "" with the public good
}

// Demand returns what is asked of an image: by the first entry whose pattern covers it, or else what it is a copy of; nil for
// nothing.
func (p *Proof) Demand(ref images.Reference) *images.Demand {
	names := []string{ref.Name()}
	if origin, ok := p.Mirrors.Origin(ref); ok {
		names = append(names, origin.Name())
	}
	for _, name := range names {
		for i := range p.Demands {
			if p.Demands[i].Match.Match(name) {
				return &p.Demands[i]
			}
		}
	}
	return nil
}

// ReadProof reads what a policy that was loaded says of proof. read returns a file that a layer names: layer is that policy
// file, and file is relative to where its files lie (the repository's root at base, for the repository's own). The error
// joins every *Mistake.
func ReadProof(p review.ImagePolicy, read func(layer, file string) ([]byte, error)) (*Proof, error) {
	r := &proofReader{layer: p.From.Verify, read: read}
	proof := &Proof{}
	for _, m := range p.Mirrors {
		parsed, err := images.ParseMirror(m.From, m.To)
		if err != nil {
			return nil, err // of what was checked when it was loaded
		}
		proof.Mirrors = append(proof.Mirrors, parsed)
	}
	if p.TrustedRoot != "" {
		at := &Mistake{File: p.From.TrustedRoot, Line: p.From.TrustedRootLine}
		text, err := read(p.From.TrustedRoot, p.TrustedRoot)
		if err != nil {
			at.Reason = fmt.Sprintf("images.trustedRoot: %v", err)
			r.mistakes = append(r.mistakes, at)
		}
		proof.TrustedRoot, proof.TrustedAt = text, at.Place()
	}
	for i := range p.Verify {
		proof.Demands = append(proof.Demands, r.demand(&p.Verify[i], i))
	}
	if len(r.mistakes) > 0 {
		return nil, errors.Join(r.mistakes...)
	}
	return proof, nil
}

// proofReader reads the entries of images.verify.
type proofReader struct {
	layer    string
	read     func(layer, file string) ([]byte, error)
	mistakes []error
}

func (r *proofReader) wrong(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{File: r.layer, Line: line, Reason: fmt.Sprintf(format, args...)})
}

func (r *proofReader) demand(n *yaml.Node, i int) images.Demand {
	var v verification
	if err := n.Decode(&v); err != nil {
		r.wrong(n.Line, "images.verify[%d]: %s", i, withoutLine(err))
		return images.Demand{}
	}
	name := fmt.Sprintf("images.verify[%d]", i)
	match, err := images.ParsePattern(v.Match)
	if err != nil {
		r.wrong(n.Line, "%s.match: %v", name, err)
	}
	d := images.Demand{Match: match, SBOM: v.SBOM != "", Index: images.IndexDemand(v.Index)}
	if p := v.Provenance; p != nil {
		d.Provenance = &images.ProvenanceDemand{Builder: r.pattern(n, p.Builder), Source: r.pattern(n, p.Source), Ref: r.pattern(n, p.Ref), BuildType: r.pattern(n, p.BuildType)}
	}
	if s := v.Scan; s != nil {
		d.Scan = &images.ScanDemand{FailOn: s.FailOn}
		if s.MaxAge != "" {
			if d.Scan.MaxAge, err = time.ParseDuration(s.MaxAge); err != nil {
				r.wrong(n.Line, "%s.scan.maxAge: %v", name, err)
			}
		}
	}
	if v.Signature != nil {
		d.Signature = r.signature(v.Signature, resolve(entry(n, "signature")), name+".signature")
	}
	return d
}

// pattern reads a pattern that was checked when the policy was loaded; "" asks for nothing.
func (r *proofReader) pattern(n *yaml.Node, text string) images.Pattern {
	if text == "" {
		return images.Pattern{}
	}
	p, err := images.ParseNamePattern(text)
	if err != nil {
		r.wrong(n.Line, "%v", err)
	}
	return p
}

func (r *proofReader) signature(s *signature, n *yaml.Node, name string) *images.SignatureDemand {
	d := &images.SignatureDemand{Threshold: s.Threshold, Issuer: r.pattern(n, s.Issuer), Subject: r.pattern(n, s.Subject)}
	for _, file := range filesOf(&s.Key) {
		d.Keys = append(d.Keys, r.key(file.Value, file.Line, name+".key"))
	}
	for i, k := range s.Keys {
		line := lineOf(n, "keys", i)
		made := r.key(k.File, line, fmt.Sprintf("%s.keys[%d]", name, i))
		made.After, made.Before = r.day(&k.From, line), r.day(&k.Until, line)
		if !made.Before.IsZero() {
			made.Before = made.Before.AddDate(0, 0, 1).Add(-time.Nanosecond)
		}
		if !made.Before.IsZero() && made.Before.Before(made.After) {
			r.wrong(line, "%s.keys[%d] counts on no day: it ends before it begins", name, i)
		}
		d.Keys = append(d.Keys, made)
	}
	if s.Notation != nil {
		d.Notation = &images.NotationDemand{Identities: s.Notation.Identities}
		for i, file := range s.Notation.Certificates {
			line := lineOf(resolve(entry(n, "notation")), "certificates", i)
			d.Notation.Certificates = append(d.Notation.Certificates, images.Key{File: file, PEM: r.file(file, line, name+".notation", "CERTIFICATE", isCertificate)})
		}
	}
	return d
}

func (r *proofReader) day(n *yaml.Node, line int) time.Time {
	text := resolve(n).Value
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		r.wrong(line, "%q is no day, write YEAR-MONTH-DAY", text)
	}
	return day
}

func (r *proofReader) key(file string, line int, name string) images.Key {
	return images.Key{File: file, PEM: r.file(file, line, name, "PUBLIC KEY", isPublicKey)}
}

// file reads a file in PEM, which has to hold what it is named for.
func (r *proofReader) file(file string, line int, name, kind string, is func([]byte) error) []byte {
	text, err := r.read(r.layer, file)
	if err != nil {
		r.wrong(line, "%s: %v", name, err)
		return nil
	}
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		r.wrong(line, "%s: %s holds nothing in PEM, want a %s", name, file, kind)
	case block.Type == "PRIVATE KEY" || block.Type == "EC PRIVATE KEY" || block.Type == "ENCRYPTED SIGSTORE PRIVATE KEY" || block.Type == "ENCRYPTED COSIGN PRIVATE KEY":
		r.wrong(line, "%s: %s holds a private key: take it out of the repository, and hold it for lost", name, file)
	case is(block.Bytes) != nil:
		r.wrong(line, "%s: %s holds no %s: %v", name, file, kind, is(block.Bytes))
	}
	return text
}

func isPublicKey(der []byte) error {
	if _, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return nil
	}
	_, err := x509.ParsePKIXPublicKey(der)
	return err
}

func isCertificate(der []byte) error {
	_, err := x509.ParseCertificate(der)
	return err
}
