package evidence

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"

	"crypto/sha256"
)

// What cosign writes beside its signatures (cosign's SIGNATURE_SPEC): annotations of the layer whose blob was signed.
const (
	signatureNote   = "dev.cosignproject.cosign/signature"
	certificateNote = "dev.sigstore.cosign/certificate"
	logNote         = "dev.sigstore.cosign/bundle"
	timestampNote   = "dev.sigstore.cosign/rfc3161timestamp"
	simpleSigning   = "application/vnd.dev.cosign.simplesigning.v1+json"
	dsseEnvelope    = "application/vnd.dsse.envelope.v1+json"
	simpleType      = "cosign container image signature"
	firstBundle     = "application/vnd.dev.sigstore.bundle+json;version=0.1"
)

// simplePayload is what a signature in cosign's first format signs (the "simple signing" of containers/image).
type simplePayload struct {
	Critical struct {
		Identity struct {
			Reference string `json:"docker-reference"`
		} `json:"identity"`
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
}

// readSimple reads a signature in cosign's first format: a layer and its blob. names are the repositories that it may be
// for. With keyed, a certificate beside it is left aside, since a key has to verify it.
func readSimple(layer registry.Descriptor, payload []byte, subject images.Reference, names []string, keyed bool) *seal {
	s := &seal{subject: subject.Digest, payload: payload}
	if err := checkSimple(payload, subject.Digest, names); err != nil {
		s.err = err
		return s
	}
	signature, err := base64.StdEncoding.DecodeString(layer.Annotations[signatureNote])
	if err != nil || len(signature) == 0 {
		s.err = errors.New("it is no signature: what should be one is not in base64")
		return s
	}
	digest := sha256.Sum256(payload)
	made := &protobundle.Bundle{MediaType: firstBundle, Content: &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest[:]}, Signature: signature,
	}}}
	s.complete(made, layer.Annotations, keyed)
	return s
}

// checkSimple holds what was signed against the image.
func checkSimple(payload []byte, digest string, names []string) error {
	var p simplePayload
	if err := uniqueKeys(payload); err != nil {
		return err
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return fmt.Errorf("what it signs cannot be read (%s)", oneLine(err.Error()))
	}
	c := p.Critical
	switch {
	case c.Type != simpleType:
		return fmt.Errorf("it signs something of the type %q, and not an image", oneLine(c.Type))
	case c.Image.Digest != digest:
		return errors.New("it is for another image")
	}
	ref, err := images.ParseReference(c.Identity.Reference)
	if err != nil {
		return fmt.Errorf("it is for %q, which is no repository", oneLine(c.Identity.Reference))
	}
	for _, name := range names {
		if ref.Name() == name {
			return nil
		}
	}
	return fmt.Errorf("it is for %s; if this is a copy of that, list it under images.mirrors", ref.Name())
}

// readEnvelope reads an attestation in cosign's first format: a layer and its blob, a DSSE envelope.
func readEnvelope(layer registry.Descriptor, blob []byte, digest string, keyed bool) *seal {
	s := &seal{subject: digest}
	var envelope struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := uniqueKeys(blob); err != nil {
		s.err = err
		return s
	}
	if err := json.Unmarshal(blob, &envelope); err != nil {
		s.err = fmt.Errorf("it is no envelope that can be read (%s)", oneLine(err.Error()))
		return s
	}
	made := &protodsse.Envelope{Payload: envelope.Payload, PayloadType: envelope.PayloadType}
	for _, one := range envelope.Signatures {
		made.Signatures = append(made.Signatures, &protodsse.Signature{Sig: one.Sig, Keyid: one.KeyID})
	}
	s.readStatement(envelope.PayloadType, envelope.Payload)
	if s.err == nil {
		s.complete(&protobundle.Bundle{MediaType: firstBundle, Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: made}}, layer.Annotations, keyed)
	}
	return s
}

// complete adds who signed and when, out of the annotations, and makes a seal's bundle of it.
func (s *seal) complete(made *protobundle.Bundle, notes map[string]string, keyed bool) {
	material := &protobundle.VerificationMaterial{Content: &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{}}}
	if text := notes[certificateNote]; text != "" && !keyed {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			s.err = errors.New("its certificate is not in PEM")
			return
		}
		material.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: block.Bytes}}
	}
	if s.err = addLogEntry(material, notes[logNote]); s.err != nil {
		return
	}
	if s.err = addTimestamp(material, notes[timestampNote]); s.err != nil {
		return
	}
	made.VerificationMaterial = material
	if s.bundle, s.err = bundle.NewBundle(made); s.err != nil {
		s.err = fmt.Errorf("it cannot be read (%s)", oneLine(s.err.Error()))
	}
}

// addLogEntry adds the transparency log's promise that it has a signature (Rekor's signed entry timestamp).
func addLogEntry(material *protobundle.VerificationMaterial, note string) error {
	if note == "" {
		return nil
	}
	var entry struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte `json:"body"`
			IntegratedTime int64  `json:"integratedTime"`
			LogIndex       int64  `json:"logIndex"`
			LogID          string `json:"logID"`
		}
	}
	var kind struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}
	if json.Unmarshal([]byte(note), &entry) != nil || json.Unmarshal(entry.Payload.Body, &kind) != nil {
		return errors.New("its transparency log entry cannot be read")
	}
	log, err := hex.DecodeString(entry.Payload.LogID)
	if err != nil {
		return errors.New("its transparency log entry names no log")
	}
	material.TlogEntries = append(material.TlogEntries, &protorekor.TransparencyLogEntry{
		LogIndex: entry.Payload.LogIndex, LogId: &protocommon.LogId{KeyId: log}, KindVersion: &protorekor.KindVersion{Kind: kind.Kind, Version: kind.Version},
		IntegratedTime: entry.Payload.IntegratedTime, CanonicalizedBody: entry.Payload.Body,
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: entry.SignedEntryTimestamp},
	})
	return nil
}

// addTimestamp adds what a timestamp authority says of when a signature was made (RFC 3161).
func addTimestamp(material *protobundle.VerificationMaterial, note string) error {
	if note == "" {
		return nil
	}
	var stamp struct{ SignedRFC3161Timestamp []byte }
	if json.Unmarshal([]byte(note), &stamp) != nil {
		return errors.New("its timestamp cannot be read")
	}
	material.TimestampVerificationData = &protobundle.TimestampVerificationData{
		Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: stamp.SignedRFC3161Timestamp}}}
	return nil
}
