package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
