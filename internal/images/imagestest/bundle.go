package imagestest

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"
)

// Sealing says how a seal is made.
type Sealing struct {
	Version  string    // of bundles: "0.1", "0.2", "0.3"; "" for 0.3
	Logged   time.Time // when the transparency log took it; zero for now
	NoLog    bool
	NoStamp  bool
	Twice    bool   // its log entry is there twice, and so is its signature
	Payload  string // the type of what is signed; "" for in-toto
	Hint     string // which key it says to be by
	OtherLog bool   // its log entry is for something else
}

// sealer signs: by a certificate, or by a key, with or without an authority whose log takes it.
type sealer struct {
	authority   *Authority
	certificate *x509.Certificate
	signer      crypto.Signer
	how         Sealing
}

func newSealer(a *Authority, certificate *x509.Certificate, signer crypto.Signer, how Sealing) sealer {
	if how.Logged.IsZero() {
		how.Logged = time.Now()
	}
	return sealer{a, certificate, signer, how}
}

// Bundle signs a statement by a certificate for an identity, as a Sigstore bundle.
func (a *Authority) Bundle(t testing.TB, who Identity, statement []byte, how Sealing) []byte {
	t.Helper()
	certificate, key := a.certificate(t, who)
	return newSealer(a, certificate, key, how).bundle(t, statement)
}

// Bundle signs a statement by a key, as a Sigstore bundle. With an authority, its log takes it.
func (k *Key) Bundle(t testing.TB, a *Authority, statement []byte, how Sealing) []byte {
	t.Helper()
	return newSealer(a, nil, k.signer, how).bundle(t, statement)
}

func (s sealer) bundle(t testing.TB, statement []byte) []byte {
	t.Helper()
	kind := s.how.Payload
	if kind == "" {
		kind = intoto
	}
	signature := sign(t, s.signer, dsse.PAE(kind, statement))
	envelope := &protodsse.Envelope{Payload: statement, PayloadType: kind, Signatures: []*protodsse.Signature{{Sig: signature}}}
	if s.how.Twice {
		envelope.Signatures = append(envelope.Signatures, envelope.Signatures[0])
	}
	material := &protobundle.VerificationMaterial{}
	s.addSigner(material)
	if s.authority != nil {
		s.addLog(t, material, s.dsseEntry(t, envelope))
		s.addStamp(t, material, signature)
	}
	return s.marshal(t, &protobundle.Bundle{VerificationMaterial: material, Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: envelope}})
}

// MessageBundle signs a digest itself by a key, without a statement.
func (k *Key) MessageBundle(t testing.TB, content []byte) []byte {
	t.Helper()
	digest := sha256.Sum256(content)
	return k.message(t, digest[:], content)
}

// EmptyBundle is a signature over nothing, which says to be of a digest.
func (k *Key) EmptyBundle(t testing.TB, digest string) []byte {
	t.Helper()
	return k.message(t, unhex(t, digest[len("sha256:"):]), nil)
}

func (k *Key) message(t testing.TB, digest, content []byte) []byte {
	t.Helper()
	material := &protobundle.VerificationMaterial{}
	s := newSealer(nil, nil, k.signer, Sealing{})
	s.addSigner(material)
	return s.marshal(t, &protobundle.Bundle{VerificationMaterial: material, Content: &protobundle.Bundle_MessageSignature{MessageSignature: &protocommon.MessageSignature{
		MessageDigest: &protocommon.HashOutput{Algorithm: protocommon.HashAlgorithm_SHA2_256, Digest: digest}, Signature: sign(t, k.signer, content)}}})
}

func (s sealer) marshal(t testing.TB, b *protobundle.Bundle) []byte {
	t.Helper()
	switch s.how.Version {
	case "", "0.3":
		b.MediaType = Bundle
	default:
		b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=" + s.how.Version
	}
	text, err := protojson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (s sealer) addSigner(m *protobundle.VerificationMaterial) {
	switch {
	case s.certificate == nil:
		m.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &protocommon.PublicKeyIdentifier{Hint: s.how.Hint}}
	case s.how.Version == "0.1" || s.how.Version == "0.2":
		m.Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &protocommon.X509CertificateChain{
			Certificates: []*protocommon.X509Certificate{{RawBytes: s.certificate.Raw}}}}
	default:
		m.Content = &protobundle.VerificationMaterial_Certificate{Certificate: &protocommon.X509Certificate{RawBytes: s.certificate.Raw}}
	}
}

// verifier is what a log entry says the signature verifies with.
func (s sealer) verifier(t testing.TB) []byte {
	t.Helper()
	if s.certificate == nil {
		return publicPEM(t, s.signer.Public())
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.certificate.Raw})
}

// dsseEntry is the body of a log entry over an envelope (Rekor's type dsse 0.0.1).
func (s sealer) dsseEntry(t testing.TB, envelope *protodsse.Envelope) logBody {
	t.Helper()
	payload := envelope.Payload
	if s.how.OtherLog {
		payload = []byte("something else")
	}
	whole, err := json.Marshal(map[string]any{"payload": payload, "payloadType": envelope.PayloadType})
	if err != nil {
		t.Fatal(err)
	}
	return logBody{"dsse", map[string]any{"envelopeHash": hashOf(whole), "payloadHash": hashOf(payload),
		"signatures": []any{map[string]any{"signature": envelope.Signatures[0].Sig, "verifier": s.verifier(t)}}}}
}

// hashedEntry is the body of a log entry over content (Rekor's type hashedrekord 0.0.1).
func (s sealer) hashedEntry(t testing.TB, content, signature []byte) logBody {
	t.Helper()
	return logBody{"hashedrekord", map[string]any{"data": map[string]any{"hash": hashOf(content)},
		"signature": map[string]any{"content": signature, "publicKey": map[string]any{"content": s.verifier(t)}}}}
}

func hashOf(content []byte) map[string]any {
	sum := sha256.Sum256(content)
	return map[string]any{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
}

// logBody is what a transparency log has of a signature.
type logBody struct {
	kind string
	spec map[string]any
}

func (b logBody) text(t testing.TB) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"apiVersion": "0.0.1", "kind": b.kind, "spec": b.spec})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// logIndex is where the log says to have an entry.
const logIndex = 0

// promise is the log's signed entry timestamp over a body.
func (s sealer) promise(t testing.TB, body []byte) (logID string, signed []byte) {
	t.Helper()
	logID, err := s.authority.virtual.RekorLogID()
	if err != nil {
		t.Fatal(err)
	}
	signed, err = s.authority.virtual.RekorSignPayload(tlog.RekorPayload{Body: base64.StdEncoding.EncodeToString(body), IntegratedTime: s.how.Logged.Unix(), LogIndex: logIndex, LogID: logID})
	if err != nil {
		t.Fatal(err)
	}
	return logID, signed
}

// addLog adds the log's promise, and its proof, that it has an entry.
func (s sealer) addLog(t testing.TB, m *protobundle.VerificationMaterial, entry logBody) {
	t.Helper()
	if s.how.NoLog {
		return
	}
	body := entry.text(t)
	logID, signed := s.promise(t, body)
	proof, err := s.authority.virtual.GetInclusionProof(body)
	if err != nil {
		t.Fatal(err)
	}
	made := &protorekor.TransparencyLogEntry{LogIndex: logIndex, LogId: &protocommon.LogId{KeyId: unhex(t, logID)},
		KindVersion: &protorekor.KindVersion{Kind: entry.kind, Version: "0.0.1"}, IntegratedTime: s.how.Logged.Unix(), CanonicalizedBody: body,
		InclusionPromise: &protorekor.InclusionPromise{SignedEntryTimestamp: signed},
		InclusionProof: &protorekor.InclusionProof{LogIndex: *proof.LogIndex, TreeSize: *proof.TreeSize, RootHash: unhex(t, *proof.RootHash),
			Checkpoint: &protorekor.Checkpoint{Envelope: *proof.Checkpoint}}}
	m.TlogEntries = append(m.TlogEntries, made)
	if s.how.Twice {
		m.TlogEntries = append(m.TlogEntries, made)
	}
}

func (s sealer) addStamp(t testing.TB, m *protobundle.VerificationMaterial, signature []byte) {
	t.Helper()
	if s.how.NoStamp {
		return
	}
	m.TimestampVerificationData = &protobundle.TimestampVerificationData{Rfc3161Timestamps: []*protocommon.RFC3161SignedTimestamp{{SignedTimestamp: s.stamp(t, signature)}}}
}

func (s sealer) stamp(t testing.TB, signature []byte) []byte {
	t.Helper()
	stamp, err := s.authority.virtual.TimestampResponse(signature)
	if err != nil {
		t.Fatal(err)
	}
	return stamp
}

// Simple signs an image in cosign's first format by a certificate for an identity.
func (a *Authority) Simple(t testing.TB, who Identity, repository, digest string, how Sealing) Seal {
	t.Helper()
	certificate, key := a.certificate(t, who)
	payload := SimplePayload(repository, digest)
	signature := sign(t, key, payload)
	s := newSealer(a, certificate, key, how)
	notes := s.notes(t, s.hashedEntry(t, payload, signature), signature)
	notes[signatureNote] = base64.StdEncoding.EncodeToString(signature)
	return Seal{SimpleSigning, payload, notes}
}

// SimpleLogged is Key.Simple, with the entry of an authority's log.
func (k *Key) SimpleLogged(t testing.TB, a *Authority, repository, digest string, how Sealing) Seal {
	t.Helper()
	seal := k.Simple(t, repository, digest)
	signature, err := base64.StdEncoding.DecodeString(seal.Annotations[signatureNote])
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(a, nil, k.signer, how)
	for name, value := range s.notes(t, s.hashedEntry(t, seal.Content, signature), signature) {
		seal.Annotations[name] = value
	}
	return seal
}

// Envelope signs a statement in cosign's first format by a certificate for an identity.
func (a *Authority) Envelope(t testing.TB, who Identity, statement []byte, how Sealing) Seal {
	t.Helper()
	certificate, key := a.certificate(t, who)
	signature := sign(t, key, dsse.PAE(intoto, statement))
	text, err := json.Marshal(map[string]any{"payloadType": intoto, "payload": statement, "signatures": []any{map[string]any{"sig": signature}}})
	if err != nil {
		t.Fatal(err)
	}
	s := newSealer(a, certificate, key, how)
	envelope := &protodsse.Envelope{Payload: statement, PayloadType: intoto, Signatures: []*protodsse.Signature{{Sig: signature}}}
	return Seal{DSSE, text, s.notes(t, s.dsseEntry(t, envelope), signature)}
}

// notes are the annotations of cosign's first format that say who signed and when.
func (s sealer) notes(t testing.TB, entry logBody, signature []byte) map[string]string {
	t.Helper()
	notes := map[string]string{}
	if s.certificate != nil {
		notes[certificateNote] = string(s.verifier(t))
	}
	if !s.how.NoLog {
		body := entry.text(t)
		logID, signed := s.promise(t, body)
		notes[logNote] = text(t, map[string]any{"SignedEntryTimestamp": signed, "Payload": map[string]any{
			"body": body, "integratedTime": s.how.Logged.Unix(), "logIndex": logIndex, "logID": logID}})
	}
	if !s.how.NoStamp {
		notes[timestampNote] = text(t, map[string]any{"SignedRFC3161Timestamp": s.stamp(t, signature)})
	}
	return notes
}

func text(t testing.TB, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
