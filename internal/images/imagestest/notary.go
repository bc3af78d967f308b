package imagestest

import (
	"crypto/ecdsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/notaryproject/notation-core-go/signature"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
)

// Envelopes of notation.
const (
	JWS  = jws.MediaTypeEnvelope
	COSE = cose.MediaTypeEnvelope
)

// Notary is an authority of the Notary Project with one signer.
type Notary struct {
	PEM   []byte // of the authority
	chain []*x509.Certificate
	key   *ecdsa.PrivateKey
}

// NewNotary makes an authority whose signer's name is "CN=…, O=…, ST=WA, C=US". The signer's certificate ends at a time.
func NewNotary(t testing.TB, organization string, until time.Time) *Notary {
	t.Helper()
	name := func(common string) pkix.Name {
		return pkix.Name{CommonName: common, Organization: []string{organization}, Province: []string{"WA"}, Country: []string{"US"}}
	}
	rootKey, key := newECDSA(t), newECDSA(t)
	start := until.AddDate(-1, 0, 0)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: name("root"), NotBefore: start.AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true}
	root := issue(t, template, template, rootKey.Public(), rootKey)
	leaf := issue(t, &x509.Certificate{SerialNumber: big.NewInt(2), Subject: name("signer"), NotBefore: start, NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, BasicConstraintsValid: true}, root, key.Public(), rootKey)
	return &Notary{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw}), []*x509.Certificate{leaf, root}, key}
}

// Sign pushes a signature over a manifest as a referrer of an image, as notation does. It says to be of a time, and how long
// it is to count, 0 for ever.
func (n *Notary) Sign(t testing.TB, r *Registry, image images.Reference, target registry.Descriptor, how Notation) {
	t.Helper()
	local, err := signature.NewLocalSigner(n.chain, n.key)
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := signature.NewEnvelope(how.Envelope)
	if err != nil {
		t.Fatal(err)
	}
	target.Platform = nil
	request := &signature.SignRequest{Payload: signature.Payload{ContentType: "application/vnd.cncf.notary.payload.v1+json", Content: []byte(text(t, map[string]any{"targetArtifact": target}))},
		Signer: local, SigningTime: time.Now(), SigningScheme: signature.SigningSchemeX509, SigningAgent: "imagestest"}
	if !how.At.IsZero() {
		request.SigningTime = how.At
	}
	if how.Lasts > 0 {
		request.Expiry = request.SigningTime.Add(how.Lasts)
	}
	signed, err := envelope.Sign(request)
	if err != nil {
		t.Fatal(err)
	}
	const kind = "application/vnd.cncf.notary.signature"
	r.Refer(t, image, Referrer{ArtifactType: kind, Seals: []Seal{SealOf(how.Envelope, signed)}})
}

// Notation says how a signature of the Notary Project is made.
type Notation struct {
	Envelope string        // JWS or COSE
	At       time.Time     // zero for now
	Lasts    time.Duration // 0 for ever
}
