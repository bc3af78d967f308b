package evidence_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// TestFaults holds that what a registry does not answer is indeterminate and never unsigned, wherever it happens; and that
// what is known not to be met stays so.
func TestFaults(t *testing.T) {
	t.Parallel()
	wrong := signBundle(Workflow("evil/web", ".github/workflows/release.yaml", "refs/heads/main"), Sealing{})
	right := signBundle(release, Sealing{})
	list := "/manifests/sha256-"
	for _, status := range []int{http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusForbidden, http.StatusUnauthorized, http.StatusBadGateway} {
		unknown := want{images.Indeterminate, fmt.Sprintf("%d", status)}
		for _, c := range []struct {
			name  string
			leave func(l *lab)
			part  map[Mode]string // of the path that fails
			want  want
		}{
			{"list of referrers", right, map[Mode]string{API: "/referrers/", Fallback: list}, unknown},
			{"list of referrers, nothing else there", func(*lab) {}, map[Mode]string{API: "/referrers/", Fallback: list}, unknown},
			{"bundle", right, map[Mode]string{API: "/blobs/", Fallback: "/blobs/"}, unknown},
			{"tag of signatures", wrong, map[Mode]string{API: ".sig", Fallback: ".sig"}, unknown},
			{"tag of signatures, when it is not needed", right, map[Mode]string{API: ".sig", Fallback: ".sig"}, verified},
			{"the image", right, map[Mode]string{API: "/manifests/sha256:", Fallback: "/manifests/sha256:"}, unknown},
			{"everything", right, map[Mode]string{API: "/v2/", Fallback: "/v2/"}, want{images.Indeterminate, "could not be asked"}},
		} {
			t.Run(fmt.Sprintf("%s %d", c.name, status), func(t *testing.T) {
				t.Parallel()
				both(t, func(t *testing.T, mode Mode) {
					l := newLab(t, mode)
					c.leave(l)
					l.Break(c.part[mode], status)
					c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: byIdentity(t)}}))
				})
			})
		}
	}
}

// TestPartialFaults holds the verdict on several demands of which one could not be asked.
func TestPartialFaults(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.sign(l.image)
	demand := &images.Demand{Signature: l.byKey(), SBOM: true}
	l.Break(".att", http.StatusServiceUnavailable)
	got := l.prove(images.Question{Reference: l.image, Demand: demand})
	want{images.Indeterminate, "503"}.check(t, got)
	if got.Proofs[images.ProofSignature].Verdict != images.Verified || got.Proofs[images.ProofSBOM].Verdict != images.Indeterminate {
		t.Errorf("proofs %v", got.Proofs)
	}
	l.Fault(nil)
	got = l.prove(images.Question{Reference: l.image, Demand: demand})
	want{images.Untrusted, "no bill of materials is there"}.check(t, got)
	if got.Proofs[images.ProofSBOM].Verdict != images.Unsigned {
		t.Errorf("proofs %v", got.Proofs)
	}
}

// TestHang holds that a registry which does not answer is given up.
func TestHang(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.sign(l.image)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	l.Fault(func(_ http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/referrers/") {
			<-release
		}
		return false
	})
	l.config.Timeout = 200 * time.Millisecond
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Indeterminate, "did not answer in time"}.check(t, got)
}

// TestJunk holds that what somebody pushed is not taken for a fault of the registry, which a policy may pass over.
func TestJunk(t *testing.T) {
	t.Parallel()
	junk := func(l *lab, n int) {
		for i := range n {
			l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Seals: []Seal{SealOf(Bundle, fmt.Appendf(nil, "junk %d", i))}})
		}
	}
	list := func(l *lab) string { return strings.Replace(l.image.Digest, ":", "-", 1) }
	runSignatures(t, []signatureCase{
		{"one", func(l *lab) { junk(l, 1) }, (*lab).byKey, want{images.Untrusted, "no signature that can be read"}},
		{"among it a signature", func(l *lab) { junk(l, 40); l.sign(l.image) }, (*lab).byKey, verified},
		{"a bill of materials of nobody", func(l *lab) {
			l.Refer(l, l.image, Referrer{ArtifactType: "application/spdx+json", Seals: []Seal{SealOf("application/spdx+json", []byte("{}"))}})
		}, (*lab).byKey, want{images.Unsigned, "no signature is there"}},
		{"a huge bundle", func(l *lab) {
			l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Seals: []Seal{SealOf(Bundle, make([]byte, 25<<20))}})
		}, (*lab).byKey, want{images.Untrusted, "is larger than"}},
		{"listed and gone", func(l *lab) {
			l.Break(l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Seals: []Seal{SealOf(Bundle, []byte("{}"))}}).Digest, http.StatusNotFound)
		}, (*lab).byKey, want{images.Unsigned, "no signature is there"}},
		{"a list that is none", func(l *lab) {
			l.Manifest(l, repository, list(l), map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
				"config": l.Blob(l, repository, "application/json", []byte("{}")), "layers": []any{}})
		}, (*lab).byKey, want{images.Untrusted, "which lists referrers, holds something else"}},
	})
}

// TestAddressesInLists holds that what a list names does not become an address, unless it is a digest.
func TestAddressesInLists(t *testing.T) {
	t.Parallel()
	l := newLab(t, Fallback)
	l.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "..") || strings.Contains(req.URL.Path, "secret") || strings.HasSuffix(req.URL.Path, "/latest") {
			t.Errorf("asked for %s", req.URL.Path)
		}
		if !strings.HasSuffix(req.URL.Path, "/manifests/"+strings.Replace(l.image.Digest, ":", "-", 1)) {
			return false
		}
		_, _ = w.Write([]byte(`{"manifests":[{"digest":"../../secret/manifests/latest"},{"digest":"latest"},{"digest":""}]}`))
		return true
	})
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Untrusted, "something that is no digest"}.check(t, got)
}

// TestMuch holds that large seals do not fill the memory, and that no more than so much is read for an image.
func TestMuch(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	for i := range 5 {
		l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Seals: []Seal{SealOf(Bundle, append(make([]byte, 15<<20), byte(i)))}})
	}
	l.Requests()
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Untrusted, "and 64 MiB, that are read"}.check(t, got)
	blobs := 0
	for _, asked := range l.Requests() {
		if strings.Contains(asked, "/blobs/") {
			blobs++
		}
	}
	if blobs != 4 {
		t.Errorf("%d blobs are read", blobs)
	}
}

// TestFlood holds that thousands of referrers cost little, and do not make an image indeterminate.
func TestFlood(t *testing.T) {
	t.Parallel()
	l := newLab(t, Fallback)
	l.sign(l.image)
	many := make([]registry.Descriptor, 10_000)
	for i := range many {
		many[i] = registry.Descriptor{MediaType: "application/vnd.oci.image.manifest.v1+json", Digest: l.image.Digest, Size: 1}
	}
	l.List(l, l.image, many...)
	l.Requests()
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}})
	want{images.Untrusted, "more than 1000 referrers"}.check(t, got)
	if n := len(l.Requests()); n > 10 {
		t.Errorf("%d requests", n)
	}
}

// TestEmptyListBesideFallback holds that a registry with the API whose list is empty is asked for the tag as well: signers
// that did not know the API put their list there.
func TestEmptyListBesideFallback(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	bundle := l.key.Bundle(l, nil, SignStatement(l, l.image.Digest), Sealing{})
	l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Unlinked: true, Seals: []Seal{SealOf(Bundle, bundle)}})
	got := l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}})
	verified.check(t, got)
}

// TestFloods holds that a registry which gives up, or is too slow, for the junk that somebody pushed is not at fault: with a
// gate that passes over what could not be asked, pushing junk would else let anything pass.
func TestFloods(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, req *http.Request) bool{
		"asked too often": func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true },
		"no time left":    func(_ http.ResponseWriter, req *http.Request) bool { <-req.Context().Done(); return true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, API)
			for i := range 60 {
				l.Refer(l, l.image, Referrer{ArtifactType: Bundle, Seals: []Seal{SealOf(Bundle, fmt.Appendf(nil, "junk %d", i))}})
			}
			var asked atomic.Int32
			l.Fault(func(w http.ResponseWriter, req *http.Request) bool {
				return asked.Add(1) > 110 && answer(w, req)
			})
			if name == "no time left" {
				l.config.Timeout = 5 * time.Second
			}
			want{images.Untrusted, "more is attached to it than can be read"}.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}}))
		})
	}
}

// TestUnreadableManifests holds that manifests which registries take, and nobody can read, are not the registry's fault, and
// that annotations which are no text hide nothing.
func TestUnreadableManifests(t *testing.T) {
	t.Parallel()
	refer := func(l *lab, more map[string]any) {
		_, subject := l.Artifact(l, repository, "", "application/json")
		subject.Digest = l.image.Digest
		m := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "subject": subject,
			"config": l.Blob(l, repository, "application/json", []byte("{}")), "layers": []any{}}
		for key, value := range more {
			m[key] = value
		}
		l.List(l, l.image, l.Manifest(l, repository, "", m))
	}
	for name, c := range map[string]struct {
		leave func(l *lab)
		want  want
	}{
		"layers that are none":      {func(l *lab) { refer(l, map[string]any{"layers": "x"}) }, want{images.Untrusted, "its manifest cannot be read"}},
		"image and list at once":    {func(l *lab) { refer(l, map[string]any{"manifests": []any{}}) }, want{images.Untrusted, "an image and a list of images at once"}},
		"annotations of numbers":    {func(l *lab) { refer(l, map[string]any{"annotations": map[string]any{"a": 1}}) }, want{images.Unsigned, "no signature is there"}},
		"annotations that are none": {func(l *lab) { refer(l, map[string]any{"annotations": 1}) }, want{images.Unsigned, "no signature is there"}},
		"a tag that cannot be read": {func(l *lab) {
			l.Manifest(l, repository, strings.Replace(l.image.Digest, ":", "-", 1)+".sig", map[string]any{"layers": 1})
		}, want{images.Untrusted, "its manifest cannot be read"}},
		"beside what is signed well": {func(l *lab) { refer(l, map[string]any{"layers": 7}); l.sign(l.image) }, verified},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, Fallback)
			c.leave(l)
			c.want.check(t, l.prove(images.Question{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}}))
		})
	}
}
