package network

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var certificateWeak = review.Rule{
	ID: "certificate-weak", Level: review.Warning, Guidelines: []string{"G19", "G27"},
	Summary: "A certificate has a weak key or signature, lives long, or vouches for itself on a public name",
	Kinds:   []string{"Certificate", "Secret", "Ingress"},
	Params:  func() any { return &certificateParams{MaxLifetime: lifetime(90 * 24 * time.Hour), MinRSA: 2048} },
	Check:   checkCertificateWeak,
}

// certificateParams bound certificates: how long they may live, as "2160h", and how many bits an RSA key has to have.
type certificateParams struct {
	MaxLifetime lifetime `yaml:"maxLifetime"`
	MinRSA      int      `yaml:"minRSA"`
}

// lifetime is a duration that is written as Go writes it.
type lifetime time.Duration

// UnmarshalText reads "2160h". The error says what is wrong with another text.
func (l *lifetime) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("lifetime %q is no duration such as 2160h", text)
	}
	*l = lifetime(d)
	return nil
}

// String returns whole days where it can: "90 days".
func (l lifetime) String() string {
	if d := time.Duration(l); d >= 48*time.Hour {
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	}
	return time.Duration(l).String()
}

func checkCertificateWeak(p *review.Pass) {
	switch o := p.Object; {
	case o.Kind == "Certificate" && isCertManager(o):
		checkRequested(p)
	case o.Kind == "Secret" && o.Group() == "":
		checkStored(p)
	case isIngress(o):
		name, issuers := askedIssuers(p)
		for _, asked := range issuers {
			if asked.issuer != nil && asked.issuer.Field().Get("spec", "selfSigned").IsMap() {
				p.Report(asked.at, "the certificate of Ingress %s for %s vouches for itself", o.Name, name).Detail(selfSignedDetail)
			}
		}
	}
}

// checkRequested looks at what a Certificate of cert-manager asks for.
func checkRequested(p *review.Pass) {
	params, spec := review.Params[certificateParams](p), p.Object.Field().Get("spec")
	algorithm, size := spec.Get("privateKey", "algorithm"), spec.Get("privateKey", "size")
	if !size.IsSet() && spec.Get("keySize").IsSet() { // as the first versions have it
		algorithm, size = spec.Get("keyAlgorithm"), spec.Get("keySize")
	}
	isRSA := algorithm.Text() == "" || strings.EqualFold(algorithm.Text(), "rsa")
	if bits, ok := size.Int(); ok && isRSA && bits < int64(params.MinRSA) {
		p.Report(size, "certificate %s asks for an RSA key of %d bits", p.Object.Name, bits).Detail(weakKeyDetail).
			Fix(fmt.Sprintf("a key of %d bits", params.MinRSA), review.Set(size, params.MinRSA)).Unsafe()
	}
	if spec.Get("isCA").True() {
		return
	}
	duration := spec.Get("duration")
	if d, err := time.ParseDuration(duration.Text()); err == nil && lifetime(d) > params.MaxLifetime {
		p.Report(duration, "certificate %s lives for %s, more than %s", p.Object.Name, lifetime(d), params.MaxLifetime).Detail(longLifeDetail)
	}
	ref := spec.Get("issuerRef")
	issuer := findIssuer(p, p.Object, ref.Get("kind").Text(), ref.Get("name").Text())
	if name := publicName(certificateNames(p.Object)); name != "" && issuer != nil && issuer.Field().Get("spec", "selfSigned").IsMap() {
		p.Report(ref.Get("name"), "certificate %s for %s vouches for itself", p.Object.Name, name).Detail(selfSignedDetail)
	}
}

const (
	weakKeyDetail    = "Keys shorter than 2048 bits are within reach of who can pay for the computation, and no public authority signs them."
	weakSignDetail   = "Another certificate with the same signature can be made (SHA-1 has been broken since 2017, MD5 since 2008)."
	longLifeDetail   = "Until it ends, whoever got hold of the key is believed; few clients hear of a revocation. Let the issuer renew it before it is old."
	selfSignedDetail = "Nobody outside can tell it from one that somebody else made for the name, so clients either refuse it or are taught not to look. Take it from a public authority."
)

// checkStored looks at the certificates of a Secret for TLS.
func checkStored(p *review.Pass) {
	params := review.Params[certificateParams](p)
	chain, at := secretCertificates(p.Object)
	for i, c := range chain {
		if bits := rsaBits(c); bits > 0 && bits < params.MinRSA {
			p.Report(at, "a certificate of secret %s has an RSA key of %d bits", p.Object.Name, bits).Detail(weakKeyDetail)
		}
		root := i > 0 && string(c.RawIssuer) == string(c.RawSubject)
		if hash := brokenHash(c); hash != "" && !root {
			p.Report(at, "a certificate of secret %s is signed by way of %s", p.Object.Name, hash).Detail(weakSignDetail)
		}
	}
	if len(chain) == 0 || chain[0].IsCA {
		return
	}
	checkLeaf(p, chain[0], at)
}

// checkLeaf looks at a server's own certificate.
func checkLeaf(p *review.Pass, c *x509.Certificate, at manifests.Field) {
	params := review.Params[certificateParams](p)
	// It is valid from the first second to the last, both included.
	if lives := lifetime(c.NotAfter.Sub(c.NotBefore)); lives > params.MaxLifetime+lifetime(time.Hour) {
		p.Report(at, "the certificate of secret %s lives for %s, more than %s", p.Object.Name, lives, params.MaxLifetime).Detail(longLifeDetail)
	}
	if name := publicName(append([]string{c.Subject.CommonName}, c.DNSNames...)); name != "" && selfSigned(c) {
		p.Report(at, "the certificate of secret %s for %s vouches for itself", p.Object.Name, name).Detail(selfSignedDetail)
	}
}

// brokenHash is the hash function of a certificate's signature, if it is a broken one.
func brokenHash(c *x509.Certificate) string {
	switch c.SignatureAlgorithm {
	case x509.SHA1WithRSA, x509.ECDSAWithSHA1, x509.DSAWithSHA1:
		return "SHA-1"
	case x509.MD5WithRSA, x509.MD2WithRSA:
		return "MD5"
	}
	return ""
}
