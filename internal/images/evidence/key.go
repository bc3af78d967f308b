package evidence

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/cryptoutils/goodkey"
	"github.com/sigstore/sigstore/pkg/signature"
)

// key is a public key of the policy, as sigstore-go takes it: with the time in which it counts.
type key struct {
	name       string
	id         [sha256.Size]byte // of the key itself, so that one key under two names counts once
	start, end time.Time
	public     crypto.PublicKey
	verifiers  []signature.Verifier // by the hashes that clients use with such keys
}

// newKey reads a key. The error says what to do about its file.
func newKey(k images.Key) (*key, error) {
	public, err := cryptoutils.UnmarshalPEMToPublicKey(bytes.TrimSpace(k.PEM))
	if err != nil {
		return nil, fmt.Errorf("%s holds no public key in PEM: %w", k.File, err)
	}
	if err := goodkey.ValidatePubKey(public); err != nil {
		return nil, fmt.Errorf("the key in %s is too weak or of a kind that is not supported: %w", k.File, err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("the key in %s: %w", k.File, err)
	}
	made := &key{name: k.File, id: sha256.Sum256(der), start: k.After, end: k.Before, public: public}
	for _, hash := range hashesOf(public) {
		v, err := signature.LoadVerifier(public, hash)
		if err != nil {
			return nil, fmt.Errorf("the key in %s: %w", k.File, err)
		}
		made.verifiers = append(made.verifiers, v)
	}
	return made, nil
}

// hashesOf lists what is hashed with before signing: by the size of the curve, and SHA-256, which cosign used for all.
func hashesOf(public crypto.PublicKey) []crypto.Hash {
	if k, ok := public.(*ecdsa.PublicKey); ok {
		switch k.Curve {
		case elliptic.P384():
			return []crypto.Hash{crypto.SHA384, crypto.SHA256}
		case elliptic.P521():
			return []crypto.Hash{crypto.SHA512, crypto.SHA256}
		}
	}
	return []crypto.Hash{crypto.SHA256}
}

func (k *key) dated() bool { return !k.start.IsZero() || !k.end.IsZero() }

// period says when the key counts.
func (k *key) period() string {
	const day = time.DateOnly
	switch {
	case k.start.IsZero():
		return "until " + k.end.Format(day)
	case k.end.IsZero():
		return "from " + k.start.Format(day)
	}
	return "from " + k.start.Format(day) + " until " + k.end.Format(day)
}

// ValidAtTime reports whether the key counts at a time.
func (k *key) ValidAtTime(t time.Time) bool {
	return (k.start.IsZero() || !t.Before(k.start)) && (k.end.IsZero() || !t.After(k.end))
}

// PublicKey returns the key.
func (k *key) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) { return k.public, nil }

// VerifySignature verifies with each hash that fits the key. Ed25519 signs messages, not their digests: where only the
// digest is known, a signature over nothing would pass for one over everything.
func (k *key) VerifySignature(sig, message io.Reader, options ...signature.VerifyOption) error {
	signed, err := io.ReadAll(sig)
	if err != nil {
		return err
	}
	content, err := io.ReadAll(message)
	if err != nil {
		return err
	}
	if _, edwards := k.public.(ed25519.PublicKey); edwards && len(content) == 0 {
		return errors.New("a signature of a digest by an Ed25519 key cannot be verified")
	}
	for _, v := range k.verifiers {
		if err = v.VerifySignature(bytes.NewReader(signed), bytes.NewReader(content), options...); err == nil {
			return nil
		}
	}
	return err
}
