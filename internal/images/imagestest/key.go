package imagestest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Key is a key pair of a signer.
type Key struct {
	signer crypto.Signer
	PEM    []byte // the public key
}

// NewKey makes a key as cosign does (ECDSA over P-256).
func NewKey(t testing.TB) *Key { return NewKeyOf(t, "P-256") }

// NewKeyOf makes a key of a kind: "P-256", "P-384", "Ed25519".
func NewKeyOf(t testing.TB, kind string) *Key {
	t.Helper()
	var signer crypto.Signer
	var err error
	switch kind {
	case "P-256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "P-384":
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "Ed25519":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		t.Fatalf("no kind of key: %s", kind)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &Key{signer, publicPEM(t, signer.Public())}
}

func publicPEM(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// Public returns the key as policies have it, under a file's name.
func (k *Key) Public(file string) images.Key { return images.Key{File: file, PEM: k.PEM} }

// Between is Public with dates.
func (k *Key) Between(file string, after, before time.Time) images.Key {
	return images.Key{File: file, PEM: k.PEM, After: after, Before: before}
}

// sign signs a message, hashing as is usual for the key.
func sign(t testing.TB, signer crypto.Signer, message []byte) []byte {
	t.Helper()
	digest, hash := message, crypto.Hash(0)
	if k, ok := signer.(*ecdsa.PrivateKey); ok {
		if k.Curve == elliptic.P384() {
			sum := sha512.Sum384(message)
			digest, hash = sum[:], crypto.SHA384
		} else {
			sum := sha256.Sum256(message)
			digest, hash = sum[:], crypto.SHA256
		}
	}
	signature, err := signer.Sign(rand.Reader, digest, hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// Simple signs an image in cosign's first format: what is signed names a repository and a digest.
func (k *Key) Simple(t testing.TB, repository, digest string) Seal {
	t.Helper()
	return k.SimpleOver(t, SimplePayload(repository, digest))
}

// Envelope signs a statement in cosign's first format.
func (k *Key) Envelope(t testing.TB, statement []byte) Seal {
	t.Helper()
	text, err := json.Marshal(map[string]any{"payloadType": intoto, "payload": statement,
		"signatures": []any{map[string]any{"keyid": "", "sig": sign(t, k.signer, dsse.PAE(intoto, statement))}}})
	if err != nil {
		t.Fatal(err)
	}
	return Seal{DSSE, text, map[string]string{"predicateType": "custom"}}
}

// SimplePayload is what cosign's first format signs.
func SimplePayload(repository, digest string) []byte {
	var b bytes.Buffer
	b.WriteString(`{"critical":{"identity":{"docker-reference":`)
	quote(&b, repository)
	b.WriteString(`},"image":{"docker-manifest-digest":`)
	quote(&b, digest)
	b.WriteString(`},"type":"cosign container image signature"},"optional":null}`)
	return b.Bytes()
}

func quote(b *bytes.Buffer, s string) {
	text, _ := json.Marshal(s) // of a string there is no error
	b.Write(text)
}

// Statement is an in-toto statement over a digest.
func Statement(t testing.TB, digest, predicateType string, predicate any) []byte {
	t.Helper()
	return StatementOf(t, map[string]string{"sha256": digest[len("sha256:"):]}, predicateType, predicate)
}

// StatementOf is Statement with the digests of its subject by algorithm.
func StatementOf(t testing.TB, digests map[string]string, predicateType string, predicate any) []byte {
	t.Helper()
	text, err := json.Marshal(map[string]any{"_type": "https://in-toto.io/Statement/v1", "predicateType": predicateType,
		"subject": []any{map[string]any{"digest": digests}}, "predicate": predicate})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// SignStatement is the statement that cosign signs for a signature since version 3.
func SignStatement(t testing.TB, digest string) []byte {
	t.Helper()
	return Statement(t, digest, CosignSign, map[string]any{})
}

// Predicate types.
const (
	CosignSign = "https://sigstore.dev/cosign/sign/v1"
	SLSA02     = "https://slsa.dev/provenance/v0.2"
	SLSA1      = "https://slsa.dev/provenance/v1"
	SPDX       = "https://spdx.dev/Document/v2.3"
	CycloneDX  = "https://cyclonedx.org/bom"
	Vuln       = "https://cosign.sigstore.dev/attestation/vuln/v1"
)

const (
	intoto          = "application/vnd.in-toto+json"
	signatureNote   = "dev.cosignproject.cosign/signature"
	certificateNote = "dev.sigstore.cosign/certificate"
	logNote         = "dev.sigstore.cosign/bundle"
	timestampNote   = "dev.sigstore.cosign/rfc3161timestamp"
)

// SimpleOver is Simple over a payload of any kind.
func (k *Key) SimpleOver(t testing.TB, payload []byte) Seal {
	t.Helper()
	return Seal{SimpleSigning, payload, map[string]string{signatureNote: base64.StdEncoding.EncodeToString(sign(t, k.signer, payload))}}
}
