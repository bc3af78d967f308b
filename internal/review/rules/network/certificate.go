package network

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"golang.org/x/net/publicsuffix"
)

// isCertManager reports whether o is one of cert-manager's objects, of any of its API groups.
func isCertManager(o *manifests.Object) bool {
	return o.Group() == "cert-manager.io" || o.Group() == "certmanager.k8s.io"
}

// publicName returns the first of the names that the internet's DNS may know; "" when there is none.
func publicName(names []string) string {
	for _, name := range names {
		host := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(name, "*."), "."))
		if suffix, icann := publicsuffix.PublicSuffix(host); icann && suffix != host && !isPrivateName(host) {
			return name
		}
	}
	return ""
}

// certificateNames are the names that a Certificate of cert-manager asks for.
func certificateNames(o *manifests.Object) []string {
	spec := o.Field().Get("spec")
	names := []string{spec.Get("commonName").Text()}
	for _, f := range spec.Get("dnsNames").Items() {
		names = append(names, f.Text())
	}
	return names
}

// findIssuer returns the issuer that a reference of an object names, nil when it is not known.
func findIssuer(p *review.Pass, o *manifests.Object, kind, name string) *manifests.Object {
	namespace := landing(p.Root, o)
	if kind == "ClusterIssuer" {
		namespace = ""
	} else {
		kind = "Issuer"
	}
	for _, issuer := range p.Root.OfKind(kind) {
		if issuer.Name == name && isCertManager(issuer) && (namespace == "" || landing(p.Root, issuer) == namespace) {
			return issuer
		}
	}
	if kind == "Issuer" && namespace == "" {
		return nil
	}
	if issuer := p.Index.Find(kind, namespace, name); issuer != nil && isCertManager(issuer) {
		return issuer
	}
	return nil
}

// maxPEM bounds what is read of a Secret's certificates, in bytes.
const maxPEM = 256 << 10

// secretCertificates reads the certificates of a Secret for TLS, the server's own first, and returns where they stand.
// Keys are not looked at.
func secretCertificates(o *manifests.Object) (chain []*x509.Certificate, at manifests.Field) {
	at = o.Field().Get("stringData", "tls.crt")
	text := []byte(at.Text())
	if !at.IsSet() {
		at = o.Field().Get("data", "tls.crt")
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(at.Text()), ""))
		if err != nil {
			return nil, at // encrypted, or filled in later
		}
		text = decoded
	}
	for len(text) > 0 && len(text) <= maxPEM {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			chain = append(chain, c)
		}
	}
	return chain, at
}

// selfSigned reports whether a certificate is signed by its own key.
func selfSigned(c *x509.Certificate) bool {
	return string(c.RawIssuer) == string(c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// rsaBits is the length of a certificate's RSA key, 0 for other keys.
func rsaBits(c *x509.Certificate) int {
	if key, ok := c.PublicKey.(*rsa.PublicKey); ok {
		return key.N.BitLen()
	}
	return 0
}
