package fetch_test

import (
	"archive/tar"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/fetch"
	"github.com/landwaiter/landwaiter/internal/images/imagestest"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// lab is where charts are fetched in tests: from servers on loopback, which are listed as private.
type lab struct {
	allow, listed []string
	store         *fetch.Store
	offline       bool
	now           time.Time
	limits        fetch.Limits
	network       registry.Network
}

func (l *lab) charts(t *testing.T) *fetch.Charts {
	t.Helper()
	places, err := fetch.NewPlaces(l.allow, nil)
	if err != nil {
		t.Fatal(err)
	}
	config := registry.Config{Allows: places.Allows, Network: l.network}
	for _, host := range l.listed {
		config.Hosts = append(config.Hosts, registry.Host{Name: host, Private: true, PlainHTTP: true})
	}
	client := registry.New(config)
	t.Cleanup(client.Close)
	return fetch.New(fetch.Config{Client: client, Places: places, Store: l.store, Offline: l.offline, Limits: l.limits,
		Now: func() time.Time { return l.now }})
}

// get fetches a chart in a run of its own.
func (l *lab) get(t *testing.T, chart manifests.RemoteChart) (manifests.RemoteChart, map[string][]byte, error) {
	t.Helper()
	charts := l.charts(t)
	pinned, err := charts.Pin(context.Background(), chart)
	if err != nil {
		return pinned, nil, err
	}
	files, err := charts.Files(context.Background(), pinned)
	return pinned, files, err
}

func pack(t *testing.T, version string) []byte {
	return imagestest.Pack(t, map[string]string{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: " + version + "\n", "web/templates/a.yaml": "kind: ConfigMap\n", "web/charts/sub/Chart.yaml": "name: sub\n"})
}

func wantVersion(t *testing.T, files map[string][]byte, err error, version string) {
	t.Helper()
	if err != nil || !strings.Contains(string(files["Chart.yaml"]), "version: "+version+"\n") || len(files) != 3 {
		t.Errorf("%q, %v; want version %s", files["Chart.yaml"], err, version)
	}
}

func wantError(t *testing.T, err error, elsewhere bool, parts ...string) {
	t.Helper()
	var failed *manifests.RenderError
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no error of rendering", err)
	}
	for _, part := range parts {
		if !strings.Contains(failed.Reason, part) {
			t.Errorf("%q lacks %q", failed.Reason, part)
		}
	}
	if failed.Elsewhere != elsewhere {
		t.Errorf("%q: elsewhere %v", failed.Reason, failed.Elsewhere)
	}
}

// TestVersions holds that the version is taken which Helm takes, from repositories and registries alike.
func TestVersions(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	for _, version := range []string{"1.2.0", "1.10.0", "1.2.5", "2.0.0-rc.1", "1.9.0+build.1"} {
		archive := pack(t, version)
		repository.Add("web", version, archive)
		oci.Chart(t, "charts/web", strings.ReplaceAll(version, "+", "_"), archive)
	}
	oci.Chart(t, "charts/web", "latest", pack(t, "1.2.5"))
	l := &lab{allow: []string{repository.URL + "/", "oci://" + oci.Host + "/charts/*"}, listed: []string{repository.Host, oci.Host}}
	for want, found := range map[string]string{"": "1.10.0", "1.2.0": "1.2.0", "1.2": "1.2.5", "~1.2": "1.2.5", "1.x": "1.10.0", ">=1 <1.10": "1.9.0+build.1", "*-0": "2.0.0-rc.1", "1.9.0+build.1": "1.9.0+build.1", "2.0.0-rc.1": "2.0.0-rc.1"} {
		for _, chart := range []manifests.RemoteChart{{URL: repository.URL, Name: "web", Version: want}, {URL: "oci://" + oci.Host + "/charts/web", Version: want}} {
			pinned, files, err := l.get(t, chart)
			wantVersion(t, files, err, found)
			if pinned.Found != found || !strings.HasPrefix(pinned.Digest, "sha256:") || len(pinned.Notes) > 0 {
				t.Errorf("%s: found %q at %q, %q; want %s", chart.String(), pinned.Found, pinned.Digest, pinned.Notes, found)
			}
		}
	}
	pinned, files, err := l.get(t, manifests.RemoteChart{URL: "oci://" + oci.Host + "/charts/web", Version: "latest", Tag: true})
	wantVersion(t, files, err, "1.2.5")
	_, files, err = l.get(t, manifests.RemoteChart{URL: "oci://" + oci.Host + "/charts/web", Digest: pinned.Digest})
	wantVersion(t, files, err, "1.2.5")
	for _, chart := range []manifests.RemoteChart{{URL: repository.URL, Name: "web", Version: "3.x"}, {URL: repository.URL, Name: "web", Version: "nonsense"}, {URL: repository.URL, Name: "other"},
		{URL: "oci://" + oci.Host + "/charts/web", Version: "3.x"}, {URL: "oci://" + oci.Host + "/charts/other", Version: "1.2.0"}, {URL: "oci://" + oci.Host + "/charts/web", Version: "../evil", Tag: true}} {
		_, _, err := l.get(t, chart)
		wantError(t, err, false, chart.String())
	}
}

// TestPlaces holds that nobody is asked whom the policy does not allow, however the address is written, and that the line
// is told which would allow it.
func TestPlaces(t *testing.T) {
	t.Parallel()
	l := &lab{allow: []string{"https://charts.example/stable", "https://*.team.example/**", "registry-1.docker.io/acme/**"}, network: refusing(t)}
	for address, elsewhere := range map[string]bool{
		"https://charts.example": true, "https://charts.example/stable/more": true, "https://charts.example.evil/stable": true, "http://charts.example/stable": true,
		"https://charts.example:8443/stable": true, "https://team.example/x": true, "https://a.b.team.example/x": true, "https://charts.example./stable": true,
		"https://user:pw@charts.example/stable": false, "https://charts.example/x/../stable": false, "https://charts.example/%73table": false, "https://charts.example//stable": false,
		"https://charts.example/stable?x": false, "https://charts.example\\@evil/stable": false, "ftp://charts.example/stable": false, "charts.example/stable": false, "": false,
		"oci://ghcr.io/acme/web": true, "oci://docker.io/acme-evil/web": true, "oci://docker.io/acme/../evil/web": false, "oci://docker.io/acme/web:1": false, "oci://": false,
	} {
		_, _, err := l.get(t, manifests.RemoteChart{URL: address, Name: "web", Version: "1.0.0"})
		if elsewhere {
			wantError(t, err, true, "allow it: charts: {allow: [")
		} else {
			wantError(t, err, false, "cannot be fetched")
		}
	}
	_, _, err := l.get(t, manifests.RemoteChart{URL: "https://OTHER.example/Stable/", Name: "web"})
	wantError(t, err, true, `ask other.example for it; allow it: charts: {allow: ["https://other.example/Stable"]}`)
	_, _, err = l.get(t, manifests.RemoteChart{URL: "https://charts.example/stable", Name: "../web"})
	wantError(t, err, false, "its name is none of a chart")
}

// refusing is a network in which every name has a private address, and nothing may be dialled.
func refusing(t *testing.T) registry.Network {
	return registry.Network{Dial: func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("dialled %s", address)
		return nil, errors.New("dialled")
	}}
}

// TestPrivate holds that private addresses are never dialled, unless the host is listed: not for what an index names, and
// not where redirects lead.
func TestPrivate(t *testing.T) {
	t.Parallel()
	inner, outer := imagestest.NewChartRepository(t), imagestest.NewChartRepository(t)
	inner.Add("web", "1.0.0", pack(t, "1.0.0"))
	var mu sync.Mutex
	var dialled []string
	network := registry.Network{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		dialled = append(dialled, address)
		mu.Unlock()
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	l := &lab{allow: []string{"**", outer.URL, inner.URL}, listed: []string{outer.Host}, network: network}
	_, _, err := l.get(t, manifests.RemoteChart{URL: inner.URL, Name: "web"})
	wantError(t, err, true, "without encryption")
	_, _, err = l.get(t, manifests.RemoteChart{URL: strings.Replace(inner.URL, "http:", "https:", 1), Name: "web"})
	wantError(t, err, true, "is not public")

	for _, target := range []string{inner.URL + "/web-1.0.0.tgz", "https://" + inner.Host + "/x", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/x", "https://localhost/x", "https://user:pw@8.8.8.8/x", "file:///etc/passwd"} {
		outer.AddEntry("web", "1.0.0", "version: 1.0.0", "urls: [\""+target+"\"]")
		if _, _, err := l.get(t, manifests.RemoteChart{URL: outer.URL, Name: "web"}); err == nil {
			t.Errorf("%s was fetched", target)
		}
		outer.AddEntry("web", "1.0.0", "version: 1.0.0", "urls: [hop.tgz]")
		outer.Fault(func(w http.ResponseWriter, req *http.Request) bool {
			if strings.HasSuffix(req.URL.Path, "hop.tgz") {
				http.Redirect(w, req, target, http.StatusFound)
				return true
			}
			return false
		})
		if _, _, err := l.get(t, manifests.RemoteChart{URL: outer.URL, Name: "web"}); err == nil {
			t.Errorf("a redirect to %s was followed", target)
		}
		outer.Fault(nil)
	}
	for _, address := range dialled {
		if address != outer.Host {
			t.Errorf("dialled %s", address)
		}
	}
	if len(inner.Requests()) > 0 {
		t.Error("the private repository was asked")
	}
}

// TestProxy holds that a proxy is no way around: names with private addresses are refused before it is asked.
func TestProxy(t *testing.T) {
	t.Parallel()
	proxy := imagestest.NewChartRepository(t)
	network := refusing(t)
	network.Proxy = func(*url.URL) (*url.URL, error) { return &url.URL{Scheme: "http", Host: proxy.Host}, nil }
	l := &lab{allow: []string{"**"}, network: network}
	_, _, err := l.get(t, manifests.RemoteChart{URL: "https://127.0.0.1/stable", Name: "web"})
	wantError(t, err, true, "is not public")
	if asked := proxy.Requests(); len(asked) > 0 {
		t.Errorf("the proxy was asked %v", asked)
	}
}

// TestStore holds that what was fetched is not asked for again, is used offline, and is not believed when it was altered.
func TestStore(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	repository.Add("web", "1.0.0", pack(t, "1.0.0"))
	oci.Chart(t, "charts/web", "1.0.0", pack(t, "1.0.0"))
	for _, chart := range []manifests.RemoteChart{{URL: repository.URL, Name: "web", Version: "1.0.0"}, {URL: "oci://" + oci.Host + "/charts/web", Version: "1.0.0"}} {
		dir := t.TempDir()
		l := &lab{allow: []string{repository.URL, oci.Host + "/**"}, listed: []string{repository.Host, oci.Host}, store: fetch.OpenStore(dir, 1<<20), now: time.Now(), offline: true}
		_, _, err := l.get(t, chart)
		wantError(t, err, true, "offline")
		l.offline = false
		_, files, err := l.get(t, chart)
		wantVersion(t, files, err, "1.0.0")
		repository.Requests()
		oci.Requests()

		l.network, l.offline = refusing(t), true
		_, files, err = l.get(t, chart)
		wantVersion(t, files, err, "1.0.0")
		l.offline = false
		_, files, err = l.get(t, chart)
		wantVersion(t, files, err, "1.0.0")
		if asked := append(repository.Requests(), oci.Requests()...); len(asked) > 0 {
			t.Errorf("%v", asked)
		}

		archives, err := filepath.Glob(filepath.Join(dir, "archives", "*"))
		if err != nil || len(archives) != 1 {
			t.Fatalf("%v, %v", archives, err)
		}
		if err := os.WriteFile(archives[0], pack(t, "6.6.6"), 0o600); err != nil {
			t.Fatal(err)
		}
		l.offline = true
		_, _, err = l.get(t, chart)
		wantError(t, err, true, "offline")
		l.offline, l.network = false, registry.Network{}
		_, files, err = l.get(t, chart)
		wantVersion(t, files, err, "1.0.0")
	}
}

// TestRoom holds that the archives on disk stay below what they may take.
func TestRoom(t *testing.T) {
	t.Parallel()
	repository, dir := imagestest.NewChartRepository(t), t.TempDir()
	l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, store: fetch.OpenStore(dir, 2000), now: time.Now()}
	for _, version := range []string{"1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.0.5", "1.0.6", "1.0.7", "1.0.8", "1.0.9"} {
		repository.Add("web", version, pack(t, version))
		_, files, err := l.get(t, manifests.RemoteChart{URL: repository.URL, Name: "web", Version: version})
		wantVersion(t, files, err, version)
	}
	var size int64
	archives, _ := filepath.Glob(filepath.Join(dir, "archives", "*"))
	for _, file := range archives {
		if info, err := os.Stat(file); err == nil {
			size += info.Size()
		}
	}
	if len(archives) == 0 || size > 2000 {
		t.Errorf("%d archives of %d bytes", len(archives), size)
	}
}

// TestMoved holds that a version that was published anew is told for a while, with both digests, and that a place which
// does not answer is stood in for by what was fetched from it.
func TestMoved(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	l := &lab{allow: []string{repository.URL, oci.Host + "/**"}, listed: []string{repository.Host, oci.Host}, store: fetch.OpenStore(t.TempDir(), 1<<20), now: time.Now()}
	for _, chart := range []manifests.RemoteChart{{URL: repository.URL, Name: "web", Version: "1.0.0"}, {URL: "oci://" + oci.Host + "/charts/web", Version: "1.0.0"}} {
		publish := func(text string) {
			archive := imagestest.Pack(t, map[string]string{"web/Chart.yaml": text})
			repository.Add("web", "1.0.0", archive)
			oci.Chart(t, "charts/web", "1.0.0", archive)
		}
		publish("a: 1")
		first, _, err := l.get(t, chart)
		if err != nil || first.Moved != nil {
			t.Fatalf("%v, %v", first.Moved, err)
		}
		publish("a: 2")
		l.now = l.now.Add(2 * time.Hour)
		for range 2 {
			moved, files, err := l.get(t, chart)
			if err != nil || string(files["Chart.yaml"]) != "a: 2" || moved.Moved == nil || moved.Moved.Was != first.Digest || !moved.Moved.At.Equal(l.now) || moved.Digest == first.Digest {
				t.Errorf("%q, %v, %v", files, moved.Moved, err)
			}
		}
		was := first
		was.Found, was.Address = "1.0.0", first.Address
		if files, err := l.charts(t).Files(context.Background(), was); err != nil || string(files["Chart.yaml"]) != "a: 1" {
			t.Errorf("what it had before: %q, %v", files, err)
		}
		l.offline = true
		if offline, _, err := l.get(t, chart); err != nil || offline.Moved == nil {
			t.Errorf("offline: %v, %v", offline.Moved, err)
		}
		l.offline = false
		l.now = l.now.Add(31 * 24 * time.Hour)
		later, _, err := l.get(t, chart)
		if err != nil || later.Moved != nil {
			t.Errorf("%v, %v", later.Moved, err)
		}
		repository.Fault(func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true })
		oci.Break("/manifests/", http.StatusForbidden)
		l.now = l.now.Add(2 * time.Hour)
		stale, files, err := l.get(t, chart)
		if err != nil || string(files["Chart.yaml"]) != "a: 2" || len(stale.Notes) != 1 || !strings.Contains(stale.Notes[0], "403") {
			t.Errorf("%q, %q, %v", files, stale.Notes, err)
		}
		repository.Fault(nil)
		oci.Fault(nil)
	}
}

// TestMovedInOtherWords holds that a version is the same however it is asked for: what a range found out moved is asked for
// again by its name, and does not move back.
func TestMovedInOtherWords(t *testing.T) {
	t.Parallel()
	repository := imagestest.NewChartRepository(t)
	l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, store: fetch.OpenStore(t.TempDir(), 1<<20), now: time.Now()}
	exact, within := manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.0.0"}, manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.x"}
	repository.Add("web", "1.0.0", pack(t, "1.0.0"))
	first, _, err := l.get(t, exact)
	if err != nil {
		t.Fatal(err)
	}
	repository.Add("web", "1.0.0", imagestest.Pack(t, map[string]string{"web/Chart.yaml": "other: content\n"}))
	for _, chart := range []manifests.RemoteChart{within, exact, within, exact} {
		moved, _, err := l.get(t, chart)
		if err != nil || moved.Digest == first.Digest || moved.Moved == nil || moved.Moved.Was != first.Digest {
			t.Errorf("%s: %s, %v, %v", chart.Version, moved.Digest, moved.Moved, err)
		}
	}
	repository.Add("web", "1.1.0", pack(t, "1.1.0")) // a range that is another version now has not moved
	l.now = l.now.Add(2 * time.Hour)
	if newer, _, err := l.get(t, within); err != nil || newer.Found != "1.1.0" || newer.Moved != nil {
		t.Errorf("%s, %v, %v", newer.Found, newer.Moved, err)
	}
	if other, _, err := (&lab{allow: l.allow, listed: l.listed, store: fetch.OpenStore(t.TempDir(), 1<<20), now: l.now}).get(t, exact); err != nil || other.Moved != nil {
		t.Errorf("what one store knows is told by another: %v, %v", other.Moved, err)
	}
}

// TestSealed holds that provenance files are found beside archives and in manifests, are kept, and that none is none.
func TestSealed(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	archive, bare := pack(t, "1.0.0"), pack(t, "1.1.0")
	repository.Add("web", "1.0.0", archive)
	repository.Add("web", "1.1.0", bare)
	repository.AddFile("web-1.0.0.tgz.prov", []byte("sealed"))
	oci.SealedChart(t, "charts/web", "1.0.0", archive, []byte("sealed"))
	oci.Chart(t, "charts/web", "1.1.0", bare)
	l := &lab{allow: []string{repository.URL, oci.Host + "/**"}, listed: []string{repository.Host, oci.Host}, store: fetch.OpenStore(t.TempDir(), 1<<20), now: time.Now()}
	for _, at := range []manifests.RemoteChart{{URL: repository.URL, Name: "web"}, {URL: "oci://" + oci.Host + "/charts/web"}} {
		for version, want := range map[string]string{"1.0.0": "sealed", "1.1.0": ""} {
			at.Version = version
			charts := l.charts(t)
			pinned, err := charts.Pin(context.Background(), at)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				sealed, err := charts.Sealed(context.Background(), pinned)
				if err != nil || string(sealed.Seal) != want || sealed.Name != "web-"+version+".tgz" || (sealed.Seal == nil) != (want == "") || imagestest.Digest(sealed.Archive) == "" {
					t.Errorf("%s: %q, %s, %v", at.String(), sealed.Seal, sealed.Name, err)
				}
			}
		}
	}
	l.offline = true
	charts := l.charts(t)
	for version, there := range map[string]bool{"1.0.0": true, "1.1.0": false} {
		pinned, err := charts.Pin(context.Background(), manifests.RemoteChart{URL: repository.URL, Name: "web", Version: version})
		if err != nil {
			t.Fatal(err)
		}
		if sealed, err := charts.Sealed(context.Background(), pinned); there != (err == nil && string(sealed.Seal) == "sealed") {
			t.Errorf("offline: %s: %q, %v", version, sealed.Seal, err)
		}
	}
}

// TestOnce holds that many who ask at once have one index and one archive fetched, and that unpacked once.
func TestOnce(t *testing.T) {
	t.Parallel()
	repository := imagestest.NewChartRepository(t)
	repository.Add("web", "1.0.0", pack(t, "1.0.0"))
	charts := (&lab{allow: []string{repository.URL}, listed: []string{repository.Host}}).charts(t)
	var wait sync.WaitGroup
	var loads sync.Map // by where the content of Chart.yaml lies in memory
	for range 20 {
		wait.Go(func() {
			pinned, err := charts.Pin(context.Background(), manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.0.0"})
			if err != nil {
				t.Error(err)
				return
			}
			files, err := charts.Files(context.Background(), pinned)
			if err != nil {
				t.Error(err)
				return
			}
			loads.Store(&files["Chart.yaml"][0], true)
		})
	}
	wait.Wait()
	count := 0
	loads.Range(func(any, any) bool { count++; return true })
	if count != 1 {
		t.Errorf("the chart was loaded %d times", count)
	}
	if asked := repository.Requests(); len(asked) != 2 {
		t.Errorf("asked %v", asked)
	}
}

// TestRegistryBehindIndex holds that an index may lead to a registry, if that is allowed as well.
func TestRegistryBehindIndex(t *testing.T) {
	t.Parallel()
	repository, oci := imagestest.NewChartRepository(t), imagestest.NewRegistry(t, imagestest.API)
	oci.Chart(t, "charts/web", "1.0.0", pack(t, "1.0.0"))
	repository.AddEntry("web", "1.0.0", "version: 1.0.0", "urls: [\"oci://"+oci.Host+"/charts/web:1.0.0\"]")
	l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host, oci.Host}}
	chart := manifests.RemoteChart{URL: repository.URL, Name: "web"}
	_, _, err := l.get(t, chart)
	wantError(t, err, true, "charts: {allow: [\""+oci.Host+"/charts/web\"]}")
	l.allow = append(l.allow, oci.Host+"/charts/web")
	_, files, err := l.get(t, chart)
	wantVersion(t, files, err, "1.0.0")
}

// TestHostileServers holds that what a server sends is bounded and held against what was said of it.
func TestHostileServers(t *testing.T) {
	t.Parallel()
	archive := pack(t, "1.0.0")
	endless := func(w http.ResponseWriter, req *http.Request) bool {
		for block := make([]byte, 64<<10); req.Context().Err() == nil; {
			if _, err := w.Write(block); err != nil {
				return true
			}
		}
		return true
	}
	slow := func(w http.ResponseWriter, req *http.Request) bool {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-req.Context().Done()
		return true
	}
	loop := func(w http.ResponseWriter, req *http.Request) bool {
		http.Redirect(w, req, req.URL.Path, http.StatusFound)
		return true
	}
	bomb := "apiVersion: v1\nx: &a [1,1,1,1,1,1,1,1,1,1]\n"
	for i, name := range strings.Split("bcdefghijk", "") {
		bomb += name + ": &" + name + " [" + strings.Repeat("*"+string("abcdefghijk"[i])+",", 10) + "]\n"
	}
	send := func(text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte(text)); return true }
	}
	for _, c := range []struct {
		name, part string // of the path that is answered so
		answer     func(http.ResponseWriter, *http.Request) bool
		want       string
	}{
		{"endless index", "index.yaml", endless, "sent more than"},
		{"endless archive", ".tgz", endless, "sent more than"},
		{"slow index", "index.yaml", slow, "in time"},
		{"slow archive", ".tgz", slow, "in time"},
		{"loop", "index.yaml", loop, "redirects"},
		{"another archive", ".tgz", send(string(pack(t, "6.6.6"))), "has the digest"},
		{"no archive", ".tgz", send("hello"), "has the digest"},
		{"bomb", "index.yaml", send(bomb + "entries: *k\n"), "limit"},
		{"bomb in the entry", "index.yaml", send(bomb + "entries:\n  web: *k\n"), "limit"},
		{"deep", "index.yaml", send("entries: " + strings.Repeat("[", 100000)), "index"},
		{"no YAML", "index.yaml", send("entries:\n  web:\n  - {"), "index"},
		{"JSON that ends", "index.yaml", send(`{"entries": {"web": [`), "JSON"},
		{"a digest that is none", "index.yaml", send("entries:\n  web:\n  - {version: 1.0.0, digest: ../../x, urls: [web-1.0.0.tgz]}\n"), "digest"},
		{"no address", "index.yaml", send("entries:\n  web:\n  - {version: 1.0.0}\n"), "address"},
		{"gone", ".tgz", func(w http.ResponseWriter, req *http.Request) bool { http.NotFound(w, req); return true }, "does not have the archive"},
		{"no index", "index.yaml", func(w http.ResponseWriter, req *http.Request) bool { http.NotFound(w, req); return true }, "no index.yaml"},
		{"forbidden", "index.yaml", func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusForbidden); return true }, "403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			repository := imagestest.NewChartRepository(t)
			repository.Add("web", "1.0.0", archive)
			repository.Fault(func(w http.ResponseWriter, req *http.Request) bool {
				return strings.HasSuffix(req.URL.Path, c.part) && c.answer(w, req)
			})
			l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, limits: fetch.Limits{Index: 1 << 20, Archive: 1 << 20, Time: time.Second}}
			_, _, err := l.get(t, manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.0.0"})
			wantError(t, err, false, c.want)
		})
	}
}

// TestTwoFaces holds that a registry which says one digest and sends another content is caught.
func TestTwoFaces(t *testing.T) {
	t.Parallel()
	oci := imagestest.NewRegistry(t, imagestest.API)
	oci.Chart(t, "charts/web", "1.0.0", pack(t, "1.0.0"))
	evil := oci.Chart(t, "charts/web", "evil", pack(t, "6.6.6"))
	content := oci.Content(t, "charts/web", evil.Digest)
	oci.Fault(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodGet || !strings.Contains(req.URL.Path, "/manifests/") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		_, _ = w.Write(content)
		return true
	})
	l := &lab{allow: []string{oci.Host + "/**"}, listed: []string{oci.Host}}
	_, _, err := l.get(t, manifests.RemoteChart{URL: "oci://" + oci.Host + "/charts/web", Version: "1.0.0"})
	wantError(t, err, false, "digest")
	oci.Fault(nil)
	oci.Artifact(t, "charts/web", "2.0.0", "application/vnd.oci.image.config.v1+json")
	_, _, err = l.get(t, manifests.RemoteChart{URL: "oci://" + oci.Host + "/charts/web", Version: "2.0.0"})
	wantError(t, err, false, "is no chart")
}

// TestArchives holds that an archive is unpacked only when each name in it is a place of its own below the chart.
func TestArchives(t *testing.T) {
	t.Parallel()
	chart := tar.Header{Typeflag: tar.TypeReg, Name: "web/Chart.yaml", Mode: 0o644, Size: 7}
	file := func(name string) tar.Header { return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644} }
	many := []tar.Header{chart}
	for i := range 60 {
		many = append(many, tar.Header{Typeflag: tar.TypeDir, Name: "web/" + strings.Repeat("x", i+1) + "/"})
	}
	big := strings.Repeat("\x00", 3<<20)
	for _, c := range []struct {
		name    string
		headers []tar.Header
		want    string // "" when it is good
	}{
		{"directories", []tar.Header{{Typeflag: tar.TypeDir, Name: "web/"}, chart, {Typeflag: tar.TypeDir, Name: "web/templates/"}}, ""},
		{"link", []tar.Header{chart, {Typeflag: tar.TypeSymlink, Name: "web/values.yaml", Linkname: "/etc/passwd"}}, "neither a file nor a directory"},
		{"hard link", []tar.Header{chart, {Typeflag: tar.TypeLink, Name: "web/values.yaml", Linkname: "web/Chart.yaml"}}, "neither a file nor a directory"},
		{"device", []tar.Header{chart, {Typeflag: tar.TypeChar, Name: "web/null"}}, "neither a file nor a directory"},
		{"pipe", []tar.Header{chart, {Typeflag: tar.TypeFifo, Name: "web/pipe"}}, "neither a file nor a directory"},
		{"up", []tar.Header{chart, file("web/../../x")}, "no place"},
		{"up at once", []tar.Header{chart, file("../x")}, "no place"},
		{"absolute", []tar.Header{chart, file("/etc/x")}, "no place"},
		{"beside", []tar.Header{chart, file("x")}, "no place"},
		{"dots", []tar.Header{chart, file("web/./x")}, "no place"},
		{"backslashes", []tar.Header{chart, file("web/..\\x")}, "no place"},
		{"control", []tar.Header{chart, file("web/a\x1b[2J")}, "no place"},
		{"long", []tar.Header{chart, file("web/" + strings.Repeat("x", 600))}, "no place"},
		{"deep", []tar.Header{chart, file("web/" + strings.Repeat("x/", 60) + "y")}, "no place"},
		{"twice", []tar.Header{chart, file("web/x"), file("web/x")}, "twice"},
		{"twice by another directory", []tar.Header{chart, file("other/Chart.yaml")}, "twice"},
		{"many", many, "entries"},
		{"bomb", []tar.Header{chart, {Typeflag: tar.TypeReg, Name: "web/big", Size: int64(len(big))}}, "unpacks to more"},
		{"empty", nil, "no Chart.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			repository := imagestest.NewChartRepository(t)
			repository.Add("web", "1.0.0", imagestest.PackEntries(t, c.headers, map[string]string{"web/Chart.yaml": "name: x", "web/big": big}))
			l := &lab{allow: []string{repository.URL}, listed: []string{repository.Host}, limits: fetch.Limits{Unpacked: 2 << 20, Files: 50}}
			_, files, err := l.get(t, manifests.RemoteChart{URL: repository.URL, Name: "web", Version: "1.0.0"})
			if c.want == "" {
				if err != nil || len(files) != 1 {
					t.Errorf("%v, %v", files, err)
				}
				return
			}
			wantError(t, err, false, c.want)
		})
	}
}
