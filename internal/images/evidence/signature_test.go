package evidence_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// sigTag leaves signatures in cosign's first format.
func sigTag(make func(l *lab) []Seal) func(l *lab) {
	return func(l *lab) { l.Tag(l, l.image, ".sig", make(l)...) }
}

// signBundle leaves the lab's signature as a bundle, made in a way.
func signBundle(who Identity, how Sealing) func(l *lab) {
	return func(l *lab) {
		l.Attach(l, l.image, CosignSign, l.authority.Bundle(l, who, SignStatement(l, l.image.Digest), how))
	}
}

// bundled leaves a bundle.
func bundled(make func(l *lab) []byte) func(l *lab) {
	return func(l *lab) { l.Attach(l, l.image, CosignSign, make(l)) }
}

func (l *lab) simple() Seal { return l.key.Simple(l, l.name(), l.image.Digest) }

func (l *lab) simpleBy(who Identity, how Sealing) Seal {
	return l.authority.Simple(l, who, l.name(), l.image.Digest, how)
}

const otherDigest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// signatureCase is what somebody left beside an image, and what is made of it.
type signatureCase struct {
	name   string
	leave  func(l *lab)
	demand func(l *lab) *images.SignatureDemand // nil for the lab's workflow
	want   want
}

func runSignatures(t *testing.T, cases []signatureCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, mode Mode) {
				l := newLab(t, mode)
				c.leave(l)
				demand := byIdentity(t)
				if c.demand != nil {
					demand = c.demand(l)
				}
				got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: demand}})
				c.want.check(t, got)
				if proof := got.Proofs[images.ProofSignature]; proof.Verdict != got.Verdict {
					t.Errorf("the proof is %q, the image %q", proof.Verdict, got.Verdict)
				}
			})
		})
	}
}

var (
	verified  = want{images.Verified, ""}
	wrongKey  = want{images.Untrusted, "it is not by the key it should be by"}
	unrelated = want{images.Untrusted, "it is for another image"}
)

// TestSignatures holds the verdicts on signatures, in every format and place that they are kept.
func TestSignatures(t *testing.T) {
	t.Parallel()
	runSignatures(t, []signatureCase{
		{"nothing", func(*lab) {}, nil, want{images.Unsigned, "no signature is there"}},
		{"key, first format", sigTag(func(l *lab) []Seal { return []Seal{l.simple()} }), (*lab).byKey, verified},
		{"key, first format as a referrer", func(l *lab) {
			l.Refer(l, l.image, Referrer{ArtifactType: "application/vnd.dev.cosign.artifact.sig.v1+json", Seals: []Seal{l.simple()}})
		}, (*lab).byKey, verified},
		{"key, bundle", bundled(func(l *lab) []byte { return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) }), (*lab).byKey, verified},
		{"key, logged bundle", bundled(func(l *lab) []byte { return l.key.Bundle(l, l.authority, SignStatement(l, l.image.Digest), Sealing{}) }), (*lab).byKey, verified},
		{"key, bundle of the digest itself", bundled(func(l *lab) []byte { return l.key.MessageBundle(l, l.Content(l, repository, l.image.Digest)) }), (*lab).byKey, verified},
		{"key that a hint does not name", bundled(func(l *lab) []byte {
			return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{Hint: "another"})
		}), (*lab).byKey, verified},
		{"another key, first format", sigTag(func(l *lab) []Seal { return []Seal{NewKey(l).Simple(l, l.name(), l.image.Digest)} }), (*lab).byKey, wrongKey},
		{"another key, bundle", bundled(func(l *lab) []byte { return NewKey(l).Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) }), (*lab).byKey, wrongKey},
		{"identity, first format", sigTag(func(l *lab) []Seal { return []Seal{l.simpleBy(release, Sealing{})} }), nil, verified},
		{"identity, bundle", signBundle(release, Sealing{}), nil, verified},
		{"bundle 0.1", signBundle(release, Sealing{Version: "0.1"}), nil, verified},
		{"bundle 0.2", signBundle(release, Sealing{Version: "0.2"}), nil, verified},
		{"bundle of a version to come", signBundle(release, Sealing{Version: "0.9"}), nil, want{images.Untrusted, "no Sigstore bundle that can be read"}},
		{"identity where a key is asked for", signBundle(release, Sealing{}), (*lab).byKey, want{images.Untrusted, "signed by a certificate, and the policy asks for a key"}},
		{"key where an identity is asked for", bundled(func(l *lab) []byte { return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) }), nil,
			want{images.Untrusted, "signed by a key, and the policy asks for an identity"}},
		{"key in the first format where an identity is asked for", sigTag(func(l *lab) []Seal { return []Seal{l.simple()} }), nil,
			want{images.Untrusted, "signed by a key, and the policy asks for an identity"}},
		{"another authority", bundled(func(l *lab) []byte {
			return NewAuthority(l).Bundle(l, release, SignStatement(l, l.image.Digest), Sealing{})
		}), nil, want{images.Untrusted, "no transparency log of the trust root has it"}},
		{"an attestation only", func(l *lab) {
			l.Attach(l, l.image, SLSA1, l.authority.Bundle(l, release, Statement(l, l.image.Digest, SLSA1, map[string]any{}), Sealing{}))
		}, nil, want{images.Unsigned, "no signature is there; a provenance is, which the policy does not ask for"}},
	})
}

// TestIdentities holds that identities match whole.
func TestIdentities(t *testing.T) {
	t.Parallel()
	subject := func(s string) func(l *lab) *images.SignatureDemand {
		return func(l *lab) *images.SignatureDemand {
			return &images.SignatureDemand{Issuer: pattern(l, release.Issuer), Subject: pattern(l, s)}
		}
	}
	elsewhere := release
	elsewhere.Issuer = "https://gitlab.example"
	mail := Identity{Subject: "dev@acme.example", Issuer: "https://accounts.example"}
	runSignatures(t, []signatureCase{
		{"exactly", signBundle(release, Sealing{}), subject(release.Subject), verified},
		{"a part of it", signBundle(release, Sealing{}), subject("https://github.com/acme/web"), want{images.Untrusted, "and the policy asks for https://github.com/acme/web"}},
		{"a longer owner", signBundle(Workflow("acme-evil/web", ".github/workflows/release.yaml", "refs/heads/main"), Sealing{}), nil, want{images.Untrusted, "it is by https://github.com/acme-evil/web"}},
		{"another branch", signBundle(Workflow("acme/web", ".github/workflows/release.yaml", "refs/heads/main2"), Sealing{}), nil, want{images.Untrusted, "refs/heads/main2, and"}},
		{"another issuer", signBundle(elsewhere, Sealing{}), nil, want{images.Untrusted, "for whom https://gitlab.example vouches"}},
		{"no issuer", signBundle(Identity{Subject: release.Subject}, Sealing{}), nil, want{images.Untrusted, "for whom nobody vouches"}},
		{"a mailbox", signBundle(mail, Sealing{}), func(l *lab) *images.SignatureDemand {
			return &images.SignatureDemand{Issuer: pattern(l, mail.Issuer), Subject: pattern(l, "*@acme.example")}
		}, verified},
		{"a dot is a dot", signBundle(Identity{Subject: "dev@acmeXexample", Issuer: mail.Issuer}, Sealing{}), func(l *lab) *images.SignatureDemand {
			return &images.SignatureDemand{Issuer: pattern(l, mail.Issuer), Subject: pattern(l, "*@acme.example")}
		}, want{images.Untrusted, "it is by dev@acmeXexample"}},
		{"wrong and right", func(l *lab) {
			signBundle(elsewhere, Sealing{})(l)
			signBundle(release, Sealing{})(l)
		}, nil, verified},
	})
}

// TestForgedSignatures holds what is made of signatures that were moved, altered or made up.
func TestForgedSignatures(t *testing.T) {
	t.Parallel()
	altered := func(change func(*Seal)) func(l *lab) {
		return sigTag(func(l *lab) []Seal {
			s := l.simple()
			change(&s)
			return []Seal{s}
		})
	}
	payload := func(format string) func(l *lab) {
		return sigTag(func(l *lab) []Seal {
			return []Seal{l.key.SimpleOver(l, fmt.Appendf(nil, format, l.name(), l.image.Digest))}
		})
	}
	statement := func(make func(l *lab) []byte) func(l *lab) {
		return bundled(func(l *lab) []byte { return l.key.Bundle(l, nil, make(l), Sealing{}) })
	}
	runSignatures(t, []signatureCase{
		{"replayed", sigTag(func(l *lab) []Seal { return []Seal{l.key.Simple(l, l.name(), otherDigest)} }), (*lab).byKey, unrelated},
		{"bundle replayed", statement(func(l *lab) []byte { return SignStatement(l, otherDigest) }), (*lab).byKey, unrelated},
		{"digest of something else", bundled(func(l *lab) []byte { return l.key.MessageBundle(l, []byte("else")) }), (*lab).byKey, unrelated},
		{"for another repository", sigTag(func(l *lab) []Seal { return []Seal{l.key.Simple(l, l.Host+"/acme/other", l.image.Digest)} }), (*lab).byKey,
			want{images.Untrusted, "/acme/other; if this is a copy of that, list it under images.mirrors"}},
		{"for no repository", sigTag(func(l *lab) []Seal { return []Seal{l.key.Simple(l, "", l.image.Digest)} }), (*lab).byKey, want{images.Untrusted, "which is no repository"}},
		{"signature not in base64", altered(func(s *Seal) { s.Annotations["dev.cosignproject.cosign/signature"] = "!!" }), (*lab).byKey, want{images.Untrusted, "not in base64"}},
		{"signature missing", altered(func(s *Seal) { s.Annotations = nil }), (*lab).byKey, want{images.Untrusted, "not in base64"}},
		{"signature altered", altered(func(s *Seal) {
			s.Annotations["dev.cosignproject.cosign/signature"] = base64.StdEncoding.EncodeToString([]byte("no signature"))
		}), (*lab).byKey, wrongKey},
		{"payload altered", altered(func(s *Seal) { s.Content = append(s.Content, ' ') }), (*lab).byKey, wrongKey},
		{"payload of another type", payload(`{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"something"}}`), (*lab).byKey,
			want{images.Untrusted, `something of the type "something"`}},
		{"a key twice", payload(`{"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"sha256:00","docker-manifest-digest":"%s"},"type":"cosign container image signature"}}`), (*lab).byKey,
			want{images.Untrusted, `the key "docker-manifest-digest" twice`}},
		{"a key twice but for case", payload(`{"Critical":{},"critical":{"identity":{"docker-reference":"%s"},"image":{"docker-manifest-digest":"%s"},"type":"cosign container image signature"}}`), (*lab).byKey,
			want{images.Untrusted, `the key "critical" twice`}},
		{"no JSON", payload("%s %s"), (*lab).byKey, want{images.Untrusted, "it is no JSON"}},
		{"certificate that is none", sigTag(func(l *lab) []Seal {
			s := l.simpleBy(release, Sealing{})
			s.Annotations["dev.sigstore.cosign/certificate"] = "none"
			return []Seal{s}
		}), nil, want{images.Untrusted, "its certificate is not in PEM"}},
		{"two signatures in an envelope", signBundle(release, Sealing{Twice: true}), nil, want{images.Untrusted, "it names one transparency log entry twice"}},
		{"two signatures by a key", bundled(func(l *lab) []byte {
			return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{Twice: true})
		}), (*lab).byKey, want{images.Untrusted, "it has not exactly one signature"}},
		{"another kind of payload", bundled(func(l *lab) []byte {
			return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{Payload: "text/plain"})
		}), (*lab).byKey, want{images.Untrusted, "something of the type text/plain"}},
		{"no subject", statement(func(l *lab) []byte {
			return []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"` + CosignSign + `","subject":[],"predicate":{}}`)
		}), (*lab).byKey, unrelated},
		{"subject by another algorithm", statement(func(l *lab) []byte {
			return StatementOf(l, map[string]string{"sha512": strings.Repeat("0", 128)}, CosignSign, nil)
		}), (*lab).byKey, unrelated},
		{"digest under another algorithm's name", statement(func(l *lab) []byte {
			return StatementOf(l, map[string]string{"sha512": l.image.Digest[7:]}, CosignSign, nil)
		}), (*lab).byKey, unrelated},
		{"statement with a key twice", statement(func(l *lab) []byte {
			return []byte(strings.Replace(string(SignStatement(l, l.image.Digest)), `{"_type"`, `{"subject":[],"_type"`, 1))
		}), (*lab).byKey, want{images.Untrusted, `the key "subject" twice`}},
		{"statement of another type", statement(func(l *lab) []byte {
			return []byte(strings.Replace(string(SignStatement(l, l.image.Digest)), "in-toto.io", "in-toto.example", 1))
		}), (*lab).byKey, want{images.Untrusted, "https://in-toto.example/Statement/v1"}},
		{"no bundle", bundled(func(l *lab) []byte { return []byte("{}") }), nil, want{images.Untrusted, "no Sigstore bundle that can be read"}},
		{"log entry of something else", signBundle(release, Sealing{OtherLog: true}), nil, want{images.Untrusted, "its transparency log entry is for something else"}},
		{"referrer of something else", func(l *lab) {
			_, other := l.Image(l, repository, "")
			other.Platform = nil
			l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Subject: &other, Seals: []Seal{SealOf(Bundle, l.authority.Bundle(l, release, SignStatement(l, l.image.Digest), Sealing{}))}})
		}, nil, want{images.Untrusted, "says to refer to something else"}},
	})
}

// TestManySignatures holds that one good signature is found among others, and that a flood of them is not called a fault of
// the registry.
func TestManySignatures(t *testing.T) {
	t.Parallel()
	seals := func(l *lab, n int) (all []Seal) {
		for range n {
			all = append(all, NewKey(l).SimpleOver(l, []byte(fmt.Sprintf(`{"n":%d}`, len(all)))))
		}
		return append(all, l.simple())
	}
	runSignatures(t, []signatureCase{
		{"two", sigTag(func(l *lab) []Seal { return seals(l, 1) }), (*lab).byKey, verified},
		{"three hundred", sigTag(func(l *lab) []Seal { return seals(l, 300) }), (*lab).byKey, verified},
		{"a flood", sigTag(func(l *lab) []Seal { return seals(l, 750) }), (*lab).byKey, want{images.Untrusted, "more is attached to it than the 700 manifests and blobs, and 64 MiB, that are read"}},
		{"wrong keys as bundles", func(l *lab) {
			for range 3 {
				bundled(func(l *lab) []byte { return NewKey(l).Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) })(l)
			}
			bundled(func(l *lab) []byte { return l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{}) })(l)
		}, (*lab).byKey, verified},
	})
}
