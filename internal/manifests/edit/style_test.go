package edit_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests/edit"
)

// TestStyles holds that what an edit adds looks like what is there, and that every other byte stays.
func TestStyles(t *testing.T) {
	t.Parallel()
	drop := map[string]any{"drop": []any{"ALL"}}
	tests := map[string]struct {
		text  string
		at    edit.Place
		path  []string
		value any // nil to remove
		want  string
	}{
		"lists to the right of their keys": {"a:\n  list:\n    - x\n  c:\n    d: 1\n", edit.Place{Line: 4, Key: "c"}, []string{"caps"}, drop,
			"a:\n  list:\n    - x\n  c:\n    d: 1\n    caps:\n      drop:\n        - ALL\n"},
		"lists below their keys": {"a:\n  list:\n  - x\n  c:\n    d: 1\n", edit.Place{Line: 4, Key: "c"}, []string{"caps"}, drop,
			"a:\n  list:\n  - x\n  c:\n    d: 1\n    caps:\n      drop:\n      - ALL\n"},
		"four spaces": {"a:\n    b:\n        c: 1\n", edit.Place{Line: 2, Key: "b"}, []string{"caps"}, drop,
			"a:\n    b:\n        c: 1\n        caps:\n            drop:\n                - ALL\n"},
		"CRLF":                            {"a:\r\n  b: 1\r\n", edit.Place{Line: 1, Key: "a"}, []string{"c"}, true, "a:\r\n  b: 1\r\n  c: true\r\n"},
		"line ends of all kinds":          {"a:\r\n  b: 1\nz: 1\r\n", edit.Place{Line: 1, Key: "a"}, []string{"c"}, true, "a:\r\n  b: 1\n  c: true\nz: 1\r\n"},
		"no newline at the end":           {"a:\n  b: 1", edit.Place{Line: 1, Key: "a"}, []string{"c"}, true, "a:\n  b: 1\n  c: true"},
		"CRLF and none at the end":        {"a:\r\n  b: 1", edit.Place{Line: 1, Key: "a"}, []string{"c"}, true, "a:\r\n  b: 1\r\n  c: true"},
		"a byte order mark":               {"\ufeffa: true\nb: 1\n", edit.Place{Line: 1, Key: "a"}, nil, false, "\ufeffa: false\nb: 1\n"},
		"tabs in comments":                {"a: true\t# \tyes\nb:\t1\n", edit.Place{Line: 1, Key: "a"}, nil, false, "a: false\t# \tyes\nb:\t1\n"},
		"characters of all sizes":         {"a: {é: \"ü\", b: true} # ö\n", edit.Place{Line: 1, Key: "b"}, nil, false, "a: {é: \"ü\", b: false} # ö\n"},
		"braces over lines":               {"a: {\n  b: 1,\n  c: 2\n}\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}, true, "a: {\n  b: 1,\n  c: 2,\n  d: true\n}\n"},
		"a comma at the end":              {"a: {\n  b: 1,\n}\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}, true, "a: {\n  b: 1,\n  d: true\n}\n"},
		"empty braces":                    {"a: {}\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}, true, "a: {d: true}\n"},
		"single quotes":                   {"a: 'x'\n", edit.Place{Line: 1, Key: "a"}, nil, "z", "a: 'z'\n"},
		"no quotes around a boolean":      {"a: \"true\"\n", edit.Place{Line: 1, Key: "a"}, nil, false, "a: false\n"},
		"JSON":                            {`{"a": {"b": true}}`, edit.Place{Line: 1, Key: "a", Column: 2}, []string{"c d"}, drop, `{"a": {"b": true, "c d": {"drop": ["ALL"]}}}`},
		"JSON of many lines":              {"{\n  \"a\": {\n    \"b\": true\n  }\n}\n", edit.Place{Line: 2, Key: "a"}, []string{"c"}, "x, y: z", "{\n  \"a\": {\n    \"b\": true,\n    \"c\": \"x, y: z\"\n  }\n}\n"},
		"a value of JSON":                 {"{\"a\": \"x\"}", edit.Place{Line: 1, Key: "a"}, nil, "y", "{\"a\": \"y\"}"},
		"the second document":             {"a: 1\n---\n# two\na: 1\n---\na: 1\n", edit.Place{Line: 4, Key: "a"}, nil, 2, "a: 1\n---\n# two\na: 2\n---\na: 1\n"},
		"a document on its separator":     {"--- {a: 1}\n--- {a: 1}\n", edit.Place{Line: 2, Key: "a"}, nil, 2, "--- {a: 1}\n--- {a: 2}\n"},
		"a key before a comment":          {"a:\n  b: 1\n  # of c\n  c: 2\n", edit.Place{Line: 2, Key: "b"}, nil, nil, "a:\n  # of c\n  c: 2\n"},
		"an item with its lines":          {"a:\n- b: 1\n  c: |\n    x\n\n- d: 1\n", edit.Place{Line: 2}, nil, nil, "a:\n\n- d: 1\n"},
		"a block scalar stays":            {"a:\n  b: |\n    x: 1\nc: 1\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}, true, "a:\n  b: |\n    x: 1\n  d: true\nc: 1\n"},
		"of a key written twice the last": {"a:\n  b: 1\n  b: 2\n", edit.Place{Line: 1, Key: "a"}, []string{"b"}, 3, "a:\n  b: 1\n  b: 3\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []byte
			var err error
			if test.value == nil {
				got, err = edit.Remove([]byte(test.text), test.at, test.path)
			} else {
				got, err = edit.Set([]byte(test.text), test.at, test.path, test.value)
			}
			if err != nil || string(got) != test.want {
				t.Fatalf("got %q, %v; want %q", got, err, test.want)
			}
			if json.Valid([]byte(test.text)) != json.Valid(got) {
				t.Error("JSON is no longer JSON")
			}
			if test.value == nil {
				return
			}
			if again, err := edit.Set(got, test.at, test.path, test.value); err != nil || string(again) != test.want {
				t.Errorf("a second time it gives %q, %v", again, err)
			}
		})
	}
}

// TestUnsafe holds that what would say something else elsewhere is refused.
func TestUnsafe(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		at   edit.Place
		path []string
	}{
		"in a named mapping":         {"a: &x\n  b: 1\nc: *x\n", edit.Place{Line: 2, Key: "b"}, nil},
		"an entry of a named one":    {"a: &x\n  b: 1\nc: *x\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}},
		"an alias":                   {"a: &x 1\nc: *x\n", edit.Place{Line: 2, Key: "c"}, nil},
		"kept lines of a block":      {"a:\n  b: |+\n    x\n\nc: 1\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}},
		"a value over lines":         {"a: \"x\n  y\"\n", edit.Place{Line: 1, Key: "a"}, nil},
		"a tag":                      {"a: !!bool true\n", edit.Place{Line: 1, Key: "a"}, nil},
		"a comment before the brace": {"a: {b: 1 # x\n}\n", edit.Place{Line: 1, Key: "a"}, []string{"d"}},
		"lines that end in CR":       {"a: 1\rb: 2\n", edit.Place{Line: 1, Key: "a"}, nil},
		"lines of Unicode":           {"a: 1\u2028b: 2\n", edit.Place{Line: 1, Key: "a"}, nil},
		"no UTF-8":                   {"a: \xff\n", edit.Place{Line: 1, Key: "a"}, nil},
		"UTF-16":                     {"\xff\xfea\x00:\x00 \x001\x00\n\x00", edit.Place{Line: 1, Key: "a"}, nil},
		"in a block scalar":          {"a: |\n  b: 1\n", edit.Place{Line: 2, Key: "b"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := edit.Set([]byte(test.text), test.at, test.path, false); !errors.Is(err, edit.ErrRefused) {
				t.Errorf("got %q, %v; want ErrRefused", got, err)
			}
		})
	}
}

// FuzzRemove takes fields out of texts of any shape: what is not refused is gone a second time round, or the place is.
func FuzzRemove(f *testing.F) {
	f.Add(pod, 13, "hostPort")
	f.Add("a: {b: 1, c: 2}\n", 1, "b")
	f.Add("a:\r\n- b: 1\r\n  c: 1\r\n", 2, "b")
	f.Fuzz(func(t *testing.T, text string, line int, key string) {
		out, err := edit.Remove([]byte(text), edit.Place{Line: line, Key: key}, nil)
		if err == nil && (len(out) >= len(text) || !strings.HasPrefix(text, string(out[:commonPrefix(text, string(out))]))) {
			t.Errorf("removing from %q gives %q", text, out)
		}
	})
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}
