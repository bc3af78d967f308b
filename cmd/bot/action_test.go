package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestActionFile holds action.yml and docs/action.md to what the command reads and writes.
func TestActionFile(t *testing.T) {
	t.Parallel()
	file := readActionFile(t)
	page, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range file.Runs.Steps {
		if strings.Contains(step.Run, "${{") { // whose value would be read as a script
			t.Errorf("action.yml runs %s", step.Run)
		}
	}
	passed := file.Runs.Steps[len(file.Runs.Steps)-1].Env
	for _, in := range actionInputs() {
		listed, ok := file.Inputs[in.Name]
		standard := listed.Default
		if in.Name == "token" {
			standard = "" // the workflow's, which an expression gives
		}
		if !ok || listed.Description != in.Doc || standard != in.Default {
			t.Errorf("action.yml says of %s: %q by default, %s", in.Name, listed.Default, listed.Description)
		}
		if want := fmt.Sprintf("${{ inputs.%s }}", in.Name); passed[in.Variable] != want {
			t.Errorf("action.yml passes %q as %s", passed[in.Variable], in.Variable)
		}
		shown := " "
		if in.Default != "" {
			shown = " `" + in.Default + "` "
		}
		if row := fmt.Sprintf("| `%s` |%s| %s |", in.Name, shown, in.Doc); !strings.Contains(string(page), row) {
			t.Errorf("docs/action.md lacks %s", row)
		}
	}
	if len(file.Inputs) != len(actionInputs()) || len(passed) != len(actionInputs()) {
		t.Errorf("action.yml has %d inputs and passes %d, there are %d", len(file.Inputs), len(passed), len(actionInputs()))
	}
	outputs := []string{"verdict", "errors", "warnings", "infos", "sarif", "report"}
	for _, name := range outputs {
		out := file.Outputs[name]
		if want := fmt.Sprintf("${{ steps.review.outputs.%s }}", name); out.Value != want {
			t.Errorf("the output %s is %q", name, out.Value)
		}
		if row := fmt.Sprintf("| `%s` | %s |", name, out.Description); !strings.Contains(string(page), row) {
			t.Errorf("docs/action.md lacks %s", row)
		}
	}
	if len(file.Outputs) != len(outputs) {
		t.Errorf("action.yml has %d outputs", len(file.Outputs))
	}
}

// actionFile is action.yml.
type actionFile struct {
	Inputs  map[string]struct{ Description, Default string }
	Outputs map[string]struct{ Description, Value string }
	Runs    struct {
		Steps []struct {
			Env map[string]string
			Run string
		}
	}
}

func readActionFile(t *testing.T) (file actionFile) {
	t.Helper()
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file
}

// examples are the blocks of YAML in a page, workflows and others.
func examples(t *testing.T, file string) []string {
	t.Helper()
	page, err := os.ReadFile("../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		all = append(all, text)
	}
	return all
}

// TestActionExamples: every workflow in the documents is one, by actionlint, and uses inputs and outputs that there are. The
// privileged one checks nothing out, and what runs strangers' files may write nothing.
func TestActionExamples(t *testing.T) {
	t.Parallel()
	checked := 0
	for i, text := range slices.Concat(examples(t, "docs/action.md"), examples(t, "docs/README.md"), examples(t, "README.md")) {
		var workflow struct {
			On          yaml.Node
			Permissions map[string]string
			Jobs        map[string]struct {
				Steps []struct {
					Uses string
					With map[string]string
				}
			}
		}
		if err := yaml.Unmarshal([]byte(text), &workflow); err != nil {
			t.Fatalf("example %d: %v", i, err)
		}
		if workflow.Jobs == nil {
			continue
		}
		checked++
		lint(t, text)
		for _, job := range workflow.Jobs {
			uses := ""
			for _, step := range job.Steps {
				uses += step.Uses + " "
				for input := range step.With {
					if strings.HasPrefix(step.Uses, "landwaiter/") && !slices.ContainsFunc(actionInputs(), func(in actionInput) bool { return in.Name == input }) {
						t.Errorf("example %d gives the input %s, which there is not", i, input)
					}
				}
			}
			if privileged := strings.Contains(text, "workflow_run:"); privileged && strings.Contains(uses, "checkout") || workflow.Permissions == nil {
				t.Errorf("example %d: %s by %v", i, uses, workflow.Permissions)
			}
		}
	}
	if checked != 6 {
		t.Errorf("%d workflows are there, not 6", checked)
	}
}

// lint holds a workflow to what actionlint knows of them. It is a tool of its own, with modules of its own.
func lint(t *testing.T, workflow string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "workflow.yaml")
	if err := os.WriteFile(name, []byte(workflow), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "actionlint", "-shellcheck=", "-pyflakes=", "-no-color", name)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("actionlint: %v\n%s\n%s", err, out, workflow)
	}
}

// TestActionHook: the pre-commit hook starts what "go install ./..." makes of this repository, which pre-commit does.
func TestActionHook(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.pre-commit-hooks.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var hooks []struct {
		ID, Entry, Language string
		PassFilenames       *bool `yaml:"pass_filenames"`
	}
	if err := yaml.Unmarshal(text, &hooks); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Target}}", ".")
	installed, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{"golang": filepath.Base(strings.TrimSpace(string(installed))), "system": "landwaiter"}
	ids := make(map[string]bool)
	for _, hook := range hooks {
		ids[hook.ID] = true
		program, _, _ := strings.Cut(hook.Entry, " ")
		if names[hook.Language] != program || hook.PassFilenames == nil || *hook.PassFilenames {
			t.Errorf("the hook %s starts %s; what is installed is %s", hook.ID, hook.Entry, names[hook.Language])
		}
	}
	for _, text := range examples(t, "docs/action.md") {
		var config struct {
			Repos []struct{ Hooks []struct{ ID string } }
		}
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			t.Fatal(err)
		}
		for _, repo := range config.Repos {
			for _, hook := range repo.Hooks {
				if !ids[hook.ID] {
					t.Errorf("docs/action.md names the hook %s, which there is not", hook.ID)
				}
			}
		}
	}
}
