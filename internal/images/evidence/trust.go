package evidence

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// publicGood is Sigstore's trust root as it comes with the module github.com/sigstore/sigstore, which a test holds it to.
// Logs that Sigstore has put up since are not in it: then the policy names a newer file.
//
//go:embed public_good.json
var publicGood []byte

// trust is what counts as proof of who signed and when: one or more roots, each complete in itself.
type trust struct {
	roots []*trustRoot
	hash  string
}

// trustRoot is one trusted_root.json with the verifier that demands all it can: a transparency log's proof where it names
// logs, otherwise a signed timestamp; a certificate's entry in a log where it names certificate logs.
type trustRoot struct {
	root.TrustedMaterial
	verifier *verify.Verifier // of certificates; nil when the root vouches for none
}

// newTrust reads trust roots: JSON documents one after the other, as "gh attestation trusted-root" prints them.
func newTrust(text []byte) (*trust, error) {
	if text == nil {
		text = publicGood
	}
	sum := sha256.Sum256(text)
	t := &trust{hash: hex.EncodeToString(sum[:])}
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var document json.RawMessage
		if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading the trust root: %w", err)
		}
		r, err := newTrustRoot(document)
		if err != nil {
			return nil, err
		}
		t.roots = append(t.roots, r)
	}
	if t.roots == nil {
		return nil, errors.New("reading the trust root: the file is empty")
	}
	return t, nil
}

func newTrustRoot(document []byte) (*trustRoot, error) {
	parsed, err := root.NewTrustedRootFromJSON(document)
	if err != nil {
		return nil, fmt.Errorf("reading the trust root (want Sigstore's trusted_root.json): %w", err)
	}
	r := &trustRoot{TrustedMaterial: parsed}
	if len(parsed.FulcioCertificateAuthorities()) == 0 {
		return r, nil
	}
	options := []verify.VerifierOption{verify.WithoutStatementPredicate()}
	switch {
	case len(parsed.RekorLogs()) > 0:
		options = append(options, verify.WithTransparencyLog(1), verify.WithObserverTimestamps(1))
	case len(parsed.TimestampingAuthorities()) > 0:
		options = append(options, verify.WithSignedTimestamps(1))
	default:
		return nil, errors.New("the trust root has certificate authorities, and neither a transparency log nor a timestamp authority to say when their certificates were used")
	}
	if len(parsed.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	r.verifier, err = verify.NewVerifier(parsed, options...)
	return r, err
}

// identify returns whose certificate signed a seal. The error says why that is not known, by the root that came closest.
func (t *trust) identify(s *seal) (*signer, error) {
	var closest error
	for _, r := range t.roots {
		if r.verifier == nil {
			continue
		}
		result, err := r.verifier.Verify(s.bundle, verify.NewPolicy(s.artifact(), verify.WithoutIdentitiesUnsafe()))
		if err != nil {
			closest = closer(closest, explain(err))
			continue
		}
		if result.Signature == nil || result.Signature.Certificate == nil {
			return nil, errors.New("it was signed by a key, and not by a certificate")
		}
		return &signer{certificate: result.Signature.Certificate, times: result.VerifiedTimestamps}, nil
	}
	if closest == nil {
		return nil, errors.New("the trust root has no certificate authority")
	}
	return nil, closest
}
