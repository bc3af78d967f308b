package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const someDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

// deployment copies deploy/ into a directory of the test's.
func deployment(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "deploy"), os.DirFS("../../deploy")); err != nil {
		t.Fatal(err)
	}
	return root
}

func text(t *testing.T, name ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(name...))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestPin holds that a release is written wherever deploy/ names one, and that it can be written again.
func TestPin(t *testing.T) {
	t.Parallel()
	root := deployment(t)
	var sums strings.Builder
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, machine := range []string{"amd64", "arm64"} {
			fmt.Fprintf(&sums, "%s  landwaiter_1.2.3_%s_%s.tar.gz\n%s  landwaiter_1.2.3_%[2]s_%[3]s.tar.gz.spdx.json\n", strings.Repeat("a", 64), system, machine, strings.Repeat("b", 64))
		}
	}
	sumsFile := filepath.Join(root, "checksums.txt")
	if err := os.WriteFile(sumsFile, []byte(sums.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for range 2 {
		if err := run([]string{"pin", "-version", "1.2.3", "-image", someDigest, "-checksums", sumsFile, root}, &out); err != nil {
			t.Fatal(err)
		}
	}
	for file, want := range map[string]string{
		"deploy/kustomize/base/kustomization.yaml": "    digest: " + someDigest + "\n",
		"deploy/chart/values.yaml":                 "  digest: " + someDigest + "\n",
		"deploy/chart/Chart.yaml":                  "version: 1.2.3\nappVersion: 1.2.3\n",
		"deploy/compose.yaml":                      "image: ghcr.io/landwaiter/landwaiter:1.2.3@" + someDigest + "\n",
		"deploy/action/checksums.txt":              strings.Repeat("a", 64) + "  landwaiter_1.2.3_windows_arm64.tar.gz\n",
	} {
		if got := text(t, root, file); !strings.Contains(got, want) {
			t.Errorf("%s lacks %q:\n%s", file, want, got)
		}
	}
	if got := text(t, root, "deploy/action/checksums.txt"); strings.Count(got, "\n") != 6 || strings.Contains(got, "spdx") {
		t.Errorf("the action carries\n%s", got)
	}
}

// TestPinRefuses holds that nothing is written that is no release.
func TestPinRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"version with v":  {"-version", "v1.2.3", "-image", someDigest},
		"short digest":    {"-version", "1.2.3", "-image", "sha256:11"},
		"no deploy there": {"-version", "1.2.3", "-image", someDigest, t.TempDir()},
	} {
		if err := run(append([]string{"pin"}, args...), &bytes.Buffer{}); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
	root := deployment(t)
	few := filepath.Join(root, "few")
	if err := os.WriteFile(few, []byte(strings.Repeat("a", 64)+"  landwaiter_1.2.3_linux_amd64.tar.gz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run([]string{"pin", "-version", "1.2.3", "-image", someDigest, "-checksums", few, root}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "want 6") {
		t.Errorf("one archive of six: %v", err)
	}
}

// TestArchive holds that the archive of an image is read as Docker reads it, by the names that the workflow uses, and that what it
// is pushed from is the same.
func TestArchive(t *testing.T) {
	t.Parallel()
	var index v1.ImageIndex = mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, machine := range []string{"amd64", "arm64"} {
		image, err := random.Image(1000, 2)
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: machine}}})
	}
	dir := t.TempDir()
	var out bytes.Buffer
	if err := write(index, dir, "1.2.3", &out); err != nil {
		t.Fatal(err)
	}
	kept, err := layout.ImageIndexFromPath(filepath.Join(dir, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	if manifest, err := kept.IndexManifest(); err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest.String() != strings.TrimSpace(out.String()) {
		t.Errorf("%v, %+v, want %s", err, manifest, out.String())
	}
	for i, tag := range []string{"1.2.3", "1.2.3-arm64"} {
		named, err := name.NewTag(repository + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		image, err := tarball.ImageFromPath(filepath.Join(dir, "image.tar"), &named)
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		original, err := index.Image(manifest.Manifests[i].Digest)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := contents(t, image), contents(t, original); !slices.Equal(got, want) {
			t.Errorf("%s holds %q, want %q", tag, got, want)
		}
	}
}

// contents are the digests of an image's configuration and layers.
func contents(t *testing.T, image v1.Image) []string {
	t.Helper()
	config, err := image.ConfigName()
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	all := []string{config.String()}
	for _, layer := range layers {
		digest, err := layer.Digest()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, digest.String())
	}
	return all
}

// TestBill holds that a bill of materials names what this very program is made of, and points nowhere else.
func TestBill(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBill(self, time.Unix(0, 0).UTC())
	if err != nil {
		t.Fatal(err)
	}
	b.contains("git", "1:2.39", "pkg:deb/debian/git@1%3A2.39?arch=amd64")
	out, err := b.text()
	if err != nil {
		t.Fatal(err)
	}
	var read bill
	if err := json.Unmarshal(out, &read); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{read.ID: true}
	names := map[string]bool{}
	for _, p := range read.Packages {
		if ids[p.ID] {
			t.Errorf("%s is there twice", p.ID)
		}
		ids[p.ID], names[p.Name] = true, true
	}
	for _, r := range read.Relationships {
		if !ids[r.From] || !ids[r.To] {
			t.Errorf("%+v leads nowhere", r)
		}
	}
	for _, want := range []string{"github.com/google/go-containerregistry", "stdlib", "git"} {
		if !names[want] {
			t.Errorf("%s is not in the bill", want)
		}
	}
}

// TestUsage holds that a wrong command line is an error and not a panic.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"nonsense"}, {"image", "-out", t.TempDir(), "amd64"}, {"push", "x"}, {"push", t.TempDir(), "UPPER"}, {"sbom"}, {"sbom", "release_test.go"}} {
		if err := run(args, &bytes.Buffer{}); err == nil {
			t.Errorf("%q is no error", args)
		}
	}
}
