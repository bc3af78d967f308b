package edit

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// TestKnow edits documents that were parsed before as if they had not been, also where what was parsed has been made
// something else of.
func TestKnow(t *testing.T) {
	t.Parallel()
	for _, text := range append([]string{"a: {<<: {c: 1}}\nb: 1\n", "a: !!binary aGk=\nb: 1\n", "a: 1\nb: &x 2\nc: *x\n", "{\"a\": 1, \"b\": 2}\n"}, partTexts...) {
		node, err := manifests.ParseYAML([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []Place{{Line: 1, Key: "a"}, {Line: 2, Key: "b"}, {Line: 1, Key: "b"}, {Line: 1, Key: "kind"}} {
			var known Editor
			known.Know([]byte(text), node)
			got, gotErr := known.Set([]byte(text), at, nil, "new-word")
			want, wantErr := Set([]byte(text), at, nil, "new-word")
			if !bytes.Equal(got, want) || (gotErr == nil) != (wantErr == nil) {
				t.Errorf("%q at %v: %q, %v; want %q, %v", text, at, got, gotErr, want, wantErr)
			}
		}
	}
}

// TestKnowOther edits another text than the one that is known.
func TestKnowOther(t *testing.T) {
	t.Parallel()
	node, err := manifests.ParseYAML([]byte("b: 1\na: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	var editor Editor
	editor.Know([]byte("b: 1\na: 1\n"), node)
	if out, err := editor.Set([]byte("a: 1\nb: 1\n"), Place{Line: 1, Key: "a"}, nil, 2); err != nil || string(out) != "a: 2\nb: 1\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestPlain holds words that are written as they are against what YAML's writer makes of them.
func TestPlain(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"ALL", "RuntimeDefault", "a", "y", "Y", "n", "No", "ON", "off", "True", "null", "NULL", "drop", "x-", "e5", "Inf", "nan", "0x1", "a b", "a#", "a:", "", "-", "~", "infinity"} {
		encoded, err := yaml.Marshal(word)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := inline(word, 0); err != nil || got+"\n" != string(encoded) {
			t.Errorf("%q: %q, %v; want %q", word, got, err, encoded)
		}
	}
}

// TestSurely holds the short look at a value against the long one.
func TestSurely(t *testing.T) {
	t.Parallel()
	values := []any{true, false, 1, int64(1), "1", "true", "", nil, []any{"a"}, []any{}, map[string]any{"a": 1}, map[string]any{"a": []any{"b"}}, map[string]any{}}
	for _, text := range []string{"true", "false", "yes", "1", "0x1", "'1'", "'true'", "''", "", "~", "[a]", "- a", "[]", "a: 1", "a: [b]", "{a: 1, a: 1}", "{}", "!!str 1", "{<<: 1}"} {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
			continue
		}
		for _, value := range values {
			var has, wants any
			encoded, err := yaml.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			same := doc.Content[0].Decode(&has) == nil && yaml.Unmarshal(encoded, &wants) == nil
			if surely(doc.Content[0], value) && (!same || !reflect.DeepEqual(has, wants)) {
				t.Errorf("%q is not %#v", text, value)
			}
		}
	}
}
