package evidence_test

import (
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// TestSignatures holds the verdicts on signatures, in every format and place that they are kept.
func TestSignatures(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		leave  func(l *lab)
		demand func(l *lab) *images.SignatureDemand // nil for the lab's workflow
		want   want
	}{
		{"nothing", func(*lab) {}, nil, want{images.Unsigned, "no signature is there"}},
		{"key, first format", func(l *lab) { l.Tag(l, l.image, ".sig", l.key.Simple(l, l.name(), l.image.Digest)) }, (*lab).byKey, want{images.Verified, ""}},
		{"key, bundle", func(l *lab) { l.Attach(l, l.image, CosignSign, l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{})) }, (*lab).byKey, want{images.Verified, ""}},
		{"identity, first format", func(l *lab) { l.Tag(l, l.image, ".sig", l.authority.Simple(l, release, l.name(), l.image.Digest, Sealing{})) }, nil, want{images.Verified, ""}},
		{"identity, bundle", func(l *lab) {
			l.Attach(l, l.image, CosignSign, l.authority.Bundle(l, release, SignStatement(l, l.image.Digest), Sealing{}))
		}, nil, want{images.Verified, ""}},
		{"bundle 0.1", func(l *lab) {
			l.Attach(l, l.image, CosignSign, l.authority.Bundle(l, release, SignStatement(l, l.image.Digest), Sealing{Version: "0.1"}))
		}, nil, want{images.Verified, ""}},
		{"bundle 0.2", func(l *lab) {
			l.Attach(l, l.image, CosignSign, l.authority.Bundle(l, release, SignStatement(l, l.image.Digest), Sealing{Version: "0.2"}))
		}, nil, want{images.Verified, ""}},
	}
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
				c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: demand}}))
			})
		})
	}
}
