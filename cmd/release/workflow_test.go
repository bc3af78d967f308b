package main

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestBinaries holds that GoReleaser makes the archives that the Action looks for, of all systems, without C and paths.
func TestBinaries(t *testing.T) {
	t.Parallel()
	var config struct {
		Version int
		Builds  []struct {
			Main, Binary string
			Env, Flags   []string
			Goos, Goarch []string
		}
		Archives []struct {
			Formats []string
			Name    string `yaml:"name_template"`
		}
		Checksum struct {
			Name string `yaml:"name_template"`
		}
		SBOMs []struct{ Artifacts string }
	}
	if err := yaml.Unmarshal([]byte(text(t, "../../.goreleaser.yaml")), &config); err != nil {
		t.Fatal(err)
	}
	if config.Version != 2 || len(config.Builds) != 1 || len(config.Archives) != 1 || len(config.SBOMs) != 1 || config.Checksum.Name != "checksums.txt" {
		t.Fatalf("%+v", config)
	}
	build, archive := config.Builds[0], config.Archives[0]
	if !slices.Equal(build.Goos, []string{"linux", "darwin", "windows"}) || !slices.Equal(build.Goarch, []string{"amd64", "arm64"}) {
		t.Errorf("it is built for %q on %q", build.Goos, build.Goarch)
	}
	if build.Main != "./cmd/bot" || build.Binary != "landwaiter" || !slices.Contains(build.Env, "CGO_ENABLED=0") || !slices.Contains(build.Flags, "-trimpath") || !slices.Contains(build.Flags, "-buildvcs=true") {
		t.Errorf("%+v", build)
	}
	version := regexp.MustCompile(`goreleaser/goreleaser/v2 (v[0-9.]+) `).FindStringSubmatch(text(t, "../../tools/release/go.mod"))
	if version == nil || !strings.Contains(text(t, "../../.github/workflows/release.yaml"), "{version: "+version[1]+", args: release --clean --skip=publish,announce}") {
		t.Errorf("make release runs GoReleaser %q, and the workflow another one", version)
	}
	installer := text(t, "../../deploy/action/install.sh")
	name := strings.NewReplacer("{{ .Version }}", "VERSION", "{{ .Os }}", "SYSTEM", "{{ .Arch }}", "MACHINE").Replace(archive.Name) + "." + archive.Formats[0]
	if !strings.Contains(installer, name) {
		t.Errorf("deploy/action/install.sh does not look for %s", name)
	}
}

// TestReleaseWorkflow holds that the workflow is one, by actionlint, that what it uses is pinned, and that only its second job
// may write, and only when somebody asks for a release.
func TestReleaseWorkflow(t *testing.T) {
	t.Parallel()
	const file = ".github/workflows/release.yaml"
	source := text(t, "../../"+file)
	for line := range strings.Lines(source) {
		_, used, ok := strings.Cut(line, "uses: ")
		if ok && !regexp.MustCompile(`^[a-z-]+/[a-z-]+@[0-9a-f]{40} # v[0-9.]+\n$`).MatchString(used) {
			t.Errorf("not pinned: %s", line)
		}
	}
	var workflow struct {
		Permissions map[string]string
		Defaults    struct{ Run struct{ Shell string } }
		Jobs        map[string]struct {
			If          string
			Permissions map[string]string
			Steps       []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(source), &workflow); err != nil {
		t.Fatal(err)
	}
	if len(workflow.Permissions) != 1 || workflow.Permissions["contents"] != "read" {
		t.Errorf("every job has %v", workflow.Permissions)
	}
	if workflow.Defaults.Run.Shell != "bash" { // the runner's own choice goes on when a program of a pipe fails
		t.Errorf("the shell is %q", workflow.Defaults.Run.Shell)
	}
	for name, job := range workflow.Jobs {
		for _, step := range job.Steps {
			if strings.Contains(step.Run, "${{") { // whose value would be read as a script
				t.Errorf("%s runs %s", name, step.Run)
			}
		}
		if len(job.Permissions) > 0 && (name != "publish" || job.If != "github.event_name == 'workflow_dispatch'") {
			t.Errorf("%s has %v if %q", name, job.Permissions, job.If)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "actionlint", "-shellcheck=", "-pyflakes=", "-no-color", file)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("actionlint: %v\n%s", err, out)
	}
}
