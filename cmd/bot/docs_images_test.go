package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review/imagetable"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

const imagesPage = "../../docs/images.md"

// shownFile is a file that the page shows: its name is on the first line, "(the change)" behind it for what the change makes
// of it. shownCommand is a command with what it prints.
var (
	shownFile    = regexp.MustCompile("(?s)```yaml\n# (\\S+)( \\(the change\\))?\n(.*?)```")
	shownCommand = regexp.MustCompile("(?s)```console\n\\$ (landwaiter [^\n]*)\n(.*?)```")
)

// madeBy is the line that says which versions made a report.
var madeBy = regexp.MustCompile(`(?m)^landwaiter \S+ · kustomize/api .*\n`)

// shownNames puts in the names that the page has for what is called otherwise in each test; what underlines a name goes
// with its length.
func shownNames(registry map[string]string, text string) string {
	const host = "registry.example.com"
	longer := len(host) - len(registry["REGISTRY"])
	text = regexp.MustCompile(`\^{20,}`).ReplaceAllStringFunc(text, func(line string) string { return strings.Repeat("^", len(line)+longer) })
	text = madeBy.ReplaceAllString(text, "")
	return strings.NewReplacer(registry["REGISTRY"], host, registry["WEB"], "sha256:"+strings.Repeat("1a", 32), registry["TOOLS"], "sha256:"+strings.Repeat("2b", 32)).Replace(text)
}

// TestImagesPage holds that the commands of docs/images.md print what it shows; with -update it is written anew.
func TestImagesPage(t *testing.T) {
	text, err := os.ReadFile(imagesPage)
	if err != nil {
		t.Fatal(err)
	}
	registry, dir := scriptRegistry(t), t.TempDir()
	layOutPage(t, string(text), registry, dir)
	now := shownCommand.ReplaceAllStringFunc(string(text), func(block string) string {
		command := shownCommand.FindStringSubmatch(block)[1]
		args := strings.Fields(strings.ReplaceAll(command, "registry.example.com", registry["REGISTRY"]))
		branch := "main"
		if args[1] == "review" {
			branch = "change"
		}
		runIn(t, dir, "git", "checkout", "-q", branch)
		return "```console\n$ " + command + "\n" + shownNames(registry, runIn(t, dir, args...)) + "```"
	})
	switch {
	case strings.Count(now, "```console") < 3:
		t.Error("docs/images.md shows fewer than three commands")
	case now == string(text):
	case *update:
		if err := os.WriteFile(imagesPage, []byte(now), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("docs/images.md shows something else than what is printed now: run make generate\n%s", now)
	}
}

// layOutPage makes a repository of what the page shows: its files on main, and the change on a branch.
func layOutPage(t *testing.T, page string, registry map[string]string, dir string) {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(registry["KEYS"], "acme.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		text = strings.ReplaceAll(text, "registry.example.com, private: true}", `"`+registry["REGISTRY"]+`", private: true, plainHTTP: true}`)
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "registry.example.com", registry["REGISTRY"])), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("keys/acme.pub", string(key))
	files := shownFile.FindAllStringSubmatch(page, -1)
	for _, change := range []bool{false, true} {
		for _, f := range files {
			if (f[2] != "") == change {
				write(f[1], f[3])
			}
		}
		if !change {
			runIn(t, dir, "git", "init", "-q", "-b", "main")
			runIn(t, dir, "git", "add", "-A")
			runIn(t, dir, "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-m", "The infrastructure")
			runIn(t, dir, "git", "checkout", "-q", "-b", "change")
		}
	}
	runIn(t, dir, "git", "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "-q", "-a", "-m", "Change")
}

// runIn runs a program in a directory, away from whoever runs the test, and returns what it prints.
func runIn(t *testing.T, dir string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(args[0])
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LANDWAITER_CACHE=" + filepath.Join(dir, "..", "cache"), "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil && args[0] == "git" {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// TestImagesPolicies holds that the policies which docs/images.md shows are valid ones, and what it says of numbers.
func TestImagesPolicies(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(imagesPage)
	if err != nil {
		t.Fatal(err)
	}
	shown := 0
	for _, block := range yamlBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], "apiVersion:") {
			continue
		}
		shown++
		if _, err := policy.Load(rules.All(), policy.Layer{File: "docs/images.md", Text: []byte(block[1])}); err != nil {
			t.Errorf("%v\n%s", err, block[1])
		}
	}
	kinds := make(map[string]bool)
	for _, row := range imagetable.Rows() {
		kinds[row.Kind] = true
	}
	if shown < 3 || len(kinds) < 150 || !strings.Contains(string(text), "more than 150 kinds") {
		t.Errorf("%d policies, %d kinds", shown, len(kinds))
	}
}
