package trace

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing"
)

// testCase is a chart of a few templates; x.yaml is looked at.
type testCase struct {
	name      string
	templates map[string]string
	values    string
	want      string // what describe says
}

// describe writes each line of an output as: the line; the frames, innermost first; the leaves, those shown with an
// exclamation mark; the conditions.
func describe(f File) string {
	var all strings.Builder
	lines := strings.Split(string(f.Output), "\n")
	for i, l := range f.Lines {
		if strings.TrimSpace(lines[i]) == "" {
			continue
		}
		all.WriteString(lines[i] + " |")
		for _, frame := range l.Frames {
			fmt.Fprintf(&all, " %s:%d", strings.TrimSuffix(path.Base(frame.Template), path.Ext(frame.Template)), frame.Line)
		}
		all.WriteString(" |" + showLeaves(l.Leaves) + " |")
		for _, c := range l.Conditions {
			fmt.Fprintf(&all, " %d(%s)", c.At.Line, strings.TrimSpace(showLeaves(c.Leaves)))
		}
		all.WriteString("\n")
	}
	return all.String()
}

// showLeaves shows the leaves that are in the values.
func showLeaves(leaves []Leaf) string {
	text := ""
	for _, l := range leaves {
		if l.In != "" {
			continue
		}
		text += " " + strings.Join(l.Path, ".")
		if l.Exact {
			text += "!"
		}
	}
	return text
}

func TestTrace(t *testing.T) {
	t.Parallel()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, r := range tiny(t, c.templates, c.values) {
				want, err := r.engine()
				if err != nil {
					t.Fatal(err)
				}
				got, err := Execute(context.Background(), r.chart, Options{HelmLine: r.line})
				if err != nil {
					t.Fatal(err)
				}
				for name, text := range want {
					if string(got.Files[name].Output) != text {
						t.Errorf("Helm %d: %s is\n%s\nHelm says\n%s", r.line, name, got.Files[name].Output, text)
					}
				}
				if said := describe(got.Files["web/templates/x.yaml"]); said != strings.TrimPrefix(c.want, "\n") {
					t.Errorf("Helm %d: got\n%s\nwant\n%s", r.line, said, c.want)
				}
			}
		})
	}
}
