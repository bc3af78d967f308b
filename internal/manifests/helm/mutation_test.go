package helm_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/helm"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// TestMutations does so with all values and templates of our own charts.
func TestMutations(t *testing.T) {
	t.Parallel()
	archives, err := filepath.Glob("testdata/origins/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, archive := range archives {
		files, _, _ := markedChart(t, archive, "\n")
		root := manifests.Root{Path: archive, Dir: "chart", Values: []string{"values/prod.yaml"}}
		tree := treeOf(files)
		before, err := renderLines(tree, root)
		if err != nil {
			t.Fatal(err)
		}
		var values, templates tally
		for name, text := range files {
			switch {
			case strings.HasSuffix(name, "values.yaml"), strings.HasPrefix(name, "values/"):
				for _, line := range scalarLines(t, []byte(text)) {
					values.add(tree, root, before, change{name, line, []byte(text)})
				}
			case strings.Contains(name, "/templates/"):
				for _, line := range literalLines([]byte(text)) {
					templates.add(tree, root, before, change{name, line, []byte(text)})
				}
			}
		}
		t.Logf("%s: values: %s; templates: %s", archive, values, templates)
		for _, missed := range append(values.misses, templates.misses...) {
			t.Error(missed)
		}
	}
}

const mutationsPerChart = 12

// TestCorpusMutations changes single values in charts' values.yaml and single literals in their templates, renders
// again, and looks for the changed line in the Origins of the fields that changed.
func TestCorpusMutations(t *testing.T) {
	var values, templates tally
	for _, s := range corpus(t) {
		if s.values != "" {
			continue
		}
		before, err := renderLines(treeAt(s.repo), s.root())
		if err != nil {
			continue
		}
		name := s.dir + "/values.yaml"
		if data, err := os.ReadFile(filepath.Join(s.repo, name)); err == nil {
			for _, line := range spread(scalarLines(t, data)) {
				values.add(treeAt(s.repo), s.root(), before, change{name, line, data})
			}
		}
		files, err := filepath.Glob(filepath.Join(s.repo, s.dir, "templates", "*.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range spread(files) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			relative, _ := filepath.Rel(s.repo, file)
			for _, line := range spread(literalLines(data))[:min(2, len(literalLines(data)))] {
				templates.add(treeAt(s.repo), s.root(), before, change{filepath.ToSlash(relative), line, data})
			}
		}
	}
	t.Logf("values: %s", values)
	t.Logf("templates: %s", templates)
	for _, missed := range append(values.misses, templates.misses...) {
		t.Log(missed)
	}
	if values.missed*50 > values.fields || templates.missed*50 > templates.fields {
		t.Error("more than 2 % of the changed fields do not name the changed line")
	}
}

// change is one line of a file in which the value is changed.
type change struct {
	file string
	line int
	data []byte
}

// apply gives the tree with the changed file. Booleans and numbers stay what they are, so that charts still render.
func (c change) apply(tree source.Tree) source.Tree {
	lines := strings.Split(string(c.data), "\n")
	before, value, _ := strings.Cut(lines[c.line-1], ": ")
	value, comment, _ := strings.Cut(value, " #")
	switch trimmed := strings.TrimSpace(value); {
	case trimmed == "true":
		value = "false"
	case trimmed == "false":
		value = "true"
	case strings.Trim(trimmed, "0123456789") == "":
		value = trimmed + "1"
	case strings.HasSuffix(trimmed, `"`), strings.HasSuffix(trimmed, "'"):
		value = trimmed[:len(trimmed)-1] + "x" + trimmed[len(trimmed)-1:]
	default:
		value = trimmed + "x"
	}
	lines[c.line-1] = before + ": " + value
	if comment != "" {
		lines[c.line-1] += " #" + comment
	}
	return changed{tree, c.file, []byte(strings.Join(lines, "\n"))}
}

// changed is a tree with one file replaced.
type changed struct {
	source.Tree
	file string
	data []byte
}

func (c changed) ReadFile(name string) ([]byte, error) {
	if name == c.file {
		return c.data, nil
	}
	return c.Tree.ReadFile(name)
}

// tally counts changed fields and what their Origins say.
type tally struct {
	changes, without, failed, fields, first, within, missed int
	misses                                                  []string
}

func (c tally) String() string {
	return fmt.Sprintf("%d changes (%d without effect, %d no longer render), %d changed fields: %d name the line first, %d further out, %d not",
		c.changes, c.without, c.failed, c.fields, c.first, c.within, c.missed)
}

func (c *tally) add(tree source.Tree, root manifests.Root, before []*manifests.Object, change change) {
	c.changes++
	after, err := renderLines(change.apply(tree), root)
	if err != nil {
		c.failed++
		return
	}
	old, sizes := map[string]string{}, map[manifests.Identity]int{}
	for _, o := range before {
		o.Walk(func(f manifests.Field) { old[o.Identity.String()+" "+f.Path()] = f.Text(); sizes[o.Identity]++ })
	}
	effect := false
	for _, o := range after {
		if len(o.Origins) != sizes[o.Identity] {
			continue // something came or went: fields cannot be compared by their paths
		}
		i := -1
		o.Walk(func(f manifests.Field) {
			i++
			was, existed := old[o.Identity.String()+" "+f.Path()]
			if !existed || was == f.Text() || strings.HasPrefix(f.Path(), "spec.template.metadata.annotations[checksum") {
				return
			}
			effect = true
			c.fields++
			at := slices.IndexFunc(o.Origins[i], func(frame manifests.Frame) bool {
				return frame.Span.File == change.file && frame.Span.Line <= change.line && change.line <= frame.Span.EndLine
			})
			switch {
			case at == 0:
				c.first++
			case at > 0:
				c.within++
			default:
				if c.missed++; len(c.misses) < 40 {
					c.misses = append(c.misses, fmt.Sprintf("%s %s %s: %.40q: %s:%d is not in %s", root.Path, o.Identity, f.Path(), f.Text(), change.file, change.line, showAll(o.Origins[i])))
				}
			}
		})
	}
	if !effect {
		c.without++
	}
}

func renderLines(tree source.Tree, root manifests.Root) ([]*manifests.Object, error) {
	rendering, err := helm.New().Render(context.Background(), tree, root, manifests.Settings{KubeVersion: testKubeVersion, Lines: true})
	if err != nil {
		return nil, err
	}
	return rendering.Objects, nil
}

// scalarLines gives the lines of a values file that set one plain or quoted value.
func scalarLines(t *testing.T, data []byte) []int {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var lines []int
	var visit func(*yaml.Node)
	visit = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && child.Kind == yaml.ScalarNode && child.Value != "" && child.Tag != "!!null" &&
				child.Style&(yaml.LiteralStyle|yaml.FoldedStyle|yaml.FlowStyle) == 0 && child.Line == n.Content[i-1].Line && n.Style&yaml.FlowStyle == 0 {
				lines = append(lines, child.Line)
			}
			visit(child)
		}
	}
	visit(&doc)
	return slices.Compact(lines)
}

// literalLines gives the lines of a template on which a key has a literal value.
func literalLines(data []byte) []int {
	var lines []int
	for i, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, " #")
		key, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok && key != "apiVersion" && key != "kind" && value != "" && !strings.ContainsAny(line, "{}#|>[]&*") && !strings.HasPrefix(key, "\"") {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// spread picks a few of many, evenly.
func spread[T any](all []T) []T {
	if len(all) <= mutationsPerChart {
		return all
	}
	var few []T
	for i := range mutationsPerChart {
		few = append(few, all[i*len(all)/mutationsPerChart])
	}
	return few
}
