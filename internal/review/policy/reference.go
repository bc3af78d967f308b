package policy

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// Reference writes the list of all keys of the policy file, and the parameters of the rules, in Markdown.
func Reference(w io.Writer, rules []*review.Rule) error {
	var b strings.Builder
	b.WriteString("| key | what it says |\n|---|---|\n")
	keyRows(&b, reflect.TypeFor[document](), "")
	b.WriteString("\n### Parameters of rules\n\nEach rule takes `off`, `on` or a level. These take parameters as well, as in `low-uid: {minimum: 20000}`:\n\n" +
		"| rule | parameter | default |\n|---|---|---|\n")
	for _, r := range rules {
		if r.Params == nil {
			continue
		}
		params := reflect.ValueOf(r.Params()).Elem()
		for i, f := range fieldsOf(params.Type()) {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", r.ID, f.key, defaultOf(params.Field(i).Interface()))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// keyRows writes a row for each key of a struct's mapping, and of those below it.
func keyRows(b *strings.Builder, t reflect.Type, above string) {
	for _, f := range fieldsOf(t) {
		inner, name := f.typ, join(above, f.key)
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			if inner.Kind() == reflect.Slice {
				name += "[]"
			}
			inner = inner.Elem()
		}
		text := strings.ReplaceAll(f.doc, "|", `\|`)
		if f.must {
			text += " **Required.**"
		}
		if f.enum != nil {
			text += " One of `" + strings.Join(f.enum, "`, `") + "`."
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", name, text)
		if inner.Kind() == reflect.Struct && inner != nodeType {
			keyRows(b, inner, name)
		}
	}
}

// defaultOf writes a parameter's default as YAML has it.
func defaultOf(v any) string {
	if value := reflect.ValueOf(v); value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0 {
		return "none"
	}
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return "none"
	}
	flow(&n)
	text, err := yaml.Marshal(&n)
	if err != nil {
		return "none"
	}
	return "`" + strings.TrimSpace(string(text)) + "`"
}

// flow writes a node on one line.
func flow(n *yaml.Node) {
	n.Style |= yaml.FlowStyle
	for _, child := range slices.Clone(n.Content) {
		flow(child)
	}
}
