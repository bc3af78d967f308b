package policy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
)

func publicPEM(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// readProof loads layers and reads what they say of proof. Files are named "LAYER FILE".
func readProof(t *testing.T, files map[string]string, layers ...Layer) (*Proof, error) {
	t.Helper()
	p, err := Load(catalogue(), layers...)
	if err != nil {
		t.Fatal(err)
	}
	return ReadProof(p.Images, func(layer, file string) ([]byte, error) {
		text, there := files[layer+" "+file]
		if !there {
			return nil, fmt.Errorf("%s: %w", file, fs.ErrNotExist)
		}
		return []byte(text), nil
	})
}

// TestReadProof holds that what a policy says of proof is read whole.
func TestReadProof(t *testing.T) {
	t.Parallel()
	key := publicPEM(t)
	server := Layer{"server.yaml", []byte("images: {trustedRoot: root.json, verify: [{match: a.example/**, sbom: required}]}\n")}
	own := Layer{"p.yaml", []byte(`images:
  mirrors: [{from: mirror.internal/hub/**, to: docker.io/**}]
  verify:
  - match: ghcr.io/acme/**
    signature: {issuer: "https://token.actions.githubusercontent.com", subject: "https://github.com/acme/*/x@refs/heads/main"}
    provenance: {builder: "https://builder.example/*", source: github.com/acme/*, ref: refs/heads/main, buildType: t}
    sbom: required
    scan: {maxAge: 168h, failOn: critical}
    index: all
  - match: docker.io/library/*
    signature: {key: [a.pub, b.pub], keys: [{file: a.pub, from: 2025-01-01, until: 2025-12-31}], threshold: 2}
`)}
	proof, err := readProof(t, map[string]string{"server.yaml root.json": "{}", "p.yaml a.pub": key, "p.yaml b.pub": publicPEM(t)}, server, own)
	if err != nil {
		t.Fatal(err)
	}
	if string(proof.TrustedRoot) != "{}" || proof.TrustedAt != "server.yaml:1" || len(proof.Demands) != 2 || len(proof.Mirrors) != 1 {
		t.Fatalf("%+v", proof)
	}
	first, second := proof.Demands[0], proof.Demands[1]
	if first.Signature.Subject.String() != "https://github.com/acme/*/x@refs/heads/main" || first.Provenance.BuildType.String() != "t" || !first.SBOM ||
		first.Scan.MaxAge != 168*time.Hour || first.Scan.FailOn != "critical" || first.Index != images.AllChildren {
		t.Errorf("first: %+v", first)
	}
	keys := second.Signature.Keys
	if len(keys) != 3 || second.Signature.Threshold != 2 || string(keys[0].PEM) != key || keys[2].File != "a.pub" ||
		!keys[2].After.Equal(time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)) || keys[2].Before.Format(time.RFC3339Nano) != "2025-12-31T23:59:59.999999999Z" {
		t.Errorf("second: %+v", second.Signature)
	}
	for name, want := range map[string]*images.Demand{"ghcr.io/acme/web": &proof.Demands[0], "nginx": &proof.Demands[1], "mirror.internal/hub/library/nginx": &proof.Demands[1],
		"mirror.internal/other": nil, "ghcr.io/acme-evil/web": nil} {
		ref, err := images.ParseReference(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := proof.Demand(ref); got != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestProofMistakes holds that what is wrong with a file is said where the policy names it.
func TestProofMistakes(t *testing.T) {
	t.Parallel()
	files := map[string]string{"p.yaml good": publicPEM(t), "p.yaml text": "hello", "p.yaml cert": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"p.yaml private": "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"}
	for _, c := range []struct{ name, text, want string }{
		{"absent key", "images:\n  verify:\n  - match: a.example/b\n    signature:\n      key: none", "p.yaml:5: images.verify[0].signature.key: none: file does not exist"},
		{"second of a list", "images:\n  verify:\n  - match: a.example/b\n    signature:\n      key:\n      - good\n      - text", "p.yaml:7: images.verify[0].signature.key: text holds nothing in PEM"},
		{"private key", "images: {verify: [{match: a.example/b, signature: {key: private}}]}", "private holds a private key: take it out"},
		{"certificate for a key", "images: {verify: [{match: a.example/b, signature: {key: cert}}]}", "cert holds no PUBLIC KEY"},
		{"key for a certificate", "images: {verify: [{match: a.example/b, signature: {notation: {certificates: [good], identities: ['*']}}}]}", "good holds no CERTIFICATE"},
		{"days the wrong way", "images:\n  verify:\n  - match: a.example/b\n    signature:\n      keys:\n      - {file: good, from: 2026-02-01, until: 2026-01-01}", "p.yaml:6: images.verify[0].signature.keys[0] counts on no day"},
		{"absent root", "images:\n  trustedRoot: none", "p.yaml:2: images.trustedRoot: none: file does not exist"},
	} {
		_, err := readProof(t, files, Layer{"p.yaml", []byte(c.text)})
		var m *Mistake
		if !errors.As(err, &m) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}
