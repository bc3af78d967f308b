package imagestest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/landwaiter/landwaiter/internal/images/registry"
)

// Maintainer signs charts as helm package --sign does.
type Maintainer struct {
	Keyring []byte // the public key, in armor
	entity  *openpgp.Entity
}

// NewMaintainer makes somebody with a key: "NAME <name@example.com>".
func NewMaintainer(t testing.TB, name string) *Maintainer {
	t.Helper()
	e, err := openpgp.NewEntity(name, "", strings.ToLower(name)+"@example.com", nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Serialize(w); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &Maintainer{Keyring: append(out.Bytes(), '\n'), entity: e}
}

// Seal makes the provenance file of a chart's archive, called name.
func (m *Maintainer) Seal(t testing.TB, name string, archive []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := clearsign.Encode(&out, m.entity.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(w, "apiVersion: v2\nname: chart\n\n...\nfiles:\n  %s: %s\n", name, Digest(archive))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Pack makes the archive of a chart of its files: what helm package writes, and whatever else paths say.
func Pack(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var headers []tar.Header
	for _, name := range slices.Sorted(maps.Keys(files)) {
		headers = append(headers, tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name]))})
	}
	return PackEntries(t, headers, files)
}

// PackEntries makes an archive of entries as they are, with the contents of those that have a size.
func PackEntries(t testing.TB, headers []tar.Header, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := tar.NewWriter(zipped)
	for i := range headers {
		if err := w.WriteHeader(&headers[i]); err != nil {
			t.Fatal(err)
		}
		if headers[i].Size > 0 {
			if _, err := w.Write([]byte(files[headers[i].Name])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Chart pushes a chart's archive as helm push does, and returns its manifest's descriptor.
func (r *Registry) Chart(t testing.TB, repository, tag string, archive []byte) registry.Descriptor {
	t.Helper()
	return r.SealedChart(t, repository, tag, archive, nil)
}

// SealedChart pushes a chart's archive with its provenance file, nil for none.
func (r *Registry) SealedChart(t testing.TB, repository, tag string, archive, seal []byte) registry.Descriptor {
	t.Helper()
	config := r.Blob(t, repository, "application/vnd.cncf.helm.config.v1+json", []byte(`{"name":"chart"}`))
	layers := []registry.Descriptor{r.Blob(t, repository, "application/vnd.cncf.helm.chart.content.v1.tar+gzip", archive)}
	if seal != nil {
		layers = append(layers, r.Blob(t, repository, "application/vnd.cncf.helm.chart.provenance.v1.prov", seal))
	}
	return r.Manifest(t, repository, tag, manifest{SchemaVersion: 2, MediaType: ociManifest, Config: &config, Layers: layers})
}

// ChartRepository is a chart repository on loopback.
type ChartRepository struct {
	URL  string
	Host string

	mu       sync.Mutex
	entries  map[string][]string // lines of the index, by chart
	files    map[string][]byte
	fault    func(http.ResponseWriter, *http.Request) bool
	requests []string
}

// NewChartRepository starts a chart repository below /stable, which ends with the test.
func NewChartRepository(t testing.TB) *ChartRepository {
	t.Helper()
	r := &ChartRepository{entries: make(map[string][]string), files: make(map[string][]byte)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.Host = server.Listener.Addr().String()
	r.URL = server.URL + "/stable"
	return r
}

// Add publishes a version of a chart, in place of one that has the same.
func (r *ChartRepository) Add(name, version string, archive []byte) {
	file := name + "-" + version + ".tgz"
	r.AddEntry(name, version, "version: "+version, "digest: "+strings.TrimPrefix(Digest(archive), "sha256:"), "urls: ["+file+"]")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files["/stable/"+file] = archive
}

// AddFile puts a file beside the index.
func (r *ChartRepository) AddFile(name string, text []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files["/stable/"+name] = text
}

// AddEntry puts lines into the index for a version of a chart, in place of those of the same version.
func (r *ChartRepository) AddEntry(name, version string, lines ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry := "  - apiVersion: v2\n    name: " + name + "\n    " + strings.Join(lines, "\n    ") + "\n"
	r.entries[name] = append(slices.DeleteFunc(r.entries[name], func(e string) bool { return strings.Contains(e, "    version: "+version+"\n") }), entry)
}

// Fault lets answer see each request from now on; one that it returns true for is answered by it. Nil ends that.
func (r *ChartRepository) Fault(answer func(http.ResponseWriter, *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fault = answer
}

// Requests returns what was asked since the last call, as "GET /stable/…", in order.
func (r *ChartRepository) Requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	since := r.requests
	r.requests = nil
	return since
}

// ServeHTTP answers as a chart repository.
func (r *ChartRepository) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.requests = append(r.requests, req.Method+" "+req.URL.Path)
	fault, file := r.fault, r.files[req.URL.Path]
	index := "apiVersion: v1\nentries:\n"
	for _, name := range slices.Sorted(maps.Keys(r.entries)) {
		index += "  " + name + ":\n" + strings.Join(r.entries[name], "")
	}
	r.mu.Unlock()
	switch {
	case fault != nil && fault(w, req):
	case req.URL.Path == "/stable/index.yaml":
		_, _ = io.WriteString(w, index+"generated: \"2026-01-01T00:00:00Z\"\n")
	case file != nil:
		_, _ = w.Write(file)
	default:
		http.NotFound(w, req)
	}
}
