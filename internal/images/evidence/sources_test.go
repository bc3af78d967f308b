package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// TestMirrors holds that a copy is proven by what lies beside the original, and by signatures that name it.
func TestMirrors(t *testing.T) {
	t.Parallel()
	copied := func(t *testing.T, l *lab) (*Registry, images.Reference) {
		mirror := NewRegistry(t, API)
		ref := l.image
		ref.Host, ref.Repository = mirror.Host, "hub/"+l.image.Repository
		mirror.Manifest(t, ref.Repository, "1.2", jsonOf(t, l.Content(t, repository, l.image.Digest)))
		l.config.Registry = Client(t, l.Registry, mirror)
		m, err := images.ParseMirror(mirror.Host+"/hub/**", l.Host+"/**")
		if err != nil {
			t.Fatal(err)
		}
		l.config.Mirrors = images.Mirrors{m}
		return mirror, ref
	}
	t.Run("beside the original", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, API)
		_, ref := copied(t, l)
		l.Tag(t, l.image, ".sig", l.simple())
		verified.check(t, l.prove(images.Question{Reference: ref, Demand: &images.Demand{Signature: l.byKey()}}))
	})
	t.Run("copied with it", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, API)
		mirror, ref := copied(t, l)
		mirror.Tag(t, ref, ".sig", l.simple())
		l.Break("/v2/", http.StatusInternalServerError)
		verified.check(t, l.prove(images.Question{Reference: ref, Demand: &images.Demand{Signature: l.byKey()}}))
	})
	t.Run("not listed", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, API)
		mirror, ref := copied(t, l)
		l.config.Mirrors = nil
		mirror.Tag(t, ref, ".sig", l.simple())
		want{images.Untrusted, "if this is a copy of that"}.check(t, l.prove(images.Question{Reference: ref, Demand: &images.Demand{Signature: l.byKey()}}))
	})
	t.Run("original that is not asked", func(t *testing.T) {
		t.Parallel()
		l := newLab(t, API)
		_, ref := copied(t, l)
		m, err := images.ParseMirror(ref.Host+"/hub/**", "127.0.0.1:1/**") // at a private address that is not listed
		if err != nil {
			t.Fatal(err)
		}
		l.config.Mirrors = images.Mirrors{m}
		want{images.Untrusted, "is not contacted"}.check(t, l.prove(images.Question{Reference: ref, Demand: &images.Demand{Signature: l.byKey()}}))
	})
}

// gitHub plays what GitHub keeps.
type gitHub struct {
	bundles map[string][][]byte // by owner
	err     error
	asked   []string
}

func (g *gitHub) Attestations(_ context.Context, owner, _ string) ([][]byte, error) {
	g.asked = append(g.asked, owner)
	return g.bundles[owner], g.err
}

// TestGitHubAttestations holds that what GitHub keeps counts as what is in the registry does; of private repositories it has
// a timestamp and no log's entry.
func TestGitHubAttestations(t *testing.T) {
	t.Parallel()
	demand := &images.Demand{Provenance: &images.ProvenanceDemand{Source: pattern(t, "github.com/Acme/*")}}
	provenance := slsa1(release.Subject, "https://github.com/acme/web", mainRef)
	attested := func(l *lab, how Sealing) *gitHub {
		statement := Statement(l, l.image.Digest, SLSA1, provenance)
		return &gitHub{bundles: map[string][][]byte{"acme": {[]byte("junk"), l.authority.Bundle(l, release, statement, how)}}}
	}
	l := newLab(t, API)
	g := attested(l, Sealing{})
	l.config.GitHub = g
	verified.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	if strings.Join(g.asked, " ") != "acme" {
		t.Errorf("asked %v", g.asked)
	}
	g = attested(l, Sealing{NoLog: true})
	l.config.GitHub = g
	want{images.Untrusted, "no transparency log"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	both := append(NewAuthority(t).TrustedRoot(t, Parts{}), '\n')
	l.config.TrustedRoot = append(both, l.authority.TrustedRoot(t, Parts{NoLog: true, NoCertificateLog: true})...)
	verified.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	l.config.GitHub = &gitHub{}
	want{images.Unsigned, "no provenance is there"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	l.config.GitHub = &gitHub{err: errors.New("GitHub could not be asked: 503")}
	want{images.Indeterminate, "GitHub could not be asked"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	l.config.GitHub = &gitHub{err: fmt.Errorf("%w: attestations: read", evidence.ErrNotPermitted)}
	want{images.Unsigned, "no provenance is there; what GitHub keeps of acme was not asked for: "}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
}
