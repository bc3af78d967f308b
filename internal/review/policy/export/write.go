package export

import (
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Write writes the objects as YAML, each with its comment; what is not enforced stands first.
func (x *Export) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Written by \"landwaiter policy export\"; changes belong into the policy.\n")
	comment(&b, x.Notes, "# - ")
	for _, o := range x.Objects {
		b.WriteString("---\n")
		comment(&b, o.Comment, "# ")
		encoder := yaml.NewEncoder(&b)
		encoder.SetIndent(2)
		if err := encoder.Encode(o); err != nil {
			return err
		}
		if err := encoder.Close(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func comment(b *strings.Builder, lines []string, mark string) {
	for _, line := range lines {
		b.WriteString(mark + oneLine(line) + "\n")
	}
}
