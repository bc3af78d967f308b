package review

import (
	"strings"
	"testing"
)

// TestPointerLine finds the path of an operation from the line of its value, in YAML and in JSON, and in no other operation.
func TestPointerLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text  string
		value int
		key   string
		want  int
	}{
		"above":              {"- op: add\n  path: /spec/a\n  value: 1\n", 3, "a", 2},
		"below":              {"- op: add\n  value: 1\n  path: /spec/a\n", 2, "a", 3},
		"below a long value": {"- value:\n    b: 1\n    path: /x/a\n  path: '/spec/a' # as is\n", 1, "a", 4},
		"first of its item":  {"- path: /spec/a\n  op: add\n\n  value: 1\n", 4, "a", 1},
		"of the one before":  {"- path: /spec/a\n  op: add\n- value: 1\n  op: add\n  path: /spec/b\n", 3, "a", 0},
		"of the one behind":  {"- op: add\n  value: 1\n- path: /spec/a\n  op: add\n  value: 2\n", 2, "a", 0},
		"of another key":     {"- op: add\n  path: /spec/ba\n  value: 1\n", 3, "a", 0},
		"escaped":            {"- op: add\n  path: /metadata/annotations/a.b~1c\n  value: 1\n", 3, "a.b/c", 2},
		"JSON":               {"[\n {\n  \"op\": \"add\",\n  \"path\": \"/spec/a\",\n  \"value\": 1\n }\n]\n", 5, "a", 4},
		"JSON on one line":   {"[{\"op\": \"add\", \"path\": \"/spec/a\", \"value\": 1}]\n", 1, "a", 0},
		"no value":           {"spec:\n  a: 1\n", 2, "a", 0},
		"beyond the text":    {"a\n", 7, "a", 0},
		"inline":             {"patches:\n- patch: |-\n    - op: add\n      path: /spec/a\n      value: 1\n", 5, "a", 4},
	}
	for name, test := range tests {
		if got := pointerLine(strings.Split(test.text, "\n"), test.value, test.key); got != test.want {
			t.Errorf("%s: line %d, want %d", name, got, test.want)
		}
	}
}
