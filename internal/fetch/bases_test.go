package fetch

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/registry"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo"
	"github.com/landwaiter/landwaiter/internal/source/gitrepo/gittest"
)

// basesOf makes what gets bases of a server that is listed as private.
func basesOf(t *testing.T, s *gittest.Server, change func(*BasesConfig)) *Bases {
	t.Helper()
	places, err := NewBasePlaces([]string{s.Host + "/**"})
	if err != nil {
		t.Fatal(err)
	}
	client := registry.New(registry.Config{Allows: func(images.Reference) bool { return false }, Hosts: []registry.Host{{Name: s.Host, Private: true, PlainHTTP: true}}})
	config := BasesConfig{Client: client, Places: places, Limits: BaseLimits{Time: 20 * time.Second}}
	if change != nil {
		change(&config)
	}
	bases := NewBases(config)
	t.Cleanup(func() { bases.Close(); client.Close() })
	return bases
}

func gitBase(t *testing.T, address, ref string) manifests.Base {
	t.Helper()
	base, err := manifests.GitBase(address, ".", ref)
	if err != nil {
		t.Fatal(err)
	}
	return base
}

func text(t *testing.T, tree source.Tree, name string) string {
	t.Helper()
	data, err := tree.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestBases fetches branches, tags and commits of a real Git server, pinned to their commits.
func TestBases(t *testing.T) {
	t.Parallel()
	s := gittest.New(t)
	first := s.Commit("acme/base", "main", map[string]string{"a/x.yaml": "one", "link": gittest.Link + "a/x.yaml", "sub": gittest.Submodule + strings.Repeat("1", 40)})
	s.Tag("acme/base", "v1", first)
	second := s.Commit("acme/base", "main", map[string]string{"a/x.yaml": "two"})
	s.Commit("acme/base", "feature/x", map[string]string{"a/x.yaml": "three"})
	bases := basesOf(t, s, nil)
	for ref, want := range map[string]struct{ text, commit, note string }{
		"v1": {"one", first, ""}, "main": {"two", second, "is the branch main"}, "": {"two", second, "by default"}, first: {"one", first, ""},
		"feature/x": {"three", "", "is the branch feature/x"}, "refs/tags/v1": {"one", first, ""},
	} {
		got, err := bases.Get(t.Context(), gitBase(t, s.URL+"/acme/base.git", ref))
		if err != nil {
			t.Errorf("%q: %v", ref, err)
			continue
		}
		if is := text(t, got.Tree, "a/x.yaml"); is != want.text || want.commit != "" && got.Pinned != want.commit || !strings.Contains(strings.Join(got.Notes, "\n"), want.note) || want.note == "" && got.Notes != nil {
			t.Errorf("%q: %q at %s with %q", ref, is, got.Pinned, got.Notes)
		}
	}
	got, err := bases.Get(t.Context(), gitBase(t, s.URL+"/acme/base.git", "v1"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := got.Tree.ReadDir("sub"); !errors.Is(err, source.ErrSubmodule) {
		t.Errorf("a submodule: %v", err)
	}
	for ref, want := range map[string]string{"v2": "it has no branch and no tag v2", first[:10]: "write all 40 digits", strings.Repeat("2", 40): "could not be fetched"} {
		var failed *manifests.RenderError
		if _, err := bases.Get(t.Context(), gitBase(t, s.URL+"/acme/base.git", ref)); !errors.As(err, &failed) || failed.Elsewhere || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

// TestBasesKept holds that what was fetched serves offline, and when the server is gone, and that a tag that moved is told.
func TestBasesKept(t *testing.T) {
	t.Parallel()
	s := gittest.New(t)
	store := OpenStore(t.TempDir(), 10<<20)
	first := s.Commit("acme/base", "main", map[string]string{"x": "one"})
	s.Tag("acme/base", "v1", first)
	now := time.Now()
	base := gitBase(t, s.URL+"/acme/base", "v1")
	with := func(offline bool, at time.Time) *Bases {
		return basesOf(t, s, func(c *BasesConfig) { c.Store, c.Offline, c.Now = store, offline, func() time.Time { return at } })
	}
	var failed *manifests.RenderError
	if _, err := with(true, now).Get(t.Context(), base); !errors.As(err, &failed) || !failed.Elsewhere || !strings.Contains(err.Error(), "offline") {
		t.Fatalf("offline before: %v", err)
	}
	if _, err := with(false, now).Get(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	asked := len(s.Asked())
	for _, offline := range []bool{true, false} {
		if got, err := with(offline, now.Add(time.Minute)).Get(t.Context(), base); err != nil || text(t, got.Tree, "x") != "one" || len(s.Asked()) != asked {
			t.Errorf("a moment later: %v, %v", err, s.Asked()[asked:])
		}
	}
	second := s.Commit("acme/base", "main", map[string]string{"x": "two"})
	s.Tag("acme/base", "v1", second)
	got, err := with(false, now.Add(2*time.Hour)).Get(t.Context(), base)
	if err != nil || text(t, got.Tree, "x") != "two" || got.Moved == nil || got.Moved.Was != first {
		t.Errorf("moved: %+v, %v", got.Moved, err)
	}
	s.Before(func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "", http.StatusForbidden)
		return true
	})
	got, err = with(false, now.Add(4*time.Hour)).Get(t.Context(), base)
	if err != nil || got.Pinned != second || !strings.Contains(strings.Join(got.Notes, ""), "as it was fetched before") {
		t.Errorf("gone: %q, %v", got.Notes, err)
	}
}

// TestBasesRefused holds what is neither asked nor taken.
func TestBasesRefused(t *testing.T) {
	t.Parallel()
	other := gittest.New(t)
	other.Commit("acme/base", "main", map[string]string{"x": "one"})
	tests := map[string]struct {
		before func(http.ResponseWriter, *http.Request) bool
		want   string
	}{
		"redirect": {func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, other.URL+r.URL.Path+"?"+r.URL.RawQuery, http.StatusFound)
			return true
		}, "not followed"},
		"endless": {func(w http.ResponseWriter, r *http.Request) bool {
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					break
				}
			}
			return true
		}, "more than"},
		"silent": {func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }, "in time"},
		"version 0": {func(_ http.ResponseWriter, r *http.Request) bool {
			r.Header.Del("Git-Protocol")
			return false
		}, "version 2"},
		"no Git": {func(w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("<html>")); return true }, "Git server"},
		"another pack": {func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPost {
				_, _ = w.Write([]byte(pkt("packfile\n") + pkt("\x01PACKnonsense") + "0000"))
				return true
			}
			return false
		}, "no sound pack"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gittest.New(t)
			id := s.Commit("acme/base", "main", map[string]string{"x": "one"})
			s.Before(test.before)
			bases := basesOf(t, s, func(c *BasesConfig) { c.Limits.Refs, c.Limits.Time = 1<<20, 2*time.Second })
			_, err := bases.Get(t.Context(), gitBase(t, s.URL+"/acme/base", id))
			var failed *manifests.RenderError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v; want %q", err, test.want)
			}
		})
	}
	t.Cleanup(func() {
		if asked := other.Asked(); len(asked) > 0 {
			t.Errorf("the other server was asked %v", asked)
		}
	})
}

// TestBasesPrivate holds that no address is asked that is private and not listed, and none that the policy does not name.
func TestBasesPrivate(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var dialled []string
	client := registry.New(registry.Config{Allows: func(images.Reference) bool { return false }, Network: registry.Network{
		Lookup: func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("192.168.1.1")}, nil
		},
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			dialled = append(dialled, address)
			return nil, errors.New("nobody is there")
		},
	}})
	t.Cleanup(client.Close)
	places, err := NewBasePlaces([]string{"10.0.0.1/**", "[::1]/**", "github.com/acme/**"})
	if err != nil {
		t.Fatal(err)
	}
	bases := NewBases(BasesConfig{Client: client, Places: places})
	t.Cleanup(bases.Close)
	for address, want := range map[string]string{
		"https://10.0.0.1/a/b":             "private",
		"https://[::1]/a/b":                "",
		"https://github.com/other/base":    `allow it: bases: {allow: ["github.com/other/base"]}`,
		"https://github.com/acmex/base":    "does not allow to ask github.com",
		"https://git.internal/acme/b.git":  `allow it: bases: {allow: ["git.internal/acme/b"]}`,
		"https://github.com.evil.example/": "",
		"https://github.com/acme/base":     "192.168.1.1",
	} {
		base, err := manifests.GitBase(address, ".", "main")
		if err == nil {
			_, err = bases.Get(t.Context(), base)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if len(dialled) > 0 {
		t.Errorf("dialled %v", dialled)
	}
}

// TestBasePlaces holds patterns against repositories and files.
func TestBasePlaces(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		"github.com/acme/**":              {"https://github.com/acme/a", "https://github.com/acme/b.git"},
		"https://GitHub.com/acme/a.git":   {"https://github.com/acme/a"},
		"raw.githubusercontent.com/**":    {"https://raw.githubusercontent.com/x/y/v1/z.yaml"},
		"**":                              {"https://github.com/acme/a", "https://github.com/acme/b.git", "https://raw.githubusercontent.com/x/y/v1/z.yaml"},
		"github.com/*/a":                  {"https://github.com/acme/a"},
		"*.githubusercontent.com/x/y/**":  {"https://raw.githubusercontent.com/x/y/v1/z.yaml"},
		"https://github.com/acme/b.git/ ": nil,
	} {
		places, err := NewBasePlaces([]string{pattern})
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		var got []string
		for _, address := range []string{"https://github.com/acme/a", "https://github.com/acme/b.git", "https://raw.githubusercontent.com/x/y/v1/z.yaml"} {
			base := manifests.Base{URL: address, File: strings.HasSuffix(address, ".yaml")}
			if places.Allows(base) {
				got = append(got, address)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s allows %q", pattern, got)
		}
	}
	for _, bad := range []string{"github.com", "a**/b", ""} {
		if _, err := NewBasePlaces([]string{bad}); err == nil || strings.Contains(err.Error(), "any://") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestBasesRange holds that of a range the newest tag is taken, as Flux does, and that one that was kept is asked for again.
func TestBasesRange(t *testing.T) {
	t.Parallel()
	s := gittest.New(t)
	commits := map[string]string{}
	for _, tag := range []string{"v1.0.0", "v1.10.0", "v1.9.0", "v2.0.0-rc.1", "nightly"} {
		commits[tag] = s.Commit("acme/base", "main", map[string]string{"x": tag})
		s.Tag("acme/base", tag, commits[tag])
	}
	s.Commit("acme/base", "v1.11.0", map[string]string{"x": "a branch of a version's name"})
	bases := basesOf(t, s, nil)
	for ref, want := range map[string]string{"1.x": "v1.10.0", ">=1.0.0 <1.10.0": "v1.9.0", "v1.0.0": "v1.0.0", ">=2.0.0-0": "v2.0.0-rc.1", "3.x": "!none of its 5 versions", "nonsense!": "!neither"} {
		base := gitBase(t, s.URL+"/acme/base", "")
		base.Ref, base.Range = ref, true
		pinned, err := bases.Pin(t.Context(), base)
		if why, none := strings.CutPrefix(want, "!"); none {
			if err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("%s: %v", ref, err)
			}
			continue
		}
		if err != nil || pinned.Pinned != commits[want] || pinned.Tree != nil {
			t.Errorf("%s: %+v, %v", ref, pinned, err)
			continue
		}
		got, err := bases.Get(t.Context(), base)
		if err != nil || text(t, got.Tree, "x") != want || !strings.Contains(strings.Join(got.Notes, ""), "is "+want+" now") {
			t.Errorf("%s: %q, %v", ref, got.Notes, err)
		}
	}
}

// TestFilesRedirected holds that a file's address leads nowhere private, whoever says so.
func TestFilesRedirected(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"https://10.0.0.1/x.yaml", "https://inside.example/x.yaml", "https://[::ffff:169.254.169.254]/x.yaml", "file:///etc/passwd"} {
		s := gittest.New(t)
		s.Before(func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, to, http.StatusFound)
			return true
		})
		var mu sync.Mutex
		var dialled []string
		client := registry.New(registry.Config{Allows: func(images.Reference) bool { return false }, Hosts: []registry.Host{{Name: s.Host, Private: true, PlainHTTP: true}}, Network: registry.Network{
			Lookup: func(context.Context, string) ([]netip.Addr, error) {
				return []netip.Addr{netip.MustParseAddr("192.168.1.1")}, nil
			},
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				mu.Lock()
				defer mu.Unlock()
				dialled = append(dialled, address)
				if address != s.Host {
					return nil, errors.New("nobody is there")
				}
				return (&net.Dialer{}).DialContext(ctx, network, address)
			},
		}})
		t.Cleanup(client.Close)
		bases := basesOf(t, s, func(c *BasesConfig) { c.Client = client })
		base, err := manifests.FileAddress(s.URL + "/x.yaml")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := bases.Get(t.Context(), base); err == nil {
			t.Errorf("%s: it was followed", to)
		}
		mu.Lock()
		if slices.ContainsFunc(dialled, func(address string) bool { return address != s.Host }) || len(dialled) == 0 {
			t.Errorf("%s: dialled %v", to, dialled)
		}
		mu.Unlock()
	}
}

// TestPacks holds that a pack is what its commit names, whatever it says.
func TestPacks(t *testing.T) {
	t.Parallel()
	_, err := gitrepo.OpenPack(t.Context(), gitrepo.Pack{Commit: strings.Repeat("1", 40), Data: []byte("PACK"), Within: time.Minute}, gitrepo.Options{})
	if !errors.Is(err, gitrepo.ErrPack) {
		t.Errorf("%v", err)
	}
}

// FuzzGitWire holds that answers of a hostile server are taken or refused, and neither hang nor break anything.
func FuzzGitWire(f *testing.F) {
	f.Add([]byte(pkt("# service=git-upload-pack\n") + pktFlush + pkt("version 2\n") + pktFlush))
	f.Add([]byte(pkt(strings.Repeat("1", 40)+" refs/tags/v1 peeled:"+strings.Repeat("2", 40)+"\n") + pktFlush))
	f.Add([]byte(pkt("shallow-info\n") + pktDelim + pkt("packfile\n") + pkt("\x01PACK") + pkt("\x03no") + pktFlush))
	f.Fuzz(func(t *testing.T, answer []byte) {
		_ = speaksV2(answer)
		refs, err := readRefs(answer)
		for _, one := range refs {
			if err == nil && !commitID.MatchString(one.commit) {
				t.Errorf("%q", one)
			}
		}
		if pack, err := readPack(answer); err == nil && len(pack) > len(answer) {
			t.Errorf("%d bytes of %d", len(pack), len(answer))
		}
	})
}
