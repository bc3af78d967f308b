package evidence

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/notaryproject/notation-core-go/revocation"
	"github.com/notaryproject/notation-core-go/revocation/result"
	"github.com/notaryproject/notation-core-go/signature/cose"
	"github.com/notaryproject/notation-core-go/signature/jws"
	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// notationType is the artifact type of signatures of the Notary Project (its signature specification 1.0).
const notationType = "application/vnd.cncf.notary.signature"

// notary verifies signatures of the Notary Project by what the policy trusts: authorities, and names that they vouch for.
// Certificates have to be valid now; whether they were revoked is not asked, since nobody but registries is.
type notary struct {
	verifier     notation.Verifier
	certificates []*x509.Certificate
}

// newNotary reads what the policy trusts. The error says what is wrong with it.
func newNotary(demand *images.NotationDemand) (*notary, error) {
	n := &notary{}
	for _, c := range demand.Certificates {
		parsed, err := parseCertificates(c.PEM)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.File, err)
		}
		n.certificates = append(n.certificates, parsed...)
	}
	document := &trustpolicy.Document{Version: "1.0", TrustPolicies: []trustpolicy.TrustPolicy{{
		Name: "policy", RegistryScopes: []string{"*"}, TrustStores: []string{"ca:policy"}, TrustedIdentities: demand.Identities,
		SignatureVerification: trustpolicy.SignatureVerification{VerificationLevel: trustpolicy.LevelStrict.Name,
			Override: map[trustpolicy.ValidationType]trustpolicy.ValidationAction{trustpolicy.TypeRevocation: trustpolicy.ActionSkip}},
	}}}
	var err error
	n.verifier, err = verifier.NewWithOptions(document, n, nil, verifier.VerifierOptions{RevocationCodeSigningValidator: n, RevocationTimestampingValidator: n})
	if err != nil {
		return nil, fmt.Errorf("whom the policy trusts to sign with notation cannot be read: %w", err)
	}
	return n, nil
}

func parseCertificates(text []byte) (all []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("it holds no certificate that can be read: %w", err)
		}
		all = append(all, c)
	}
	if all == nil {
		return nil, errors.New("it holds no certificate in PEM")
	}
	return all, nil
}

// GetCertificates returns the authorities that the policy names, as a trust store of notation's.
func (n *notary) GetCertificates(_ context.Context, kind truststore.Type, _ string) ([]*x509.Certificate, error) {
	if kind != truststore.TypeCA {
		return nil, nil
	}
	return n.certificates, nil
}

// ValidateContext says that it is not known whether certificates were revoked. It stands in for a client that would ask.
func (n *notary) ValidateContext(_ context.Context, options revocation.ValidateContextOptions) ([]*result.CertRevocationResult, error) {
	all := make([]*result.CertRevocationResult, len(options.CertChain))
	for i := range all {
		all[i] = &result.CertRevocationResult{Result: result.ResultUnknown}
	}
	return all, nil
}

// isNotation reports whether a layer is a signature of the Notary Project.
func isNotation(m *registry.Manifest, layer registry.Descriptor) bool {
	return (m.ArtifactType == notationType || m.Config.MediaType == notationType) && (layer.MediaType == jws.MediaTypeEnvelope || layer.MediaType == cose.MediaTypeEnvelope)
}

// considerNotation holds a signature of the Notary Project against the demand.
func (l *location) considerNotation(ctx context.Context, layer registry.Descriptor, blob []byte) {
	p := l.proofs[images.ProofSignature]
	if l.notary == nil {
		p.refuse(errors.New("it is a signature of the Notary Project (notation), and the policy asks for another"))
		return
	}
	target, err := l.config.Registry.Resolve(ctx, l.ref)
	if err != nil {
		l.trouble(err)
		return
	}
	outcome, err := l.notary.verifier.Verify(ctx,
		ocispec.Descriptor{MediaType: target.MediaType, Digest: digest.Digest(target.Digest), Size: target.Size}, blob,
		notation.VerifierVerifyOptions{ArtifactReference: l.ref.String(), SignatureMediaType: layer.MediaType})
	if err != nil {
		p.refuse(&failure{0, "it does not hold (" + oneLine(err.Error()) + ")", err})
		return
	}
	signed := outcome.EnvelopeContent.SignerInfo
	for _, c := range signed.CertificateChain {
		l.boundTo(c.NotAfter)
	}
	l.boundTo(signed.SignedAttributes.Expiry)
	p.prove(signed.CertificateChain[0].Subject.String())
}
