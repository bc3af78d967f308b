package policy

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// ErrFlowStyle tells that the exemptions of a policy are written in a style into which nothing is inserted.
var ErrFlowStyle = errors.New("the exemptions are not a list of one entry a line, so that none can be added without rewriting it")

// AddExemptions adds entries to the text of a policy file and leaves every other byte alone. The entries need a rule,
// a reason and an end. Errors: ErrFlowStyle; a *Mistake when the text is not YAML.
func AddExemptions(text []byte, entries []review.ExemptionRule) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, notYAML("policy", err)
	}
	key, list := exemptionsOf(&doc)
	newline := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		newline = "\r\n"
	}
	lines := strings.SplitAfter(string(text), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	} else {
		lines[last] += newline
	}
	at, indent := len(lines), "  "
	switch {
	case key == nil:
		lines = append(lines, "exemptions:"+newline)
		at++
	case list.Kind == yaml.ScalarNode && list.Tag == "!!null" && list.Value == "":
		at = key.Line
	case list.Kind != yaml.SequenceNode || list.Style&yaml.FlowStyle != 0 || len(list.Content) == 0:
		return nil, ErrFlowStyle
	default:
		indent = strings.Repeat(" ", list.Column-1)
		at = lastLine(list.Content[len(list.Content)-1])
	}
	var added []string
	for _, e := range entries {
		added = append(added, entryLines(e, indent, newline)...)
	}
	changed := []byte(strings.Join(slices.Insert(lines, at, added...), ""))
	return changed, onlyAdded(text, changed, len(entries))
}

// exemptionsOf finds the key and value of "exemptions"; nil where there is none.
func exemptionsOf(doc *yaml.Node) (key, value *yaml.Node) {
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, nil
	}
	pairs := doc.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value == "exemptions" {
			return pairs[i], pairs[i+1]
		}
	}
	return nil, nil
}

// lastLine is the last line of a node, texts of several lines included.
func lastLine(n *yaml.Node) int {
	line := n.Line
	if n.Kind == yaml.ScalarNode {
		line += strings.Count(strings.TrimRight(n.Value, "\n"), "\n")
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			line++
		}
	}
	for _, child := range n.Content {
		line = max(line, lastLine(child))
	}
	return line
}

// entryLines writes an exemption as three to five lines.
func entryLines(e review.ExemptionRule, indent, newline string) []string {
	var lines []string
	add := func(key, value string) {
		mark := indent + "  "
		if len(lines) == 0 {
			mark = indent + "- "
		}
		quoted, _ := yaml.Marshal(value) // a string always has a form
		lines = append(lines, mark+key+": "+strings.TrimSpace(string(quoted))+newline)
	}
	add("rule", e.Rule)
	if e.Object != "" {
		add("object", e.Object)
	}
	if e.Root != "" {
		add("root", e.Root)
	}
	add("reason", strings.Join(strings.Fields(e.Reason), " "))
	lines = append(lines, indent+"  until: "+e.Until.Format(time.DateOnly)+newline)
	return lines
}

// onlyAdded makes sure that the changed text says what the old one did, and has n more exemptions.
func onlyAdded(before, after []byte, n int) error {
	var old, now map[string]any
	if err := yaml.Unmarshal(after, &now); err != nil {
		return fmt.Errorf("%w: %w", ErrFlowStyle, err)
	}
	if err := yaml.Unmarshal(before, &old); err != nil {
		return err
	}
	had, _ := old["exemptions"].([]any)
	has, _ := now["exemptions"].([]any)
	if len(has) != len(had)+n || !equalYAML(had, has[:len(had)]) {
		return ErrFlowStyle
	}
	delete(old, "exemptions")
	delete(now, "exemptions")
	if len(old)+len(now) > 0 && !equalYAML(old, now) {
		return ErrFlowStyle
	}
	return nil
}

func equalYAML(a, b any) bool {
	x, errX := yaml.Marshal(a)
	y, errY := yaml.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
