package fetch_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/fetch"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// tags has a repository send its index with an entity tag, and answer who has that one with nothing.
func tags(r *imagestest.ChartRepository, tag string, conditional *int) {
	r.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.HasSuffix(req.URL.Path, "index.yaml") {
			return false
		}
		w.Header().Set("ETag", tag)
		if req.Header.Get("If-None-Match") == "" {
			return false
		}
		*conditional++
		if req.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
		return false
	})
}

// TestIndexUnchanged holds that an index is fetched once in a run, and later only when it is another one; that what is kept
// of it is not believed when it was altered; and that a tag which cannot be sent back is not.
func TestIndexUnchanged(t *testing.T) {
	t.Parallel()
	repository, dir, conditional := imagestest.NewChartRepository(t), t.TempDir(), 0
	repository.Add("web", "1.0.0", pack(t, "1.0.0"))
	repository.Add("api", "1.0.0", pack(t, "1.0.0"))
	l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, store: fetch.OpenStore(dir, 1<<20), now: time.Now()}
	look := func(version string) {
		t.Helper()
		charts := l.charts(t)
		for _, name := range []string{"web", "api"} {
			pinned, err := charts.Pin(context.Background(), manifests.RemoteChart{URL: repository.URL, Name: name})
			if name == "web" && (err != nil || pinned.Found != version) {
				t.Errorf("%s, %v; want %s", pinned.Found, err, version)
			}
		}
		l.now = l.now.Add(2 * time.Hour)
		if asked := repository.Requests(); len(asked) != 1 {
			t.Errorf("asked %v", asked)
		}
	}
	tags(repository, `"first"`, &conditional)
	look("1.0.0")
	look("1.0.0")
	if conditional != 1 {
		t.Errorf("%d conditional requests", conditional)
	}
	repository.Add("web", "1.1.0", pack(t, "1.1.0"))
	look("1.0.0") // the host says that nothing changed
	tags(repository, `W/"second"`, &conditional)
	look("1.1.0")
	look("1.1.0")
	files, err := filepath.Glob(filepath.Join(dir, "archives", "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if err := os.WriteFile(file, []byte("entries: {web: [{version: 6.6.6}]}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conditional = 0
	look("1.1.0")
	if conditional != 0 {
		t.Error("an index that was altered on disk was taken for the one that is kept")
	}
	for _, odd := range []string{`"` + strings.Repeat("x", 300) + `"`, "none", ""} {
		tags(repository, odd, &conditional)
		l.store = fetch.OpenStore(t.TempDir(), 1<<20)
		look("1.1.0")
		look("1.1.0")
	}
	if conditional != 0 {
		t.Errorf("%d requests with tags that are none", conditional)
	}
}

// TestNothingChanged holds that who says that nothing changed of what nobody has is not believed.
func TestNothingChanged(t *testing.T) {
	t.Parallel()
	repository := imagestest.NewChartRepository(t)
	repository.Fault(func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNotModified)
		return true
	})
	l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, store: fetch.OpenStore(t.TempDir(), 1<<20), now: time.Now()}
	_, _, err := l.get(t, manifests.RemoteChart{URL: repository.URL, Name: "web"})
	wantError(t, err, false, "304")
}

// TestPinned holds that what has another digest than the one that is pinned is not taken, wherever it is from, and that the
// index need not be believed for that.
func TestPinned(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	archive, other := pack(t, "1.0.0"), pack(t, "6.6.6")
	repository.Add("web", "1.0.0", archive)
	oci.Chart(t, "charts/web", "1.0.0", archive)
	l := &lab{allow: []string{repository.URL, oci.Host + "/**"}, listed: []string{repository.Host, oci.Host}, store: fetch.OpenStore(t.TempDir(), 1<<20), now: time.Now()}
	in := manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.0.0", Digest: imagestest.Digest(archive)}
	_, files, err := l.get(t, in)
	wantVersion(t, files, err, "1.0.0")
	in.Digest = imagestest.Digest(other)
	_, _, err = l.get(t, in)
	wantError(t, err, false, "pinned to another one")
	in.URL, in.Name = "oci://"+oci.Host+"/charts/web", ""
	_, _, err = l.get(t, in)
	wantError(t, err, false, "does not have it")
	in.Digest = "sha256:" + strings.Repeat("z", 64)
	_, _, err = l.get(t, in)
	wantError(t, err, false, "is no digest")
}

// TestHostileSeals holds that provenance files are fetched under the same bounds as archives.
func TestHostileSeals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"endless": {func(w http.ResponseWriter, req *http.Request) bool {
			for block := make([]byte, 64<<10); req.Context().Err() == nil; {
				if _, err := w.Write(block); err != nil {
					return true
				}
			}
			return true
		}, "sent more than"},
		"inwards": {func(w http.ResponseWriter, req *http.Request) bool {
			http.Redirect(w, req, "https://169.254.169.254/latest", http.StatusFound)
			return true
		}, "is not public"},
		"broken": {func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}, "403"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repository := imagestest.NewChartRepository(t)
			repository.Add("web", "1.0.0", pack(t, "1.0.0"))
			repository.Fault(func(w http.ResponseWriter, req *http.Request) bool {
				return strings.HasSuffix(req.URL.Path, ".prov") && c.answer(w, req)
			})
			charts := (&lab{allow: []string{repository.URL}, listed: []string{repository.Host}, limits: fetch.Limits{Time: time.Second}}).charts(t)
			pinned, err := charts.Pin(context.Background(), manifests.RemoteChart{URL: repository.URL, Name: "web"})
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := charts.Sealed(context.Background(), pinned)
			if err == nil || !strings.Contains(err.Error(), c.want) || sealed.Seal != nil {
				t.Errorf("%q, %v; want %q", sealed.Seal, err, c.want)
			}
		})
	}
}
