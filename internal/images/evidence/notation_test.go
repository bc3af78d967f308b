package evidence_test

import (
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// TestNotation holds the verdicts on signatures of the Notary Project.
func TestNotation(t *testing.T) {
	t.Parallel()
	next := time.Now().AddDate(0, 1, 0)
	acme, evil, past := NewNotary(t, "Acme", next), NewNotary(t, "Evil", next), NewNotary(t, "Acme", time.Now().AddDate(0, -1, 0))
	demand := func(by *Notary, identities ...string) *images.SignatureDemand {
		return &images.SignatureDemand{Notation: &images.NotationDemand{Certificates: []images.Key{{File: "ca.pem", PEM: by.PEM}}, Identities: identities}}
	}
	const subject = "x509.subject: C=US, ST=WA, O=Acme"
	other := registry.Descriptor{MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: otherDigest, Size: 7}
	for _, c := range []struct {
		name   string
		leave  func(l *lab, d registry.Descriptor)
		demand *images.SignatureDemand
		want   want
	}{
		{"JWS", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS}) }, demand(acme, subject), verified},
		{"COSE", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: COSE}) }, demand(acme, subject), verified},
		{"anybody of the authority", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: COSE}) }, demand(acme, "*"), verified},
		{"somebody else of the authority", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS}) }, demand(acme, "x509.subject: C=US, ST=WA, O=Acme Two"), want{images.Untrusted, "does not match the X.509 trusted identities"}},
		{"another authority", func(l *lab, d registry.Descriptor) { evil.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS}) }, demand(acme, "*"), want{images.Untrusted, "its signature does not count: it does not hold"}},
		{"both", func(l *lab, d registry.Descriptor) {
			evil.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS})
			acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS})
		}, demand(acme, "*"), verified},
		{"replayed", func(l *lab, _ registry.Descriptor) { acme.Sign(l, l.Registry, l.image, other, Notation{Envelope: JWS}) }, demand(acme, "*"), want{images.Untrusted, "descriptor mismatch"}},
		{"expired certificate", func(l *lab, d registry.Descriptor) {
			past.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS, At: time.Now().AddDate(0, -2, 0)})
		}, demand(past, "*"), want{images.Untrusted, "it was expired at"}},
		{"nothing", func(*lab, registry.Descriptor) {}, demand(acme, "*"), want{images.Unsigned, "no signature is there"}},
		{"cosign's", func(l *lab, _ registry.Descriptor) { l.sign(l.image) }, demand(acme, "*"), want{images.Untrusted, "a signature of cosign's"}},
		{"where cosign's is asked for", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS}) }, byIdentity(t), want{images.Untrusted, "a signature of the Notary Project"}},
		{"junk", func(l *lab, _ registry.Descriptor) {
			l.Refer(l, l.image, Referrer{ArtifactType: "application/vnd.cncf.notary.signature", Seals: []Seal{SealOf(COSE, []byte("junk"))}})
		}, demand(acme, "*"), want{images.Untrusted, "unable to parse"}},
		{"names that are none", func(l *lab, d registry.Descriptor) { acme.Sign(l, l.Registry, l.image, d, Notation{Envelope: JWS}) }, demand(acme, "O=Acme"), want{images.Untrusted, "whom the policy trusts to sign with notation cannot be read"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, mode Mode) {
				l := newLab(t, mode)
				var d registry.Descriptor
				l.image, d = l.Image(t, repository, "1.2")
				c.leave(l, d)
				c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: c.demand}}))
			})
		})
	}
}

// TestNotationInTime holds that a signature is remembered for as long as it says to count.
func TestNotationInTime(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	acme := NewNotary(t, "Acme", time.Now().AddDate(0, 1, 0))
	image, d := l.Image(t, repository, "1.2")
	acme.Sign(t, l.Registry, image, d, Notation{Envelope: JWS, Lasts: 24 * time.Hour})
	kept := &shelf{data: map[string][]byte{}}
	l.config.Cache = kept
	now := time.Now()
	l.config.Now = func() time.Time { return now }
	q := images.Question{Reference: image, Demand: &images.Demand{Signature: &images.SignatureDemand{Notation: &images.NotationDemand{Certificates: []images.Key{{File: "ca.pem", PEM: acme.PEM}}, Identities: []string{"*"}}}}}
	verified.check(t, l.prove(q))
	l.Requests()
	verified.check(t, l.prove(q))
	if asked := l.Requests(); len(asked) != 0 {
		t.Errorf("asked %v", asked)
	}
	now = now.Add(25 * time.Hour)
	l.prove(q)
	if asked := l.Requests(); len(asked) == 0 {
		t.Error("a signature is remembered for longer than it counts")
	}
}
