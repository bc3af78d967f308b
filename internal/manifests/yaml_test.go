package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestSplitDocuments(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in, want string // line:column and text of each document
	}{
		{"one", "a: 1\n", "1:1 a: 1|"},
		{"no newline at the end", "a: 1\n---\nb: 2", "1:1 a: 1|;3:1 b: 2"},
		{"leading separator", "---\na: 1\n", "2:1 a: 1|"},
		{"empty ones are left out", "---\n---\n# c\n---\n%YAML 1.2\n---\na: 1\n...\n---\n", "7:1 a: 1|...|"},
		{"comments stay with their document", "# c\na: 1\n--- # d\n# e\nb: 1\n", "1:1 # c|a: 1|;4:1 # e|b: 1|"},
		{"content behind the separator", "--- {a: 1}\n---\tb\n", "1:4  {a: 1}|;2:4 \tb|"},
		{"carriage returns", "a: 1\r\n---\r\nb: 1\r\n", "1:1 a: 1\r|;3:1 b: 1\r|"},
		{"no separators", "----\n---a\n ---\n", "1:1 ----|---a| ---|"},
		{"separator in a block scalar", "a: |\n  ---\n  b\n", "1:1 a: ||  ---|  b|"},
		{"JSON values in a row", "# c\n{\"a\": 1}{\"b\": 2}\n\n  {\"c\": 3} # d\n", "1:1 # c|{\"a\": 1}{\"b\": 2}||  {\"c\": 3} # d|"},
		{"JSON values in a row, alone", "{\"é\": 1}{\"b\": 2}\n\n  {\"c\": 3}\n---\nd: 4\n", "1:1 {\"é\": 1};1:9 {\"b\": 2};3:3 {\"c\": 3};5:1 d: 4|"},
		{"JSON and what is none", "{\"a\": 1}\nb: 2\n", "1:1 {\"a\": 1};2:1 b: 2|"},
		{"JSON behind the separator", "--- {\"a\": 1}{\"b\": 2}\n", "1:5 {\"a\": 1};1:13 {\"b\": 2}"},
		{"one JSON value is left as it is", " {\"a\": 1} # c\n", "1:1  {\"a\": 1} # c|"},
		{"nothing", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, d := range SplitDocuments([]byte(c.in)) {
				got = append(got, fmt.Sprintf("%d:%d %s", d.Line, d.Column, strings.ReplaceAll(string(d.Data), "\n", "|")))
			}
			if s := strings.Join(got, ";"); s != c.want {
				t.Errorf("got  %q\nwant %q", s, c.want)
			}
		})
	}
}

func TestParseYAML(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{ // want as JSON-like flow YAML
		{"alias", "a: &x {b: 1}\nc: *x\n", "{a: {b: 1}, c: {b: 1}}"},
		{"merge", "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  b: 3\n", "{a: {b: 1, c: 2}, d: {b: 3, c: 2}}"},
		{"merge of several, the first wins", "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b], z: 3}\n", "{a: {x: 1}, b: {x: 2, y: 2}, c: {z: 3, x: 1, y: 2}}"},
		{"merge in merge", "a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n", "{a: {x: 1}, b: {y: 2, x: 1}, c: {y: 2, x: 1}}"},
		{"merge below the key", "a: &x {b: 1, c: 2}\nd:\n  b: 3\n  <<: *x\n", "{a: {b: 1, c: 2}, d: {b: 1, c: 2}}"},
		{"merge twice, the last wins", "a: &a {x: 1}\nb: &b {x: 2}\nc:\n  <<: *a\n  <<: *b\n", "{a: {x: 1}, b: {x: 2}, c: {x: 2}}"},
		{"merge of a key written twice", "a: &a {x: 1, x: 2}\nc: {<<: *a}\n", "{a: {x: 1, x: 2}, c: {x: 2}}"},
		{"a key above and below", "a: &a {x: 1}\nc: {x: 2, <<: *a, x: 3}\n", "{a: {x: 1}, c: {x: 2, x: 3}}"},
		{"merge of no mapping", "a: &a 1\nc: {<<: [*a], x: 3}\n", "{a: 1, c: {x: 3}}"},
		{"a quoted << is a key", "\"<<\": 1\n", `{"<<": 1}`},
		{"base64 is what it says", "!!binary a2luZA==: !!binary UG9k\n", "{kind: Pod}"},
		{"nothing", "# c\n", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			node, err := ParseYAML([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := flow(node); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// flow writes a tree on one line, without anchors.
func flow(node *yaml.Node) string {
	if node == nil {
		return ""
	}
	var parts []string
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			parts = append(parts, flow(node.Content[i])+": "+flow(node.Content[i+1]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case yaml.SequenceNode:
		for _, item := range node.Content {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case yaml.AliasNode:
		return "*" + node.Value
	}
	if node.Value == "<<" {
		return `"<<"`
	}
	return node.Value
}

func TestParseYAMLRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     error
	}{
		{"alias bomb", bomb(), ErrYAMLSize},
		{"merge bomb", mergeBomb(), ErrYAMLSize},
		{"deep lists", strings.Repeat("[", 500) + strings.Repeat("]", 500), ErrYAMLDepth},
		{"deep mappings", strings.Repeat("{a: ", 500) + strings.Repeat("}", 500), ErrYAMLDepth},
		{"an alias in itself", "a: &a [*a]\n", ErrYAMLDepth},
		{"a merge of itself", "a: &a {<<: *a}\n", ErrYAMLDepth},
		{"no YAML", "a: [", nil},
		{"an unknown alias", "a: *b\n", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			node, err := ParseYAML([]byte(c.in))
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, %v, want %v", node != nil, err, c.want)
			}
		})
	}
}

// mergeBomb merges two copies of what came before in every line.
func mergeBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 {x: 1}\n")
	for i := 1; i < 60; i++ {
		fmt.Fprintf(&b, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	return b.String()
}

// FuzzYAML cuts and parses anything: documents lie in their stream where they say, and what was parsed is free of
// aliases and merge keys, and not larger than allowed.
func FuzzYAML(f *testing.F) {
	for _, seed := range []string{"a: 1\n---\nb: &x [1]\nc: *x\n", "--- {a: 1}\r\n---\r\n", "a: &a {b: 1}\nc: {<<: *a}", "? [a]\n: b\n", "%YAML 1.1\n--- !x\n|"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte{'\n'})
		for _, d := range SplitDocuments(data) {
			first, _, _ := bytes.Cut(d.Data, []byte{'\n'})
			if !bytes.Equal(lines[d.Line-1][d.Column-1:], first) {
				t.Fatalf("%q: document %+v does not stand where it says", data, d)
			}
			node, err := ParseYAML(d.Data)
			if err != nil || node == nil {
				continue
			}
			count := 0
			var check func(n *yaml.Node)
			check = func(n *yaml.Node) {
				if count++; n.Kind == yaml.AliasNode || count > maxYAMLNodes {
					t.Fatalf("%q: an alias is left, or too much", data)
				}
				for _, c := range n.Content {
					check(c)
				}
			}
			check(node)
		}
	})
}

// TestYAMLPlace: the parser names no line where the first one is meant, and its grammar counts from 0.
func TestYAMLPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"\tprofile: strict\n":         1,
		"profile: \"strict":           1,
		"a: b\n\tprofile: strict\n":   2,
		"a: b\n  c: d\n":              2,
		"a: {b: c\nd: [e\nf: g\n":     2,
		"a: *none\n":                  0,
		"a: |\n  b\n c: d\n":          3,
		"%YAML 3.1\n---\na: b\n":      1,
		"a: b\nc: d: e\n":             2,
		"- a\n- b\nc: d\n":            3,
		"a: \"\\q\"\n":                1,
		"a: \"\n\n\\q\"\n":            3,
		"a: b\x01\n":                  1,
		"? [a, b]: c\nd: @e\nf: `g\n": 2,
	} {
		var node yaml.Node
		err := yaml.Unmarshal([]byte(text), &node)
		if err == nil {
			t.Errorf("%q is YAML", text)
			continue
		}
		if line, reason := YAMLPlace(err); line != want || reason == "" || strings.Contains(reason, "line ") {
			t.Errorf("%q: line %d, want %d: %q of %v", text, line, want, reason, err)
		}
	}
}
