package evidence_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/evidence"
	. "github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// cosignPath makes TestCosign record anew what cosign leaves and says: see testdata/cosign/record.sh.
var cosignPath = flag.String("cosign", "", "record testdata/cosign with this cosign")

const recorded = "testdata/cosign"

// record is what cosign left in a registry, and what it said of it.
type record struct {
	Host      string            // as the signatures name it
	Digests   map[string]string // of the images, by their names
	Manifests []recordedManifest
	Cosign    map[string]int // its exit codes, by scenario
}

type recordedManifest struct{ Repository, Reference, File string }

// list returns the tag that stands in for the referrers API, "" for other manifests.
func (m recordedManifest) list() string {
	if strings.HasPrefix(m.Reference, "sha256-") && !strings.Contains(m.Reference, ".") {
		return m.Reference
	}
	return ""
}

// scenario is a question to cosign and to us.
type scenario struct {
	name    string
	image   string   // name of the image
	verify  []string // cosign's arguments
	demand  func(r *record, key images.Key) *images.Demand
	fault   int // of the list of referrers
	cosign  int // its exit code
	verdict images.Verdict
}

func signedBy(_ *record, key images.Key) *images.Demand {
	return &images.Demand{Signature: &images.SignatureDemand{Keys: []images.Key{key}}}
}

func provenBy(_ *record, key images.Key) *images.Demand {
	d := signedBy(nil, key)
	builder, _ := images.ParseNamePattern("https://builder.example/*")
	source, _ := images.ParseNamePattern("github.com/acme/web")
	d.Provenance = &images.ProvenanceDemand{Builder: builder, Source: source}
	return d
}

func attestedBy(_ *record, key images.Key) *images.Demand {
	d := provenBy(nil, key)
	d.SBOM, d.Scan = true, &images.ScanDemand{FailOn: "critical"}
	return d
}

// scenarios are the table of verdicts beside cosign's. Where they differ it is by intention: a registry that does not answer
// says nothing of an image, who attests to something (a scan, say) does not sign, and a signature for another repository is
// not one for this.
var scenarios = []scenario{
	{"signed in the first format", "first", []string{"verify"}, signedBy, 0, 0, images.Verified},
	{"signed as a bundle", "bundle", []string{"verify"}, signedBy, 0, 0, images.Verified},
	{"attested in the first format", "first", []string{"verify-attestation", "--type", "slsaprovenance1"}, attestedBy, 0, 0, images.Verified},
	{"attested as bundles", "bundle", []string{"verify-attestation", "--type", "slsaprovenance1"}, attestedBy, 0, 0, images.Verified},
	{"provenance 0.2", "older", []string{"verify-attestation", "--type", "slsaprovenance"}, provenBy, 0, 0, images.Verified},
	{"attested and not signed", "attested", []string{"verify"}, signedBy, 0, 0, images.Unsigned},
	{"not signed", "plain", []string{"verify"}, signedBy, 0, 10, images.Unsigned},
	{"another key, first format", "other-first", []string{"verify"}, signedBy, 0, 12, images.Untrusted},
	{"another key, bundle", "other-bundle", []string{"verify"}, signedBy, 0, 1, images.Untrusted},
	{"the registry is asked too often", "bundle", []string{"verify"}, signedBy, http.StatusTooManyRequests, 10, images.Indeterminate},
	{"the registry fails", "bundle", []string{"verify"}, signedBy, http.StatusInternalServerError, 10, images.Indeterminate},
	{"signed elsewhere and copied", "copied", []string{"verify"}, signedBy, 0, 0, images.Untrusted},
}

// TestCosign holds our verdicts on what cosign leaves, beside its own.
func TestCosign(t *testing.T) {
	t.Parallel()
	if *cosignPath != "" {
		recordCosign(t)
	}
	text, err := os.ReadFile(filepath.Join(recorded, "record.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(filepath.Join(recorded, "cosign.pub"))
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []Mode{API, Fallback} {
		played := r.play(t, mode)
		for _, s := range scenarios {
			if said, asked := r.Cosign[s.name]; !asked || said != s.cosign {
				t.Errorf("%s: cosign ended with %d (asked: %v), want %d", s.name, said, asked, s.cosign)
			}
			played.Fault(nil)
			if s.fault != 0 {
				failReferrers(played, s.fault)
			}
			p, err := evidence.New(evidence.Config{Registry: r.client(t, played), Now: func() time.Time { return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC) }})
			if err != nil {
				t.Fatal(err)
			}
			ref := Reference(t, "%s/acme/%s@%s", r.Host, s.image, r.Digests[s.image])
			demand := s.demand(&r, images.Key{File: "cosign.pub", PEM: pem})
			got := p.Prove(t.Context(), []images.Question{{Reference: ref, Demand: demand}})[ref]
			if got.Verdict != s.verdict || (got.Reason == "") != (s.verdict == images.Verified) {
				t.Errorf("%s, %s: %s %q, want %s", mode, s.name, got.Verdict, got.Reason, s.verdict)
			}
		}
	}
}

// TestCosignTable holds the table of verdicts in docs/images.md to the scenarios; -update writes it anew.
func TestCosignTable(t *testing.T) {
	t.Parallel()
	const page, begin, end = "../../../docs/images.md", "<!-- cosign: begin -->\n", "<!-- cosign: end -->"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s lacks %s or %s", page, begin, end)
	}
	now := before + begin + "\n| what is there | `cosign verify`, exit code | here |\n|---|---|---|\n"
	for _, s := range scenarios {
		now += fmt.Sprintf("| %s | %d | `%s` |\n", s.name, s.cosign, s.verdict)
	}
	if now += "\n" + end + after; now == string(text) {
		return
	}
	if !*updatePage {
		t.Fatalf("the table in %s is stale: go test ./internal/images/evidence -run TestCosignTable -update", page)
	}
	if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
		t.Fatal(err)
	}
}

var updatePage = flag.Bool("update", false, "write the table of docs/images.md anew")

func failReferrers(r *Registry, status int) {
	r.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		list := strings.Contains(req.URL.Path, "/referrers/") || strings.Contains(req.URL.Path, "/manifests/sha256-") && !strings.Contains(req.URL.Path, ".")
		if list {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
		}
		return list
	})
}

// play puts a record into a registry.
func (r *record) play(t *testing.T, mode Mode) *Registry {
	t.Helper()
	to := NewRegistry(t, mode)
	blob := func(repository string, d registry.Descriptor) {
		content, err := os.ReadFile(filepath.Join(recorded, "blobs", strings.TrimPrefix(d.Digest, "sha256:")))
		if err != nil {
			t.Fatal(err)
		}
		to.Blob(t, repository, d.MediaType, content)
	}
	slices.SortStableFunc(r.Manifests, func(a, b recordedManifest) int { return strings.Compare(a.list(), b.list()) })
	for _, m := range r.Manifests {
		if mode == API && m.list() != "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(recorded, "manifests", m.File))
		if err != nil {
			t.Fatal(err)
		}
		var manifest registry.Manifest
		if err := json.Unmarshal(text, &manifest); err != nil {
			t.Fatal(err)
		}
		if manifest.Config.Digest != "" {
			blob(m.Repository, manifest.Config)
		}
		for _, layer := range manifest.Layers {
			blob(m.Repository, layer)
		}
		to.Manifest(t, m.Repository, m.Reference, json.RawMessage(text))
	}
	return to
}

// client returns a client that finds a registry under the name that the record has of it.
func (r *record) client(t *testing.T, at *Registry) *registry.Client {
	t.Helper()
	c := registry.New(registry.Config{Allows: func(images.Reference) bool { return true }, Hosts: []registry.Host{{Name: r.Host, Private: true, PlainHTTP: true}},
		Network: registry.Network{Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, at.Host)
		}}})
	t.Cleanup(c.Close)
	return c
}

// recorder runs cosign against a registry without the referrers API, so that tags lead to all that it leaves.
type recorder struct {
	*testing.T
	*Registry
	dir    string // of keys and predicates
	pushed []string
}

func recordCosign(t *testing.T) {
	t.Helper()
	r := &recorder{T: t, Registry: NewRegistry(t, Fallback), dir: t.TempDir()}
	r.Fault(func(_ http.ResponseWriter, req *http.Request) bool {
		if req.Method == http.MethodPut && strings.Contains(req.URL.Path, "/manifests/") && !slices.Contains(r.pushed, req.URL.Path) {
			r.pushed = append(r.pushed, req.URL.Path)
		}
		return false
	})
	for _, name := range []string{"cosign", "other"} {
		r.cosign("generate-key-pair", "--output-key-prefix", filepath.Join(r.dir, name))
	}
	made := &record{Host: r.Host, Digests: map[string]string{}, Cosign: map[string]int{}}
	for _, name := range []string{"first", "bundle", "older", "attested", "plain", "other-first", "other-bundle"} {
		ref, _ := r.Image(t, "acme/"+name, "1")
		made.Digests[name] = ref.Digest
	}
	r.leave(made)
	r.copySignature(made)
	for _, s := range scenarios {
		made.Cosign[s.name] = r.ask(made, s)
	}
	r.save(made)
}

// leave signs and attests the images.
func (r *recorder) leave(made *record) {
	first := []string{"--new-bundle-format=false"}
	r.sign(made, "first", "cosign", first)
	r.sign(made, "bundle", "cosign", nil)
	r.sign(made, "other-first", "other", first)
	r.sign(made, "other-bundle", "other", nil)
	for kind, predicate := range predicates {
		file := filepath.Join(r.dir, kind+".json")
		if err := os.WriteFile(file, []byte(predicate), 0o600); err != nil {
			r.Fatal(err)
		}
		targets := map[string][]string{"first": first, "bundle": nil}
		if kind == "slsaprovenance" {
			targets = map[string][]string{"older": nil, "attested": nil}
		}
		for name, more := range targets {
			r.run(append([]string{"attest", "--type", kind, "--predicate", file}, more...), made, name, "cosign")
		}
	}
	r.sign(made, "older", "cosign", nil)
}

// predicates are what is attested, by cosign's names of their types.
var predicates = map[string]string{
	"slsaprovenance": `{"builder":{"id":"https://builder.example/v0"},"buildType":"https://builder.example/type","invocation":{"configSource":{"uri":"git+https://github.com/acme/web@refs/heads/main"}}}`,
	"slsaprovenance1": `{"buildDefinition":{"buildType":"https://builder.example/type","externalParameters":{"workflow":{"repository":"https://github.com/acme/web","ref":"refs/heads/main"}}},` +
		`"runDetails":{"builder":{"id":"https://builder.example/v1"}}}`,
	"spdxjson": `{"spdxVersion":"SPDX-2.3","packages":[{"name":"busybox"}]}`,
	"vuln":     `{"scanner":{"result":{"SchemaVersion":2,"Results":[]}},"metadata":{"scanStartedOn":"2025-01-01T00:00:00Z","scanFinishedOn":"2025-01-01T00:01:00Z"}}`,
}

func (r *recorder) sign(made *record, name, key string, more []string) {
	r.run(append([]string{"sign"}, more...), made, name, key)
}

// run runs a command that leaves something, without a log or a clock to ask.
func (r *recorder) run(args []string, made *record, name, key string) {
	args = append(args, "--key", filepath.Join(r.dir, key+".key"), "--tlog-upload=false", "--use-signing-config=false", "-y",
		r.Host+"/acme/"+name+"@"+made.Digests[name])
	if code := r.cosign(args...); code != 0 {
		r.Fatalf("cosign %v ended with %d", args, code)
	}
}

// copySignature copies an image and its signature to another repository.
func (r *recorder) copySignature(made *record) {
	from, digest := "acme/first", made.Digests["first"]
	for _, reference := range []string{digest, strings.Replace(digest, ":", "-", 1) + ".sig"} {
		text := r.Content(r, from, reference)
		var m registry.Manifest
		if err := json.Unmarshal(text, &m); err != nil {
			r.Fatal(err)
		}
		for _, d := range append(m.Layers, m.Config) {
			r.Blob(r, "acme/copied", d.MediaType, r.fetch(from, d.Digest))
		}
		r.Manifest(r, "acme/copied", reference, json.RawMessage(text))
	}
	made.Digests["copied"] = digest
}

func (r *recorder) fetch(repository, digest string) []byte {
	ref := Reference(r, "%s/%s@%s", r.Host, repository, digest)
	blob, err := Client(r, r.Registry).Blob(r.Context(), ref, registry.Descriptor{Digest: digest}, 1<<20)
	if err != nil {
		r.Fatal(err)
	}
	return blob
}

// ask returns cosign's exit code on a scenario.
func (r *recorder) ask(made *record, s scenario) int {
	if s.fault != 0 {
		failReferrers(r.Registry, s.fault)
		defer r.Fault(nil)
	}
	return r.cosign(append(s.verify, "--key", filepath.Join(r.dir, "cosign.pub"), "--insecure-ignore-tlog=true", r.Host+"/acme/"+s.image+"@"+made.Digests[s.image])...)
}

func (r *recorder) cosign(args ...string) int {
	cmd := exec.Command(*cosignPath, args...)
	cmd.Env = append(os.Environ(), "COSIGN_PASSWORD=", "HOME="+r.dir)
	out, err := cmd.CombinedOutput()
	r.Logf("cosign %v: %v\n%s", args, err, out)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		r.Fatal(err)
	}
	return 0
}

// save writes what is in the registry: public keys and signatures, never a private key.
func (r *recorder) save(made *record) {
	r.Fault(nil)
	for _, dir := range []string{"blobs", "manifests"} {
		if err := errors.Join(os.RemoveAll(filepath.Join(recorded, dir)), os.MkdirAll(filepath.Join(recorded, dir), 0o750)); err != nil {
			r.Fatal(err)
		}
	}
	for _, path := range r.pushed {
		repository, reference, _ := strings.Cut(strings.TrimPrefix(path, "/v2/"), "/manifests/")
		text := r.Content(r, repository, reference)
		var m registry.Manifest
		if err := json.Unmarshal(text, &m); err != nil {
			r.Fatal(err)
		}
		for _, d := range append(m.Layers, m.Config) {
			if d.Digest != "" {
				r.write(filepath.Join("blobs", strings.TrimPrefix(d.Digest, "sha256:")), r.fetch(repository, d.Digest))
			}
		}
		file := strings.ReplaceAll(repository, "/", "_") + "_" + strings.ReplaceAll(reference, ":", "_")
		r.write(filepath.Join("manifests", file), text)
		made.Manifests = append(made.Manifests, recordedManifest{repository, reference, file})
	}
	pem, err := os.ReadFile(filepath.Join(r.dir, "cosign.pub"))
	if err != nil {
		r.Fatal(err)
	}
	r.write("cosign.pub", pem)
	text, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		r.Fatal(err)
	}
	r.write("record.json", append(text, '\n'))
}

func (r *recorder) write(file string, content []byte) {
	if err := os.WriteFile(filepath.Join(recorded, file), content, 0o600); err != nil {
		r.Fatal(err)
	}
}
