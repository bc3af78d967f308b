package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"debug/elf"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"golang.org/x/sys/unix"
)

// TestImage makes the image of this machine with the program that LANDWAITER_BIN names and Debian's packages, and holds that
// it comes out alike twice, holds what it should and no more, runs without privileges with all walls of the sandbox, and can be
// pinned by the digest that a registry has. "make image" runs it.
func TestImage(t *testing.T) {
	binary := os.Getenv("LANDWAITER_BIN")
	if binary == "" {
		t.Skip("the image is made by make image: LANDWAITER_BIN names no program")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "../../deploy/image/base.sh", filepath.Join(dir, "base"), runtime.GOARCH).CombinedOutput(); err != nil {
		t.Fatalf("base.sh: %v\n%s", err, out)
	}
	first, digest := build(t, dir, "first", binary)
	second, again := build(t, dir, "second", binary)
	if digest != again || first != second {
		t.Errorf("two builds differ: %s and %s", digest, again)
	}
	root := filepath.Join(dir, "root")
	unpack(t, filepath.Join(dir, "first", "oci"), root)
	if parsed, err := elf.Open(filepath.Join(root, program)); err != nil || slices.ContainsFunc(parsed.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Errorf("the program is not static: %v", err)
	}
	t.Run("pinned", func(t *testing.T) { pinned(t, filepath.Join(dir, "first", "oci"), digest) })
	t.Run("runs", func(t *testing.T) { runs(t, root) })
}

// build makes an image and returns the sum of its archive and its digest.
func build(t *testing.T, dir, as, binary string) (sum [32]byte, digest string) {
	t.Helper()
	var out bytes.Buffer
	args := []string{"image", "-out", filepath.Join(dir, as), "-version", "1.2.3", "-time", "1700000000", runtime.GOARCH + "=" + filepath.Join(dir, "base") + "," + binary}
	if err := run(args, &out); err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256([]byte(text(t, dir, as, "image.tar"))), strings.TrimSpace(out.String())
}

// unpack writes the files of an image, and holds what may be among them.
func unpack(t *testing.T, dir, root string) {
	t.Helper()
	image := onlyImage(t, dir)
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if config.Config.User != "65532:65532" || len(config.Config.Entrypoint) != 1 {
		t.Errorf("it runs as %q by %q", config.Config.User, config.Config.Entrypoint)
	}
	stream := mutate.Extract(image)
	defer stream.Close()
	unwanted := regexp.MustCompile(`(^|/)(sh|bash|dash|busybox|perl.*|python.*|apt.*|dpkg.*|helm|kubectl|kustomize)$`)
	for archive := tar.NewReader(stream); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if unwanted.MatchString(h.Name) && !strings.HasPrefix(h.Name, "usr/share/doc/") || h.Mode&0o6000 != 0 {
			t.Errorf("%s is in the image, mode %o", h.Name, h.Mode)
		}
		extract(t, archive, h, filepath.Join(root, h.Name))
	}
}

func onlyImage(t *testing.T, dir string) v1.Image {
	t.Helper()
	kept, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the layout has an index of one index
		manifest, err := kept.IndexManifest()
		if err != nil || len(manifest.Manifests) != 1 {
			t.Fatalf("%v, %+v", err, manifest)
		}
		digest := manifest.Manifests[0].Digest
		if image, err := kept.Image(digest); err == nil && manifest.Manifests[0].MediaType.IsImage() {
			return image
		}
		if kept, err = kept.ImageIndex(digest); err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("there is no image")
	return nil
}

func extract(t *testing.T, from io.Reader, h *tar.Header, to string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	switch h.Typeflag {
	case tar.TypeDir:
		err = errors.Join(err, os.MkdirAll(to, 0o755), os.Chmod(to, h.FileInfo().Mode()))
		if os.Geteuid() == 0 {
			err = errors.Join(err, os.Chown(to, h.Uid, h.Gid))
		}
	case tar.TypeSymlink:
		err = errors.Join(err, os.Symlink(h.Linkname, to))
	default:
		content, readErr := io.ReadAll(from)
		err = errors.Join(err, readErr, os.WriteFile(to, content, h.FileInfo().Mode()))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pinned sends the image to a registry and writes into a copy of deploy/ the digest that it has there.
func pinned(t *testing.T, dir, digest string) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	var out bytes.Buffer
	if err := run([]string{"push", dir, host + "/landwaiter/landwaiter:1.2.3"}, &out); err != nil {
		t.Fatal(err)
	}
	_, pushed, _ := strings.Cut(strings.TrimSpace(out.String()), "@")
	if pushed != digest {
		t.Errorf("%s was made, %s pushed", digest, pushed)
	}
	root := deployment(t)
	if err := run([]string{"pin", "-version", "1.2.3", "-image", pushed, root}, &out); err != nil {
		t.Fatal(err)
	}
	written := regexp.MustCompile(`digest: (\S+)`).FindStringSubmatch(text(t, root, "deploy/kustomize/base/kustomization.yaml"))
	reference, err := name.NewDigest(host + "/landwaiter/landwaiter@" + written[1])
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Index(reference)
	if err != nil {
		t.Fatal(err)
	}
	if manifest, err := found.IndexManifest(); err != nil || manifest.Manifests[0].Platform.Architecture != runtime.GOARCH {
		t.Errorf("%v, %+v", err, manifest)
	}
}

// runs starts programs of the image inside it, as its user, as a restricted pod would: no capabilities, no new privileges.
func runs(t *testing.T, root string) {
	if os.Geteuid() != 0 {
		t.Skip("only root can change into the image's files")
	}
	null := filepath.Join(root, "dev", "null")
	if err := errors.Join(os.MkdirAll(filepath.Dir(null), 0o755), unix.Mknod(null, unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))), os.Chmod(null, 0o666)); err != nil {
		t.Fatal(err)
	}
	processes := filepath.Join(root, "proc")
	if err := errors.Join(os.MkdirAll(processes, 0o755), unix.Mount("proc", processes, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")); err != nil {
		t.Skipf("there is no /proc for the image: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(processes, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for name, content := range map[string][]byte{"tmp/ca.pem": authority, "tmp/repository/kustomization.yaml": []byte("resources: [pod.yaml]\n"),
		"tmp/repository/pod.yaml": []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - {name: web, image: ghcr.io/acme/web:1.0, securityContext: {privileged: true}}\n")} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755), os.WriteFile(filepath.Join(root, name), content, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args []string
		code int
		want string
		not  string
	}{
		{[]string{"/usr/bin/landwaiter", "version"}, 0, "kustomize ", ""},
		{[]string{"/usr/bin/git", "--version"}, 0, "git version 2.", ""},
		{[]string{"/usr/bin/git", "init", "-q", "/data/x"}, 0, "", "warning"},
		{[]string{"/usr/bin/git", "-c", "http.sslCAInfo=/tmp/ca.pem", "ls-remote", server.URL + "/x.git"}, 128, "not found", ""},
		{[]string{"/usr/bin/git", "ls-remote", server.URL + "/x.git"}, 128, "certificate verification failed", ""},
		{[]string{"/usr/bin/landwaiter", "review", "--all", "/tmp/repository"}, 3, "container web is privileged", "not fully confined"},
	} {
		out, code := inside(t, root, c.args)
		if code != c.code || !strings.Contains(out, c.want) || c.not != "" && strings.Contains(out, c.not) {
			t.Errorf("%q ends with %d, want %d:\n%s", c.args, code, c.code, out)
		}
	}
}

// inside runs a program in the image's files.
func inside(t *testing.T, root string, args []string) (string, int) {
	t.Helper()
	type ended struct {
		out  string
		code int
		err  error
	}
	done := make(chan ended)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread, which can gain no privileges any more, ends with the goroutine
		err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env = []string{"PATH=/usr/bin", "HOME=/data", "TMPDIR=/tmp"}
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: user}}
		out, runErr := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(runErr, &exit) {
			err = errors.Join(err, runErr)
		}
		done <- ended{string(out), cmd.ProcessState.ExitCode(), err}
	}()
	e := <-done
	if e.err != nil {
		t.Fatalf("%q: %v\n%s", args, e.err, e.out)
	}
	return e.out, e.code
}
