package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// installation is a runner on which the action is installed: the programs that install.sh starts are played.
type installation struct {
	t       *testing.T
	dir     string
	archive []byte
}

// newInstallation plays a runner of a system, as uname calls it, with a release that has one archive.
func newInstallation(t *testing.T, system, machine, archive string) *installation {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the programs of a runner are played by scripts")
	}
	i := &installation{t: t, dir: filepath.Join(t.TempDir(), "a b'c")}
	program := "landwaiter"
	if strings.Contains(archive, "windows") {
		program += ".exe"
	}
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	files := tar.NewWriter(zipped)
	for name, text := range map[string]string{"README.md": "read", program: "#!/bin/sh\necho released\n"} {
		if err := files.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	i.archive = out.Bytes()
	script, err := os.ReadFile("../../deploy/action/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	i.write("action/deploy/action/install.sh", string(script))
	sum := sha256.Sum256(i.archive)
	i.write("action/deploy/action/checksums.txt", strings.Repeat("0", 64)+"  landwaiter_1.2.3_plan9_amd64.tar.gz\n"+hex.EncodeToString(sum[:])+"  "+archive+"\n")
	i.write("archive", string(i.archive))
	i.write("bin/uname", fmt.Sprintf("#!/bin/sh\ncase $1 in -s) echo %s ;; -m) echo %s ;; esac\n", system, machine))
	i.write("bin/curl", "#!/bin/sh\necho \"curl $*\" >>\"$PLAY/calls\"\n[ ! -e \"$PLAY/offline\" ] || exit 6\nwhile [ \"$1\" != --output ]; do shift; done\ncp \"$PLAY/archive\" \"$2\"\n")
	i.write("bin/gh", "#!/bin/sh\necho \"gh $*\" >>\"$PLAY/calls\"\ncase \"$*\" in *verify*) [ ! -e \"$PLAY/swap\" ] || cp \"$PLAY/swap\" \"$PLAY\"/tools/landwaiter/*.tar.gz; [ ! -e \"$PLAY/unattested\" ] ;; esac\n")
	i.write("bin/go", "#!/bin/sh\necho \"go $*\" >>\"$PLAY/calls\"\nwhile [ \"$1\" != -o ]; do shift; done\nprintf '#!/bin/sh\\necho built\\n' >\"$2\"\nchmod 755 \"$2\"\n")
	return i
}

func (i *installation) write(name, text string) {
	i.t.Helper()
	name = filepath.Join(i.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		i.t.Fatal(err)
	}
}

// install runs the script and returns what it said, which programs it started, and what the installed program says.
func (i *installation) install(ref string, more ...string) (said, calls, runs string, err error) {
	i.t.Helper()
	_ = os.Remove(filepath.Join(i.dir, "calls"))
	_ = os.RemoveAll(filepath.Join(i.dir, "temp"))
	i.write("temp/x", "")
	cmd := exec.CommandContext(i.t.Context(), "bash", filepath.Join(i.dir, "action/deploy/action/install.sh"))
	cmd.Env = append([]string{"PATH=" + filepath.Join(i.dir, "bin") + ":" + os.Getenv("PATH"), "PLAY=" + i.dir, "ACTION_PATH=" + filepath.Join(i.dir, "action"),
		"RUNNER_TEMP=" + filepath.Join(i.dir, "temp"), "RUNNER_TOOL_CACHE=" + filepath.Join(i.dir, "tools"), "GITHUB_SERVER_URL=https://github.com",
		"GH_TOKEN=t", "ACTION_REF=" + ref}, more...)
	out, err := cmd.CombinedOutput()
	started, _ := os.ReadFile(filepath.Join(i.dir, "calls"))
	for _, name := range []string{"landwaiter", "landwaiter.exe"} {
		if text, readErr := exec.Command("sh", filepath.Join(i.dir, "temp/landwaiter-bin", name)).Output(); readErr == nil {
			runs = strings.TrimSpace(string(text))
		}
	}
	return string(out), string(started), runs, err
}

// TestActionInstall: each system gets its own archive, which is held to its digest and attestation and kept.
func TestActionInstall(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ system, machine, archive string }{
		{"Linux", "x86_64", "landwaiter_1.2.3_linux_amd64.tar.gz"},
		{"Linux", "aarch64", "landwaiter_1.2.3_linux_arm64.tar.gz"},
		{"Darwin", "x86_64", "landwaiter_1.2.3-rc.1_darwin_amd64.tar.gz"},
		{"Darwin", "arm64", "landwaiter_1.2.3_darwin_arm64.tar.gz"},
		{"MINGW64_NT-10.0", "x86_64", "landwaiter_1.2.3_windows_amd64.tar.gz"},
	} {
		i := newInstallation(t, test.system, test.machine, test.archive)
		version := strings.Split(test.archive, "_")[1]
		said, calls, runs, err := i.install("v1")
		if err != nil || runs != "released" || !strings.Contains(calls, "/releases/download/v"+version+"/"+test.archive) || !strings.Contains(calls, "--signer-workflow landwaiter/landwaiter/.github/workflows/release.yaml") || strings.Contains(calls, "go ") {
			t.Errorf("%s: %v, %q\n%s\n%s", test.archive, err, runs, said, calls)
		}
		if said, calls, runs, err = i.install("0123456789012345678901234567890123456789"); err != nil || runs != "released" || strings.Contains(calls, "curl") {
			t.Errorf("%s again: %v, %q\n%s\n%s", test.archive, err, runs, said, calls)
		}
	}
}

// TestActionInstallCache: the cache is others' to write to, at any time, or nobody's; what is installed is what was released.
func TestActionInstallCache(t *testing.T) {
	t.Parallel()
	const archive = "landwaiter_1.2.3_linux_amd64.tar.gz"
	i := newInstallation(t, "Linux", "x86_64", archive)
	i.write("swap", string(newInstallation(t, "Linux", "x86_64", "landwaiter_6.6.6_windows_amd64.tar.gz").archive))
	for range 2 {
		if said, _, runs, err := i.install("v1.2.3"); err != nil || runs != "released" {
			t.Errorf("an archive that is swapped while it is verified: %v, %q\n%s", err, runs, said)
		}
	}
	cached := filepath.Join(i.dir, "tools", "landwaiter", archive)
	if kept, err := os.ReadDir(filepath.Dir(cached)); err != nil || len(kept) != 1 {
		t.Errorf("the cache holds %v, %v", kept, err)
	}
	if err := errors.Join(os.Remove(cached), os.Symlink("/dev/zero", cached)); err != nil {
		t.Fatal(err)
	}
	if said, _, runs, err := i.install("v1.2.3"); err != nil || runs != "released" {
		t.Errorf("a cache that never ends: %v, %q\n%s", err, runs, said)
	}
	if err := os.RemoveAll(filepath.Join(i.dir, "tools")); err != nil {
		t.Fatal(err)
	}
	i.write("tools", "a file")
	if said, _, runs, err := i.install("v1.2.3"); err != nil || runs != "released" || !strings.Contains(said, "is not kept for other jobs") {
		t.Errorf("no cache: %v, %q\n%s", err, runs, said)
	}
	i.write("offline", "")
	if said, _, runs, err := i.install("v1.2.3"); err == nil || runs != "" || !strings.Contains(said, archive+" could not be downloaded") {
		t.Errorf("no network: %v, %q\n%s", err, runs, said)
	}
}

// TestActionInstallRefuses: what is not what was released is not installed, wherever it comes from.
func TestActionInstallRefuses(t *testing.T) {
	t.Parallel()
	const archive = "landwaiter_1.2.3_linux_amd64.tar.gz"
	i := newInstallation(t, "Linux", "x86_64", archive)
	i.write("archive", "another")
	if said, _, runs, err := i.install("v1.2.3"); err == nil || runs != "" || !strings.Contains(said, "is not what was released") {
		t.Errorf("another archive: %v, %q\n%s", err, runs, said)
	}
	i.write("archive", string(i.archive))
	i.write("tools/landwaiter/"+archive, "somebody wrote this into the cache")
	if said, calls, runs, err := i.install("v1.2.3"); err != nil || runs != "released" || !strings.Contains(calls, "curl") {
		t.Errorf("a cache that somebody wrote to: %v, %q\n%s", err, runs, said)
	}
	i.write("unattested", "")
	if said, _, runs, err := i.install("v1.2.3"); err == nil || runs != "" || !strings.Contains(said, "attestation of "+archive+" could not be verified") {
		t.Errorf("without an attestation: %v, %q\n%s", err, runs, said)
	}
	if said, calls, runs, err := i.install("v1.2.3", "GITHUB_SERVER_URL=https://ghe.example"); err != nil || runs != "released" || strings.Contains(calls, "gh attestation verify") {
		t.Errorf("on a server that has no attestations of ours: %v, %q\n%s", err, runs, said)
	}
	i.write("action/deploy/action/checksums.txt", "")
	if said, calls, runs, err := i.install("main"); err != nil || runs != "built" || strings.Contains(calls, "curl") {
		t.Errorf("a branch: %v, %q\n%s\n%s", err, runs, said, calls)
	}
	if said, _, runs, err := i.install("v1.2.3"); err == nil || runs != "" || !strings.Contains(said, "no digest for linux_amd64") {
		t.Errorf("a release without digests: %v, %q\n%s", err, runs, said)
	}
	if said, _, _, err := i.install("x; touch $PLAY/pwned; $(touch $PLAY/pwned) `touch $PLAY/pwned`"); err != nil {
		t.Errorf("an odd branch: %v\n%s", err, said)
	}
	if _, err := os.Stat(filepath.Join(i.dir, "pwned")); err == nil {
		t.Error("the name of a branch is run")
	}
	for _, uname := range []string{"-s) echo Plan9 ;; -m) echo x86_64", "-s) echo Linux ;; -m) echo Plan9"} {
		i.write("bin/uname", "#!/bin/sh\ncase $1 in "+uname+" ;; esac\n")
		if said, _, runs, err := i.install("main"); err == nil || runs != "" || !strings.Contains(said, "there is no binary for Plan9") {
			t.Errorf("another system: %v, %q\n%s", err, runs, said)
		}
	}
}
