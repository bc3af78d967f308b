package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/report"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/review/rules"
)

// The parts of docs/policy.md that are made are between these lines.
const (
	keysBegin = "<!-- keys: begin."
	keysEnd   = "<!-- keys: end -->"
)

// generated are the files of docs/ that follow from the rules and from the policy's format.
var generated = map[string]func(before string) (string, error){
	"rules.md": func(string) (string, error) {
		var b strings.Builder
		err := report.CatalogueMarkdown(&b, rules.All())
		return b.String(), err
	},
	"guidelines.md": func(string) (string, error) {
		var b strings.Builder
		err := report.GuidelinesMarkdown(&b, rules.All())
		return b.String(), err
	},
	"policy.schema.json": func(string) (string, error) {
		text, err := policy.Schema(rules.All())
		return string(text), err
	},
	"cli.md":                    commandLine,
	"../deploy/chart/README.md": chartValues,
	"policy.md": func(before string) (string, error) {
		head, rest, ok := strings.Cut(before, keysBegin)
		marker, _, hasLine := strings.Cut(rest, "\n")
		_, tail, closed := strings.Cut(rest, keysEnd)
		if !ok || !hasLine || !closed {
			return "", fmt.Errorf("docs/policy.md lacks the lines %q and %q", keysBegin, keysEnd)
		}
		var b strings.Builder
		err := policy.Reference(&b, rules.All())
		return head + keysBegin + marker + "\n\n" + b.String() + "\n" + keysEnd + tail, err
	},
}

// TestGenerated holds that what is made from other files is fresh. "make generate" runs it with -update, which
// writes the files.
func TestGenerated(t *testing.T) {
	all := maps.Clone(generated)
	for _, r := range rules.All() {
		all[filepath.Join("rules", r.ID+".md")] = func(string) (string, error) { return report.RuleMarkdown(r), nil }
	}
	for name, generate := range all {
		file := filepath.Join("..", "..", "docs", name)
		before, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		now, err := generate(string(before))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case now == string(before):
		case *update:
			if err := os.WriteFile(file, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("docs/%s is stale: run make generate", name)
		}
	}
}

// TestGuidelines holds that rules cite guidelines which exist, that the guidelines are numbered through, that each is
// enforced by rules, and that docs/guidelines.md says by which.
func TestGuidelines(t *testing.T) {
	known := make(map[string]bool)
	for i, g := range report.Guidelines() {
		if g.ID != fmt.Sprintf("G%d", i+1) || g.Title == "" || g.Text == "" || g.Part == "" {
			t.Errorf("guideline %d is %+v", i+1, g)
		}
		known[g.ID] = true
	}
	for _, r := range rules.All() {
		for _, id := range r.Guidelines {
			if !known[id] {
				t.Errorf("rule %s cites %s, which does not exist", r.ID, id)
			}
		}
	}
	text, err := os.ReadFile("../../docs/guidelines.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range report.Guidelines() {
		_, section, _ := strings.Cut(string(text), "\n### "+g.ID+" ")
		section, _, _ = strings.Cut(section, "\n### ")
		enforced := 0
		for _, r := range rules.All() {
			link := fmt.Sprintf("[%s](rules/%s.md)", r.ID, r.ID)
			cites := slices.Contains(r.Guidelines, g.ID)
			if cites {
				enforced++
			}
			if cites != strings.Contains(section, link) {
				t.Errorf("docs/guidelines.md, %s: rule %s cites it: %t, and is named: %t", g.ID, r.ID, cites, !cites)
			}
		}
		if enforced == 0 {
			t.Errorf("no rule enforces %s", g.ID)
		}
	}
}

// TestRulePages holds that each page says why, shows a bad and a good example, how to fix and how to exempt, that it names
// the parameters of rules that have some, that the exemption it shows is a valid one, and that no page is of a rule that is gone.
func TestRulePages(t *testing.T) {
	pages, err := filepath.Glob("../../docs/rules/*.md")
	if err != nil || len(pages) != len(rules.All()) {
		t.Errorf("%d pages of %d rules (%v)", len(pages), len(rules.All()), err)
	}
	for _, r := range rules.All() {
		page := report.RuleMarkdown(r)
		for _, part := range []string{"\n## Bad\n", "\n## Good\n", "\n## How to fix\n", "\n## How to exempt\n"} {
			if !strings.Contains(page, part) {
				t.Errorf("%s: the page lacks %q", r.ID, part)
			}
		}
		if r.Params != nil && !strings.Contains(page, "\n## Parameters\n") {
			t.Errorf("%s: the page does not name its parameters", r.ID)
		}
		_, exempt, _ := strings.Cut(page, "\n## How to exempt\n")
		block := yamlBlock.FindStringSubmatch(exempt)
		if block == nil {
			t.Errorf("%s: the page shows no exemption", r.ID)
		} else if _, err := policy.Load(rules.All(), policy.Layer{File: r.ID, Text: []byte(block[1])}); err != nil {
			t.Error(err)
		}
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestPolicyExamples holds that the policies that documentation shows are valid ones.
func TestPolicyExamples(t *testing.T) {
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllSubmatch(text, -1)
	if len(blocks) < 2 {
		t.Fatalf("docs/policy.md shows %d policies", len(blocks))
	}
	for i, block := range blocks {
		if _, err := policy.Load(rules.All(), policy.Layer{File: fmt.Sprintf("example %d", i+1), Text: block[1]}); err != nil {
			t.Error(err)
		}
	}
	starter := policy.Starter(review.Survey{KubeVersion: review.NewestKube, InSixMonths: "2027-01-01", Images: []string{"ghcr.io/acme/web"}})
	if _, err := policy.Load(rules.All(), policy.Layer{File: "starter", Text: []byte(starter)}); err != nil {
		t.Error(err)
	}
}

// command is a line "$ landwaiter …" of a console block, with what stands under it.
type command struct {
	line   int
	args   []string
	output []string
}

// consoleCommands reads the commands of a Markdown file's console blocks.
func consoleCommands(text string) []command {
	var all []command
	inside, open := false, false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside, open = line == "```console", false
		case inside && strings.HasPrefix(line, "$ "):
			args := strings.Fields(strings.TrimPrefix(line, "$ "))
			if open = args[0] == "landwaiter"; open {
				all = append(all, command{line: i + 1, args: args[1:]})
			}
		case inside && open:
			last := &all[len(all)-1]
			last.output = append(last.output, line)
		}
	}
	return all
}

// exampleRepository makes the Git repository of examples/ with the pull request on it.
func exampleRepository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	patch, err := filepath.Abs("../../examples/pull-request.patch")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS("../../examples/repository")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "-A"}, {"commit", "-q", "-m", "Infrastructure"},
		{"checkout", "-q", "-b", "pull-request"}, {"apply", "--whitespace=nowarn", patch}, {"add", "-A"}, {"commit", "-q", "-m", "Debug"}} {
		if out, err := in(dir, exec.CommandContext(context.Background(), "git", args...)).CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return dir
}

// in gives a command a directory and surroundings of its own.
func in(dir string, cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir, "LANDWAITER_CACHE="+filepath.Join(dir, ".git", "cache"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	return cmd
}

// TestReadme runs every "$ landwaiter …" of the README's console blocks in the example repository: it must be a right
// command line, and print every line that stands under it ("…" stands for lines left out).
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := consoleCommands(string(text))
	if len(commands) == 0 {
		t.Fatal("the README shows no command")
	}
	dir := exampleRepository(t)
	for _, c := range commands {
		cmd := in(dir, exec.CommandContext(context.Background(), "landwaiter", c.args...))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != exitFindings {
			t.Errorf("README.md:%d: %v\n%s", c.line, err, out.String())
			continue
		}
		printed := strings.Split(out.String(), "\n")
		for i, want := range c.output {
			if trimmed := strings.TrimSpace(want); trimmed == "" || trimmed == "…" || trimmed == "..." {
				continue
			}
			at := indexOf(printed, want)
			if at < 0 {
				t.Errorf("README.md:%d: %q is not printed (any more, or not after the line before it) by landwaiter %s:\n%s",
					c.line+i+1, want, strings.Join(c.args, " "), out.String())
				break
			}
			printed = printed[at+1:]
		}
	}
}

func indexOf(lines []string, want string) int {
	for i, line := range lines {
		if strings.TrimRight(line, " ") == strings.TrimRight(want, " ") {
			return i
		}
	}
	return -1
}
