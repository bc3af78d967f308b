package evidence

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/verify"
)

// seal is one thing that somebody signed about an image, in the one form that sigstore-go verifies: whatever cosign kept
// it as, it is a bundle here.
type seal struct {
	subject   string // the digest that it has to be for
	bundle    *bundle.Bundle
	payload   []byte // of a signature in cosign's first format: what was signed
	statement *statement
	err       error // why it cannot be read
}

// artifact is what the seal has to be about, as sigstore-go is told.
func (s *seal) artifact() verify.ArtifactPolicyOption {
	if s.payload != nil {
		return verify.WithArtifact(bytes.NewReader(s.payload))
	}
	algorithm, encoded, _ := strings.Cut(s.subject, ":")
	raw, err := hex.DecodeString(encoded)
	if err != nil { // of a digest that was parsed
		raw = nil
	}
	return verify.WithArtifactDigest(algorithm, raw)
}

// keyed reports whether a seal is by a key rather than by a certificate.
func (s *seal) keyed() bool {
	_, keyed := s.bundle.GetVerificationMaterial().GetContent().(*protobundle.VerificationMaterial_PublicKey)
	return keyed
}

// kind returns the kind of proof that a seal is about; "" for others.
func (s *seal) kind() string {
	switch {
	case s.statement == nil:
		return images.ProofSignature // of cosign's first format, or of the digest itself
	case s.statement.PredicateType == cosignSign:
		return images.ProofSignature
	}
	return kindOf(s.statement.PredicateType)
}

// readBundle reads a Sigstore bundle, of any version that sigstore-go knows (0.1 to 0.3), for the image with a digest.
func readBundle(text []byte, digest string) *seal {
	s := &seal{subject: digest, bundle: &bundle.Bundle{}}
	if err := s.bundle.UnmarshalJSON(text); err != nil {
		return &seal{subject: digest, err: fmt.Errorf("it is no Sigstore bundle that can be read (%s)", oneLine(err.Error()))}
	}
	if envelope := s.bundle.GetDsseEnvelope(); envelope != nil {
		s.readStatement(envelope.GetPayloadType(), envelope.GetPayload())
	}
	return s
}

// readStatement reads what a seal's envelope holds. What cannot be read is an error of the seal, of which the kind is then
// not known.
func (s *seal) readStatement(payloadType string, payload []byte) {
	if payloadType != bundle.IntotoMediaType {
		s.err = fmt.Errorf("it is about something of the type %s, which is not known", oneLine(payloadType))
		return
	}
	var err error
	if s.statement, err = parseStatement(payload); err != nil {
		s.err = err
		return
	}
	if !s.statement.isAbout(s.subject) {
		s.err = errors.New("it is for another image")
	}
}
