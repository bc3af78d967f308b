package evidence_test

import (
	"crypto/sha512"
	"encoding/hex"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
)

// TestResolving holds what a reference is found to name.
func TestResolving(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, mode Mode) {
		l := newLab(t, mode)
		l.sign(l.image)
		old := l.image
		moved, _ := l.Image(l, repository, "1.2")
		demand := &images.Demand{Signature: l.byKey()}
		ask := func(reference string, d *images.Demand) images.Evidence {
			return l.prove(images.Question{Reference: Reference(l, "%s/%s", l.Host, reference), Demand: d})
		}
		if got := ask("acme/web:1.2", nil); got.Digest != moved.Digest || got.Verdict != images.NotAsked || got.TagDigest != "" {
			t.Errorf("tag: %+v", got)
		}
		want{images.Unsigned, "no signature"}.check(t, ask("acme/web:1.2", demand))
		pinned := ask("acme/web:1.2@"+old.Digest, demand)
		verified.check(t, pinned)
		if pinned.Digest != old.Digest || pinned.TagDigest != moved.Digest {
			t.Errorf("tag and digest: %+v", pinned)
		}
		gone := ask("acme/web:0.9@"+old.Digest, demand)
		want{images.Verified, "its tag 0.9 does not exist"}.check(t, gone)
		for _, absent := range []string{"acme/web:9", "acme/none:1", "acme/web@" + otherDigest, "acme/web:1.2@" + otherDigest} {
			got := ask(absent, demand)
			want{images.Unsigned, "does not have it"}.check(t, got)
			if !got.Missing || got.Unasked {
				t.Errorf("%s is not missing", absent)
			}
		}
		l.Break("/manifests/1.2", http.StatusInternalServerError)
		want{images.Verified, "what its tag 1.2 names could not be asked"}.check(t, ask("acme/web:1.2@"+old.Digest, demand))
		got := ask("acme/web:1.2", nil)
		want{images.NotAsked, "could not be asked"}.check(t, got)
		if got.Digest != "" || got.Missing {
			t.Errorf("not asked: %+v", got)
		}
	})
}

// TestOneDigestThroughout holds that what a tag names is looked up once: what it is moved to in the meantime changes nothing.
func TestOneDigestThroughout(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.sign(l.image)
	unsigned, _ := l.Image(l, repository, "")
	asked := 0
	l.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "/manifests/1.2") {
			return false
		}
		if asked++; asked == 1 {
			return false
		}
		w.Header().Set("Docker-Content-Digest", unsigned.Digest)
		return true
	})
	tag := Reference(t, "%s/acme/web:1.2", l.Host)
	got := l.prove(images.Question{Reference: tag, Demand: &images.Demand{Signature: l.byKey()}, Platforms: []string{"linux/amd64"}})
	verified.check(t, got)
	if got.Digest != l.image.Digest || asked != 1 {
		t.Errorf("asked %d times, and found %s", asked, got.Digest)
	}
}

// TestLies holds that content which is not what its digest says is the registry's fault, and proves nothing.
func TestLies(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.sign(l.image)
	other := l.Content(t, repository, l.image.Digest)
	lie := func(part string, content []byte) {
		l.Fault(func(w http.ResponseWriter, req *http.Request) bool {
			if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, part) {
				return false
			}
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			_, _ = w.Write(content)
			return true
		})
	}
	demand := &images.Demand{Signature: l.byKey()}
	lie("/blobs/", []byte("another"))
	want{images.Indeterminate, "does not have the digest"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	lie("/manifests/sha256:", append(other, ' '))
	want{images.Indeterminate, "does not have the digest"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand, Platforms: []string{"linux/amd64"}}))
	tag := Reference(t, "%s/acme/web:1.2", l.Host)
	want{images.Indeterminate, "does not have the digest"}.check(t, l.prove(images.Question{Reference: tag, Demand: demand}))
}

// TestSHA512 holds that images by other digests are proven by statements over those.
func TestSHA512(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	sum := sha512.Sum512(l.Content(t, repository, l.image.Digest))
	encoded := hex.EncodeToString(sum[:])
	long := Reference(t, "%s/%s@sha512:%s", l.Host, repository, encoded)
	bundle := l.key.Bundle(t, nil, StatementOf(t, map[string]string{"sha512": encoded}, CosignSign, nil), Sealing{})
	d := l.Refer(t, l.image, Referrer{ArtifactType: Bundle, Unlinked: true, Seals: []Seal{SealOf(Bundle, bundle)}})
	l.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		switch {
		case strings.HasSuffix(req.URL.Path, "/manifests/sha512:"+encoded):
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		case strings.HasSuffix(req.URL.Path, "/referrers/sha512:"+encoded):
			w.WriteHeader(http.StatusNotFound)
		case strings.HasSuffix(req.URL.Path, "/manifests/sha512-"+encoded[:64]): // as much as a tag has room for
			_, _ = w.Write([]byte(`{"manifests":[{"digest":"` + d.Digest + `"}]}`))
		case strings.Contains(req.URL.Path, "sha512"):
			t.Errorf("asked for %s", req.URL.Path)
			return false
		default:
			return false
		}
		return true
	})
	verified.check(t, l.prove(images.Question{Reference: long, Demand: &images.Demand{Signature: l.byKey()}}))
}

// TestOnceEach holds that an image is asked about once, however often it is used and by how many tags.
func TestOnceEach(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.sign(l.image)
	l.Manifest(t, repository, "1.2.0", jsonOf(t, l.Content(t, repository, "1.2")))
	p, err := evidence.New(l.config)
	if err != nil {
		t.Fatal(err)
	}
	demand := &images.Demand{Signature: l.byKey()}
	var questions []images.Question
	for range 500 {
		for _, tag := range []string{"1.2", "1.2.0"} {
			questions = append(questions, images.Question{Reference: Reference(t, "%s/acme/web:%s", l.Host, tag), Demand: demand})
		}
	}
	l.Requests()
	answers := p.Prove(t.Context(), questions)
	if len(answers) != 2 {
		t.Fatalf("%d answers", len(answers))
	}
	for ref, answer := range answers {
		if answer.Verdict != images.Verified || answer.Digest != l.image.Digest {
			t.Errorf("%s: %+v", ref, answer)
		}
	}
	if asked := l.Requests(); len(asked) != 1+2+3 { // how to sign in, two tags, the list, the bundle's manifest and the bundle
		t.Errorf("asked %v", asked)
	}
}

// TestMergedQuestions holds that the platforms of all questions about an image count, and the demand of the first that has one.
func TestMergedQuestions(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	p, err := evidence.New(l.config)
	if err != nil {
		t.Fatal(err)
	}
	got := p.Prove(t.Context(), []images.Question{{Reference: l.image, Platforms: []string{"linux/s390x"}},
		{Reference: l.image, Demand: &images.Demand{Signature: l.byKey()}, Platforms: []string{"linux/arm64", "linux/amd64"}}})[l.image]
	if strings.Join(got.Platforms, " ") != "linux/s390x linux/arm64" || got.Verdict != images.Unsigned {
		t.Errorf("%+v", got)
	}
}

// shelf keeps in memory.
type shelf struct {
	mu   sync.Mutex
	data map[string][]byte
}

func (s *shelf) Kept(name, key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[name+"\n"+key]
}

func (s *shelf) Keep(name, key string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data[name+"\n"+key] = data
}

// TestCache holds that what is proven is remembered, for as long as it holds and for this demand only, and nothing else is.
func TestCache(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	now := time.Now()
	l.config.Now = func() time.Time { return now }
	kept := &shelf{data: map[string][]byte{}}
	l.config.Cache = kept
	tag := Reference(t, "%s/acme/web:1.2", l.Host)
	demand := &images.Demand{Signature: l.byKey(), Scan: &images.ScanDemand{MaxAge: 24 * time.Hour}}
	ask := func(d *images.Demand) (images.Evidence, []string) {
		l.config.Registry = Client(t, l.Registry)
		l.Requests()
		got := l.prove(images.Question{Reference: tag, Demand: d})
		return got, l.Requests()
	}
	got, _ := ask(demand)
	want{images.Unsigned, "no signature is there; no scan is there"}.check(t, got)
	l.Break("/referrers/", http.StatusInternalServerError)
	got, _ = ask(demand)
	want{images.Indeterminate, "500"}.check(t, got)
	l.Fault(nil)
	if len(kept.data) != 0 {
		t.Fatalf("kept what may be otherwise a moment later: %v", kept.data)
	}
	l.sign(l.image)
	l.attest(attestation{kind: Vuln, predicate: vuln(now.Add(-time.Hour), trivy())})
	first, asked := ask(demand)
	verified.check(t, first)
	again, asked2 := ask(demand)
	if again.Verdict != images.Verified || again.Facts["scanned"] != first.Facts["scanned"] || len(asked2) != 2 || len(asked) <= 2 {
		t.Errorf("%+v after %v", again, asked2)
	}
	pinned := l.image
	l.config.Registry = Client(t, l.Registry)
	if got := l.prove(images.Question{Reference: pinned, Demand: demand}); got.Verdict != images.Verified || len(l.Requests()) != 0 {
		t.Errorf("by digest: %+v", got)
	}
	now = now.Add(24 * time.Hour)
	got, _ = ask(demand)
	want{images.Untrusted, "and the policy asks for one of the last 24h0m0s"}.check(t, got)
	now = now.Add(-24 * time.Hour)
	other := &images.Demand{Signature: &images.SignatureDemand{Keys: []images.Key{NewKey(t).Public("keys/acme.pub")}}}
	got, _ = ask(other)
	want{images.Untrusted, "not by the key"}.check(t, got)
	l.config.TrustedRoot = NewAuthority(t).TrustedRoot(t, Parts{})
	if _, asked := ask(demand); len(asked) <= 2 {
		t.Error("remembered under another trust root")
	}
}

// TestCacheOfKeys holds that what a key signed is remembered for as long as the key counts.
func TestCacheOfKeys(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	now := time.Now()
	l.config.Now, l.config.Cache = func() time.Time { return now }, &shelf{data: map[string][]byte{}}
	l.sign(l.image)
	demand := &images.Demand{Signature: &images.SignatureDemand{Keys: []images.Key{l.key.Between("a.pub", time.Time{}, now.Add(time.Hour))}}}
	verified.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
	now = now.Add(2 * time.Hour)
	want{images.Untrusted, "a.pub, which counts until"}.check(t, l.prove(images.Question{Reference: l.image, Demand: demand}))
}

// TestCacheOfPlatforms holds that platforms are remembered for those that were asked for.
func TestCacheOfPlatforms(t *testing.T) {
	t.Parallel()
	l := newLab(t, API)
	l.config.Cache = &shelf{data: map[string][]byte{}}
	for _, c := range []struct{ platforms, missing string }{{"linux/amd64", ""}, {"linux/amd64", ""}, {"linux/amd64 linux/arm64", "linux/arm64"}} {
		got := l.prove(images.Question{Reference: l.image, Platforms: strings.Fields(c.platforms)})
		if strings.Join(got.Platforms, " ") != c.missing {
			t.Errorf("%s: %+v", c.platforms, got)
		}
	}
}

// TestTrustRoots holds which trust roots are taken.
func TestTrustRoots(t *testing.T) {
	t.Parallel()
	a := NewAuthority(t)
	for _, c := range []struct {
		name string
		root []byte
		want string
	}{
		{"the public good", nil, ""},
		{"one", a.TrustedRoot(t, Parts{}), ""},
		{"empty", []byte{}, "the file is empty"},
		{"no JSON", []byte("x"), "reading the trust root"},
		{"something else", []byte(`{"a":1}`), "want Sigstore's trusted_root.json"},
		{"neither log nor clock", a.TrustedRoot(t, Parts{NoLog: true, NoTimestamps: true}), "neither a transparency log nor a timestamp authority"},
	} {
		_, err := evidence.New(evidence.Config{TrustedRoot: c.root})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestPublicGood holds the trust root that comes with us to the one that comes with the module it is from.
func TestPublicGood(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore").Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "pkg", "tuf", "repository", "targets", "trusted_root.json"))
	if err != nil {
		t.Fatalf("the module, with which this test is built, is not unpacked: %v", err)
	}
	ours, err := os.ReadFile("public_good.json")
	if err != nil || string(ours) != string(theirs) {
		t.Errorf("public_good.json is another than the module's (%v): copy it", err)
	}
}
