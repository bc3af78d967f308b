package kustomize

import (
	"reflect"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestInlineValues writes values that lie in a file and finds each on its line, the first of a line at its column, and
// the same values.
func TestInlineValues(t *testing.T) {
	const source = `valuesInline:
  z: "a: b # c"
  # comment
  list:
  - one

  - {two: 2, deep: [x, "y"]}
  - name: three
    "wert": ü
  a:
    text: |
      several
      lines
    "1.5": 2.5
    none: null
`
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(source), &doc); err != nil {
		t.Fatal(err)
	}
	_, node := exact(doc.Content[0], "valuesInline")
	var want map[string]any
	if err := node.Decode(&want); err != nil {
		t.Fatal(err)
	}
	want["a"].(map[string]any)["added"] = "elsewhere"
	text, err := inlineValues(want, node, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\ngives %v\nwant  %v\n%v", text, got, want, err)
	}
	var again yaml.Node
	if err := yaml.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	var compare func(from, to *yaml.Node)
	compare = func(from, to *yaml.Node) {
		for i := 0; from.Kind == yaml.MappingNode && i+1 < len(from.Content); i += 2 {
			key, value := exact(to, from.Content[i].Value)
			if key == nil || key.Line != from.Content[i].Line {
				t.Errorf("%s does not stand on line %d:\n%s", from.Content[i].Value, from.Content[i].Line, text)
				continue
			}
			if i == 0 || from.Content[i-1].Line < key.Line {
				if key.Column != from.Content[i].Column {
					t.Errorf("%s stands at column %d, not %d:\n%s", key.Value, key.Column, from.Content[i].Column, text)
				}
			}
			compare(from.Content[i+1], value)
		}
		for i := 0; from.Kind == yaml.SequenceNode && i < len(from.Content); i++ {
			if to.Content[i].Line != from.Content[i].Line {
				t.Errorf("item %d does not stand on line %d:\n%s", i, from.Content[i].Line, text)
			}
			compare(from.Content[i], to.Content[i])
		}
	}
	compare(node, again.Content[0])
}
