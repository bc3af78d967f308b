package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// commandLine is docs/cli.md: what --help says, of every verb.
func commandLine(string) (string, error) {
	parser, err := kong.New(&cli{}, kong.Name("landwaiter"))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("<!-- Made from the commands by go generate ./cmd/bot. -->\n\n# The command line\n\n" +
		"Exit codes: 0 passed, 1 something in landwaiter or its surroundings failed, 2 wrong usage or configuration, 3 findings that fail the check.\n" +
		"Results go to standard output, progress and messages to standard error. [README](../README.md) shows it at work.\n")
	verbs := verbsOf(parser.Model.Node)
	b.WriteString("\n| | |\n|---|---|\n")
	for _, v := range verbs {
		fmt.Fprintf(&b, "| [`%s`](#landwaiter-%s) | %s |\n", v.name, strings.ReplaceAll(v.name, " ", "-"), cell(v.node.Help))
	}
	for _, v := range verbs {
		describe(&b, v)
	}
	return b.String(), nil
}

func describe(b *strings.Builder, v verb) {
	usage := "landwaiter " + v.name
	for _, p := range v.node.Positional {
		usage += " " + p.Summary()
	}
	if len(flagsOf(v.node)) > 0 {
		usage += " [flags]"
	}
	fmt.Fprintf(b, "\n## landwaiter %s\n\n%s\n\n    %s\n", v.name, v.node.Help, usage)
	if len(v.node.Positional)+len(flagsOf(v.node)) > 0 {
		b.WriteString("\n| | | default |\n|---|---|---|\n")
	}
	for _, p := range v.node.Positional {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", cell(strings.Trim(p.Summary(), "<>[]")), cell(p.Help), coded(p.Default))
	}
	for _, f := range flagsOf(v.node) {
		name := "`--" + f.Name
		if !f.IsBool() {
			name += "=" + f.FormatPlaceHolder()
		}
		name += "`"
		if f.Short != 0 {
			name += fmt.Sprintf(", `-%c`", f.Short)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(name), cell(f.Help), coded(f.Default))
	}
	if v.node.Detail != "" {
		fmt.Fprintf(b, "\n```text\n%s\n```\n", strings.TrimSpace(v.node.Detail))
	}
}

func cell(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ") }

func coded(s string) string {
	if s == "" {
		return ""
	}
	return "`" + cell(s) + "`"
}

// chartValues is deploy/chart/README.md: the values with the comments that stand above them.
func chartValues(string) (string, error) {
	text, err := os.ReadFile("../../deploy/chart/values.yaml")
	if err != nil {
		return "", err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("<!-- Made from values.yaml by go generate ./cmd/bot. -->\n\n# The chart\n\n" +
		"[docs/operate.md](../../docs/operate.md) says how to install it. `values.schema.json` refuses what is not listed here, and several replicas without a database.\n" +
		"Secrets are named, never given.\n\n| value | default | |\n|---|---|---|\n")
	return b.String() + strings.Join(valueRows("", document.Content[0]), ""), nil
}

func valueRows(prefix string, mapping *yaml.Node) (rows []string) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if value.Kind == yaml.MappingNode && key.HeadComment == "" {
			rows = append(rows, valueRows(prefix+key.Value+".", value)...)
			continue
		}
		text, _ := yaml.Marshal(flow(value)) // what was just parsed
		rows = append(rows, fmt.Sprintf("| `%s` | `%s` | %s |\n", prefix+key.Value, strings.Join(strings.Fields(string(text)), " "), cell(strings.ReplaceAll(key.HeadComment, "# ", ""))))
	}
	return rows
}

// flow is a value on one line.
func flow(n *yaml.Node) *yaml.Node {
	for _, child := range n.Content {
		flow(child)
	}
	if n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	return n
}

// TestValuesDocumented holds that each value has a comment and a place in the schema.
func TestValuesDocumented(t *testing.T) {
	t.Parallel()
	table, err := chartValues("")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(table, "\n")
	if len(rows) < 20 {
		t.Fatalf("there are few values:\n%s", table)
	}
	for _, row := range rows {
		if strings.HasPrefix(row, "| `") && strings.HasSuffix(row, "|  |") {
			t.Errorf("deploy/chart/values.yaml says nothing of %s", row)
		}
	}
}
