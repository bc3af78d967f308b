package evidence

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

const anyDigest = "sha256:293fdb809aa26eb836f0cfa39f5c2e925690bc2be19d2768a338344b4b49232b"

// suspicious is an examination that trusts one key, which nobody signed with, or nobody at all.
func suspicious(t testing.TB, roots *trust, keyed bool) *examination {
	t.Helper()
	demand := &images.Demand{Signature: &images.SignatureDemand{}, Provenance: &images.ProvenanceDemand{}, SBOM: true, Scan: &images.ScanDemand{FailOn: "low"}}
	var keys []*key
	if keyed {
		k, err := newKey(imagestest.NewKey(t).Public("k.pub"))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	r := &run{Prover: &Prover{trust: roots, config: Config{Now: time.Now}}}
	return r.begin(subject{ref: images.Reference{Host: "a.example", Repository: "b", Digest: anyDigest}, demand: demand}, signers{keys: keys})
}

// addRecorded adds what cosign left as seeds.
func addRecorded(f *testing.F) {
	f.Helper()
	files, err := filepath.Glob("testdata/cosign/blobs/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no recordings: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "")
	}
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`), `{"SignedEntryTimestamp":"AA==","Payload":{"body":"e30=","logID":"00"}}`)
}

// FuzzSeals holds that content which somebody pushed proves nothing, whatever it is, and that nothing panics: what a seal is
// read from is read as each of its forms.
func FuzzSeals(f *testing.F) {
	addRecorded(f)
	roots, err := newTrust(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, content []byte, note string) {
		layer := registry.Descriptor{Annotations: map[string]string{signatureNote: "AAAA", logNote: note, timestampNote: note, certificateNote: note}}
		for _, keyed := range []bool{true, false} {
			x := suspicious(t, roots, keyed)
			for _, s := range []*seal{readBundle(content, anyDigest), readSimple(layer, content, x.ref, x.names, keyed), readEnvelope(layer, content, anyDigest, keyed)} {
				if s.err == nil && s.bundle == nil {
					t.Fatalf("a seal that is neither read nor refused: %+v", s)
				}
				x.consider(s)
			}
			var answer images.Evidence
			x.conclude(&answer)
			if answer.Verdict == images.Verified || answer.Verdict == images.Indeterminate || strings.ContainsAny(answer.Reason, "\n\r\x00") {
				t.Fatalf("%s %q", answer.Verdict, answer.Reason)
			}
		}
	})
}

// FuzzPredicates holds that what is attested is read without panic, and that what cannot be read passes nothing.
func FuzzPredicates(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `"text"`, `{"packages":[1]}`, `{"Data":"{\"components\":[1]}"}`, `{"builder":{"id":"b"},"materials":[{"uri":"git+https://github.com/a/b@refs/heads/main"}]}`,
		`{"buildDefinition":{"externalParameters":{"workflow":{"repository":"https://github.com/A/b.git","ref":"r"}}}}`, `{"scanner":{"result":{"SchemaVersion":2,"Results":[{"Vulnerabilities":[{"Severity":"CRITICAL"}]}]}},"metadata":{"scanFinishedOn":"2026-01-01T00:00:00Z"}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, predicate []byte) {
		for _, kind := range []string{slsa02, slsa1} {
			if o, err := readOrigin(&statement{PredicateType: kind, Predicate: predicate}); err == nil && o.source != foldSource(o.source) {
				t.Fatalf("folding %q again gives %q", o.source, foldSource(o.source))
			}
		}
		for _, kind := range []string{"https://spdx.dev/Document", "https://cyclonedx.org/bom"} {
			if _, n, err := countItems(&statement{PredicateType: kind, Predicate: predicate}); err != nil && n != 0 {
				t.Fatal("something is counted in what cannot be read")
			}
		}
		all, err := findings(predicate)
		if err != nil && all != nil {
			t.Fatal("something is found in what cannot be read")
		}
		_, _ = scannedAt(predicate)
	})
}

// FuzzUniqueKeys holds that what passes is JSON in which no object has a key twice, by an independent reading.
func FuzzUniqueKeys(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"a":{"a":[{"a":1},{"a":1}]}}`, `[1,{}]`, `{} {}`, `"x"`, ``, `{"a"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if uniqueKeys(text) != nil {
			return
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("passed, and is no JSON: %v", err)
		}
		if n, m := keysIn(v), countKeys(t, text); n != m {
			t.Fatalf("%d keys are read of %d that are written", n, m)
		}
	})
}

func keysIn(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		n = len(v)
		for _, below := range v {
			n += keysIn(below)
		}
	case []any:
		for _, below := range v {
			n += keysIn(below)
		}
	}
	return n
}

// countKeys counts the keys that are written.
func countKeys(t *testing.T, text []byte) (n int) {
	t.Helper()
	type frame struct{ object, key bool }
	var open []frame
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := decoder.Token()
		if err != nil {
			return n
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(open) > 0 {
				open[len(open)-1].key = open[len(open)-1].object
			}
			open = append(open, frame{token == json.Delim('{'), token == json.Delim('{')})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			if top := &open[len(open)-1]; top.object {
				if top.key {
					n++
				}
				top.key = !top.key
			}
		}
	}
}

// FuzzTrustedRoot holds that a file of the policy is read or refused.
func FuzzTrustedRoot(f *testing.F) {
	f.Add(publicGood)
	f.Add([]byte("{}\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		roots, err := newTrust(text)
		if err == nil && (len(roots.roots) == 0 || roots.hash == "") {
			t.Fatal("nothing is read, and nothing is refused")
		}
	})
}

// TestSources holds which spellings of a source are one.
func TestSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ uri, source, ref string }{
		{"git+https://github.com/Acme/Web@refs/heads/main", "github.com/acme/web", "refs/heads/main"},
		{"git+https://github.com/acme/web.git@refs/tags/v1", "github.com/acme/web", "refs/tags/v1"},
		{"https://github.com/acme/web/", "github.com/acme/web", ""},
		{"git@github.com:acme/web.git", "github.com/acme/web", ""},
		{"ssh://git@github.com/acme/web.git", "github.com/acme/web", ""},
		{"git+https://user:secret@github.com/acme/web@refs/heads/main", "github.com/acme/web", "refs/heads/main"},
		{"git+https://github.com/acme/web@0123456789abcdef", "github.com/acme/web", ""},
		{"https://github.com/acme/web.git#refs/heads/main:sub", "github.com/acme/web", "refs/heads/main"},
		{"https://github.com/acme/web.git#0123456", "github.com/acme/web", ""},
		{"github.com/acme/web", "github.com/acme/web", ""},
		{"https://github.com.evil.example/acme/web", "github.com.evil.example/acme/web", ""},
		{"https://evil.example/@github.com/acme/web", "evil.example", ""},
		{"https://evil.example@github.com/acme/web", "github.com/acme/web", ""},
		{"https://github.com/acme/../evil/web", "", ""},
		{"https://github.com//acme/web", "", ""},
		{"", "", ""},
	} {
		if source, ref := splitSource(c.uri); source != c.source || ref != c.ref {
			t.Errorf("%s: %q %q, want %q %q", c.uri, source, ref, c.source, c.ref)
		}
	}
}

// TestRealBundle holds that the trust root that comes with us vouches for what a workflow at GitHub really signed: a bundle
// of an npm package that comes with sigstore-go.
func TestRealBundle(t *testing.T) {
	t.Parallel()
	roots, err := newTrust(nil)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "pkg", "testing", "data", "bundles", "sigstore.js@2.0.0-provenance.sigstore.json"))
	if err != nil {
		t.Fatalf("the module, with which this test is built, is not unpacked: %v", err)
	}
	other := readBundle(text, anyDigest)
	if other.err == nil || len(other.statement.Subject) != 1 {
		t.Fatalf("it is for any image, or for none: %v", other.err)
	}
	s := readBundle(text, "sha512:"+other.statement.Subject[0].Digest["sha512"])
	if s.err != nil {
		t.Fatal(s.err)
	}
	who, err := roots.identify(s)
	if err != nil {
		t.Fatal(err)
	}
	const workflow = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
	if who.String() != workflow || who.certificate.Issuer != "https://token.actions.githubusercontent.com" {
		t.Errorf("by %s", who)
	}
	made, err := readOrigin(s.statement)
	if err != nil || made.source != "github.com/sigstore/sigstore-js" || made.ref != "refs/heads/main" || crossCheck(made, who) != nil {
		t.Errorf("built from %+v (%v)", made, err)
	}
}
