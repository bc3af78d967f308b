package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestActionFile holds action.yml and docs/action.md to what the command reads and writes.
func TestActionFile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Inputs  map[string]struct{ Description, Default string }
		Outputs map[string]struct{ Value string }
		Runs    struct {
			Steps []struct{ Env map[string]string }
		}
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
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
	for _, name := range []string{"verdict", "errors", "warnings", "infos", "sarif", "report"} {
		if want := fmt.Sprintf("${{ steps.review.outputs.%s }}", name); file.Outputs[name].Value != want || !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the output %s is %q", name, file.Outputs[name].Value)
		}
	}
}
