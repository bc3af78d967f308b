package evidence_test

import (
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json"

// multi is an image of two platforms, with BuildKit's attestations.
type multi struct {
	index, amd64, arm64 images.Reference
	entries             []registry.Descriptor
}

func (l *lab) multi(mediaType string) multi {
	var m multi
	for platform, ref := range map[string]*images.Reference{"linux/amd64": &m.amd64, "linux/arm64": &m.arm64} {
		var d registry.Descriptor
		*ref, d = l.ImageFor(l, repository, "", platform)
		m.entries = append(m.entries, d)
	}
	_, attestation := l.ImageFor(l, repository, "", "unknown/unknown")
	attestation.Annotations = map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": m.amd64.Digest}
	m.entries = append(m.entries, attestation)
	m.index, _ = l.Index(l, repository, "multi", mediaType, m.entries...)
	return m
}

func (l *lab) sign(refs ...images.Reference) {
	for _, ref := range refs {
		l.Attach(l, ref, CosignSign, l.key.Bundle(l, nil, SignStatement(l, ref.Digest), Sealing{}))
	}
}

// TestIndexes holds what signatures of an index prove for its platforms, and the reverse.
func TestIndexes(t *testing.T) {
	t.Parallel()
	whole := func(m multi) images.Reference { return m.index }
	part := func(m multi) images.Reference { return m.arm64 }
	cases := []struct {
		name   string
		sign   func(l *lab, m multi)
		ask    func(multi) images.Reference
		demand images.IndexDemand
		want   want
	}{
		{"index signed", func(l *lab, m multi) { l.sign(m.index) }, whole, images.IndexOnly, verified},
		{"index signed, platform used", func(l *lab, m multi) { l.sign(m.index) }, part, images.IndexOnly, want{images.Unsigned, "no signature is there"}},
		{"index's bundle beside a platform", func(l *lab, m multi) {
			l.Attach(l, m.arm64, CosignSign, l.key.Bundle(l, nil, SignStatement(l, m.index.Digest), Sealing{}))
		}, part, images.IndexOnly, unrelated},
		{"platforms signed", func(l *lab, m multi) { l.sign(m.amd64, m.arm64) }, whole, images.IndexOnly, want{images.Unsigned, "no signature is there"}},
		{"platforms signed, one used", func(l *lab, m multi) { l.sign(m.amd64, m.arm64) }, part, images.IndexOnly, verified},
		{"platforms signed, all asked for", func(l *lab, m multi) { l.sign(m.amd64, m.arm64) }, whole, images.AllChildren, verified},
		{"index signed, all asked for", func(l *lab, m multi) { l.sign(m.index) }, whole, images.AllChildren, verified},
		{"one platform signed, all asked for", func(l *lab, m multi) { l.sign(m.amd64) }, whole, images.AllChildren, want{images.Unsigned, "for linux/arm64, no signature is there"}},
		{"no index, all asked for", func(l *lab, m multi) { l.sign(m.arm64) }, part, images.AllChildren, verified},
	}
	for _, mediaType := range []string{"", dockerList} {
		for _, c := range cases {
			t.Run(c.name+strings.TrimPrefix(mediaType, "application/"), func(t *testing.T) {
				t.Parallel()
				l := newLab(t, API)
				m := l.multi(mediaType)
				c.sign(l, m)
				c.want.check(t, l.prove(images.Question{Reference: c.ask(m), Demand: &images.Demand{Signature: l.byKey(), Index: c.demand}}))
			})
		}
	}
}

// TestProofsApart holds that each kind of proof may be with the index or with all of its platforms.
func TestProofsApart(t *testing.T) {
	t.Parallel()
	bill := func(l *lab, refs ...images.Reference) {
		for _, ref := range refs {
			l.Attach(l, ref, SPDX, l.key.Bundle(l, nil, Statement(l, ref.Digest, SPDX, object{"packages": []object{{"name": "a"}}}), Sealing{}))
		}
	}
	for name, c := range map[string]struct {
		leave func(l *lab, m multi)
		want  want
	}{
		"index signed, bills of platforms":    {func(l *lab, m multi) { l.sign(m.index); bill(l, m.amd64, m.arm64) }, verified},
		"platforms signed, bill of the index": {func(l *lab, m multi) { l.sign(m.amd64, m.arm64); bill(l, m.index) }, verified},
		"a bill is missing":                   {func(l *lab, m multi) { l.sign(m.index); bill(l, m.amd64) }, want{images.Untrusted, "no bill of materials is there; nor is it proven for each platform: for linux/arm64"}},
	} {
		l := newLab(t, API)
		m := l.multi("")
		c.leave(l, m)
		t.Log(name)
		c.want.check(t, l.prove(images.Question{Reference: m.index, Demand: &images.Demand{Signature: l.byKey(), SBOM: true, Index: images.AllChildren}}))
	}
}

// TestPlatforms holds which platforms an image is said to have.
func TestPlatforms(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	m, docker := l.multi(""), l.multi(dockerList)
	_, v7 := l.ImageFor(l, repository, "", "linux/arm/v7")
	nested, _ := l.Index(l, repository, "", "", v7, indexOf(t, l, m))
	chart, _ := l.Artifact(l, "charts/web", "1.0.0", "application/vnd.cncf.helm.config.v1+json")
	for _, c := range []struct {
		name    string
		ref     images.Reference
		ask     string
		missing string
		reason  string
	}{
		{"both", m.index, "linux/amd64 linux/arm64", "", ""},
		{"of Docker's list", docker.index, "linux/amd64 linux/s390x", "linux/s390x", "it is not there for linux/s390x"},
		{"variant that is the usual", m.index, "linux/arm64/v8", "", ""},
		{"another variant", m.index, "linux/arm64/v9", "linux/arm64/v9", "not there"},
		{"one platform", m.amd64, "linux/amd64 linux/arm64", "linux/arm64", "not there"},
		{"nested", nested, "linux/arm/v7 linux/amd64", "", ""},
		{"any variant", nested, "linux/arm", "", ""},
		{"BuildKit's entry is none", m.index, "unknown/unknown", "unknown/unknown", "not there"},
		{"a chart", chart, "linux/amd64", "linux/amd64", `it is no image, but something with a configuration of the type "application/vnd.cncf.helm.config.v1+json"`},
	} {
		got := l.prove(images.Question{Reference: c.ref, Platforms: strings.Fields(c.ask)})
		if strings.Join(got.Platforms, " ") != c.missing || got.Verdict != images.NotAsked {
			t.Errorf("%s: missing %v, %q", c.name, got.Platforms, got.Verdict)
		}
		want{images.NotAsked, c.reason}.check(t, got)
	}
}

// indexOf pushes an index anew, and returns its descriptor.
func indexOf(t *testing.T, l *lab, m multi) registry.Descriptor {
	t.Helper()
	_, d := l.Index(l, repository, "", "", m.entries...)
	return d
}

// TestHostileIndexes holds that indexes without end are not followed, and not called a fault of the registry.
func TestHostileIndexes(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	_, d := l.Image(l, repository, "")
	var ref images.Reference
	for range 6 {
		ref, d = l.Index(l, repository, "", "", d)
	}
	got := l.prove(images.Question{Reference: ref, Platforms: []string{"linux/amd64"}, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Untrusted, "nested too deep"}.check(t, got)

	_, child := l.Image(l, repository, "")
	child.Platform = nil
	many := make([]registry.Descriptor, 300)
	for i := range many {
		many[i] = child
	}
	ref, _ = l.Index(l, repository, "", "", many...)
	got = l.prove(images.Question{Reference: ref, Platforms: []string{"linux/amd64"}, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Untrusted, "more than 200 manifests"}.check(t, got)
}

// TestBuildKit holds that what nobody signed is told, and proves nothing.
func TestBuildKit(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	m := l.multi("")
	got := l.prove(images.Question{Reference: m.index, Demand: &images.Demand{Provenance: &images.ProvenanceDemand{Source: pattern(t, "github.com/acme/web")}}})
	want{images.Unsigned, "BuildKit's attestations are there, and nobody signed them"}.check(t, got)
	l.sign(m.index)
	got = l.prove(images.Question{Reference: m.index, Demand: &images.Demand{Signature: l.byKey()}})
	verified.check(t, got)
}

// TestOldFormat holds that Docker's first format is told.
func TestOldFormat(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	d := l.Manifest(l, repository, "old", map[string]any{"schemaVersion": 1, "mediaType": "application/vnd.docker.distribution.manifest.v1+json", "name": repository, "tag": "old", "fsLayers": []any{}})
	ref := Reference(t, "%s/%s@%s", l.Host, repository, d.Digest)
	got := l.prove(images.Question{Reference: ref, Platforms: []string{"linux/amd64"}})
	want{images.NotAsked, "Docker's first format (schema 1)"}.check(t, got)
	l.sign(ref)
	got = l.prove(images.Question{Reference: ref, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Verified, "Docker's first format (schema 1)"}.check(t, got)
}

// TestPlatformBesideTag holds that a tag which names an index, beside the digest of one of its platforms, names the same image.
func TestPlatformBesideTag(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	m := l.multi(dockerList)
	other, _ := l.ImageFor(l, repository, "", "linux/s390x")
	for digest, want := range map[string]string{m.index.Digest: m.index.Digest, m.arm64.Digest: m.arm64.Digest, other.Digest: m.index.Digest} {
		got := l.prove(images.Question{Reference: Reference(l, "%s/%s:multi@%s", l.Host, repository, digest)})
		if got.TagDigest != want || got.Digest != digest {
			t.Errorf("%s: %+v, want tag %s", digest, got, want)
		}
	}
}

// TestHiddenPlatforms holds that an entry which somebody calls an attestation has to be proven as any other where nodes would
// pull it, and that what programs could take for an image or for an index is neither.
func TestHiddenPlatforms(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	signed, entry := l.ImageFor(l, repository, "", "linux/amd64")
	l.sign(signed)
	_, evil := l.ImageFor(l, repository, "", "linux/arm64")
	evil.Annotations = registry.Annotations{"vnd.docker.reference.type": "attestation-manifest"}
	hidden, _ := l.Index(l, repository, "", "", entry, evil)
	nowhere := evil
	nowhere.Platform = nil
	unnamed, _ := l.Index(l, repository, "", "", entry, nowhere)
	both := l.Manifest(l, repository, "both", map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
		"config": l.Blob(l, repository, "application/vnd.oci.image.config.v1+json", []byte("{}")), "layers": []any{}, "manifests": []registry.Descriptor{entry}})
	ambiguous := hidden
	ambiguous.Digest = both.Digest
	for _, c := range []struct {
		ref  images.Reference
		want want
	}{
		{hidden, want{images.Unsigned, "for linux/arm64, no signature is there"}},
		{unnamed, want{images.Unsigned, "no signature is there"}},
		{ambiguous, want{images.Untrusted, "an image and a list of images at once"}},
	} {
		c.want.check(t, l.prove(images.Question{Reference: c.ref, Demand: &images.Demand{Signature: l.byKey(), Index: images.AllChildren}}))
	}
}
