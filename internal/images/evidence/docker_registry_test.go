package evidence_test

import (
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
)

// startDockerRegistry starts the CNCF's registry (Debian's package docker-registry), which has no referrers API. Where there
// is none the test is skipped, but where LANDWAITER_REQUIRE asks for one it fails.
func startDockerRegistry(t *testing.T) *Registry {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv("LANDWAITER_REQUIRE"), ","), "docker-registry") {
			t.Fatal(err)
		}
		t.Skip("docker-registry is not installed")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for range 200 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return At(host, Fallback)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("docker-registry does not answer")
	return nil
}

// TestDockerRegistry holds verdicts at a registry that is not ours.
func TestDockerRegistry(t *testing.T) {
	t.Parallel()
	r := startDockerRegistry(t)
	authority, key := NewAuthority(t), NewKey(t)
	new := func() *lab {
		l := &lab{T: t, Registry: r, authority: authority, key: key}
		l.image, _ = l.Image(t, repository, "1.2")
		l.config = evidence.Config{Registry: Client(t, r), TrustedRoot: authority.TrustedRoot(t, Parts{})}
		return l
	}
	bill := object{"packages": []object{{"name": "a"}}}
	for _, c := range []struct {
		name   string
		leave  func(l *lab)
		demand func(l *lab) *images.Demand
		want   want
	}{
		{"nothing", func(*lab) {}, func(l *lab) *images.Demand { return &images.Demand{Signature: l.byKey()} }, want{images.Unsigned, "no signature is there"}},
		{"first format", func(l *lab) { l.Tag(l, l.image, ".sig", l.simple()) }, func(l *lab) *images.Demand { return &images.Demand{Signature: l.byKey()} }, verified},
		{"bundles", func(l *lab) { l.sign(l.image); l.attest(attestation{kind: SPDX, predicate: bill}) }, func(l *lab) *images.Demand { return &images.Demand{Signature: l.byKey(), SBOM: true} }, verified},
		{"identity", signBundle(release, Sealing{}), func(l *lab) *images.Demand { return &images.Demand{Signature: byIdentity(l)} }, verified},
		{"another identity", signBundle(Workflow("evil/web", "x", mainRef), Sealing{}), func(l *lab) *images.Demand { return &images.Demand{Signature: byIdentity(l)} }, want{images.Untrusted, "evil/web"}},
	} {
		l := new()
		c.leave(l)
		got := l.prove(images.Question{Reference: Reference(t, "%s/%s:1.2", r.Host, repository), Demand: c.demand(l), Platforms: []string{"linux/amd64"}})
		t.Logf("%s: %s", c.name, got.Verdict)
		c.want.check(t, got)
	}
	l := new()
	m := l.multi("")
	l.sign(m.amd64, m.arm64)
	verified.check(t, l.prove(images.Question{Reference: m.index, Demand: &images.Demand{Signature: l.byKey(), Index: images.AllChildren}, Platforms: []string{"linux/arm64"}}))
	got := l.prove(images.Question{Reference: Reference(t, "%s/acme/none:1", r.Host)})
	if !got.Missing {
		t.Errorf("%+v", got)
	}
}
