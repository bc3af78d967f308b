package gitops

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// goChart makes a chart of the template, whose values are all parameters: each text with gaps is a template of its own,
// whose result stays a text.
func (g *generation) goChart(sets []params, root *manifests.Root) error {
	c := &setChart{generation: g, sheet: &page{}, body: &page{}, texts: &page{}, patch: g.set.Field().Get("spec", "templatePatch")}
	c.texts.add(own, nil)
	for len(sets) > 0 {
		like := func(p params) bool { return p.over.Path() != sets[0].over.Path() }
		n := slices.IndexFunc(sets, like)
		if n < 0 {
			n = len(sets)
		}
		if err := c.group(sets[:n]); err != nil {
			return err
		}
		sets = sets[n:]
	}
	chart := &page{}
	chart.add("apiVersion: v2\nname: set\nversion: 0.0.0\n", nil)
	d := root.Deployment
	d.Render, d.After.Patched = manifests.Helm, c.patched()
	d.Laid = []manifests.Laid{chart.laid(chartDir + "/Chart.yaml"), c.sheet.laid(chartDir + "/values.yaml"),
		c.body.laid(chartDir + "/templates/applications.yaml"), c.texts.laid(chartDir + "/templates/_texts.tpl")}
	root.Dir = chartDir
	return nil
}

// setChart is the chart of an ApplicationSet under way.
type setChart struct {
	*generation
	sheet, body, texts *page
	patch              manifests.Field
	groups, count      int // of parameters with one template, and of texts that are templates
}

func (c *setChart) patched() bool { return c.patch.Text() != "" }

// group adds the parameters that are put into one template.
func (c *setChart) group(sets []params) error {
	d := c.template(sets[0].over)
	for _, p := range sets {
		if err := c.add(p); err != nil {
			return err
		}
		if err := c.complete(d.node, p); err != nil {
			return err
		}
	}
	c.body.add(fmt.Sprintf("{{- range $set := .Values.sets%d }}\n---\n", c.groups), nil)
	calls := map[string]string{}
	if err := c.name(d, d.node, calls); err != nil {
		return err
	}
	if c.patched() {
		c.body.add("landwaiterSet: {{ $set.number }}\n", nil)
	}
	one, err := d.page()
	if err != nil {
		return err
	}
	c.body.text.WriteString(placeholder.ReplaceAllStringFunc(one.text.String(), func(found string) string { return calls[found] }))
	c.body.lines = append(c.body.lines, one.lines...)
	if c.patched() {
		if err := c.addPatch(); err != nil {
			return err
		}
	}
	c.body.add("{{- end }}\n", nil)
	c.groups++
	return nil
}

// add writes the parameters of one Application into the values.
func (c *setChart) add(p params) error {
	if number := fmt.Sprintf("sets%d:\n", c.groups); !strings.Contains(c.sheet.text.String(), number) {
		c.sheet.add(number, nil)
	}
	var n yaml.Node
	if err := n.Encode([]any{map[string]any{"number": len(c.sheet.lines), "is": p.says}}); err != nil {
		return err
	}
	one, err := writePage(manifests.NewField(&n, ""), &n, func(f manifests.Field) manifests.Origin { return p.line(strings.TrimPrefix(f.Path(), "[0].is.")) })
	if err != nil {
		return err
	}
	c.sheet.text.Write(one.text.Bytes())
	c.sheet.lines = append(c.sheet.lines, one.lines...)
	if c.sheet.text.Len() > maxFilled {
		return errFilled
	}
	return nil
}

// placeholder stands for a text that is a template.
var placeholder = regexp.MustCompile(`LANDWAITERTEXT[0-9]+X`)

// name makes a template of each text with gaps, and puts a placeholder into its place.
func (c *setChart) name(d *draft, n *yaml.Node, calls map[string]string) error {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		name, err := c.define(n.Value, n.Value, d.from[n])
		if err != nil {
			return err
		}
		mark := fmt.Sprintf("LANDWAITERTEXT%dX", c.count)
		calls[mark] = fmt.Sprintf("{{ include %q $set.is | toJson }}", name)
		n.Value, n.Tag, n.Style = mark, "!!str", 0
	}
	if helm := d.get(n, "helm"); helm != nil && d.get(helm, "valuesObject") == nil {
		if err := c.values(d, helm, calls); err != nil {
			return err
		}
	}
	for _, below := range n.Content {
		if err := c.name(d, below, calls); err != nil {
			return err
		}
	}
	return nil
}

// values has the text of a chart's values stand as what it means, so that each of them keeps its own line.
func (c *setChart) values(d *draft, helm *yaml.Node, calls map[string]string) error {
	for i := 0; i+1 < len(helm.Content); i += 2 {
		key, text := helm.Content[i], helm.Content[i+1]
		if key.Value != "values" || text.Kind != yaml.ScalarNode || !strings.Contains(text.Value, "{{") {
			continue
		}
		name, err := c.define(text.Value, text.Value, d.from[text])
		if err != nil {
			return err
		}
		mark := fmt.Sprintf("LANDWAITERTEXT%dX", c.count)
		calls[mark] = fmt.Sprintf("{{ include %q $set.is | nindent %d }}", name, deepest)
		if key.Value = "valuesObject"; c.patched() {
			key.Value = meantValues // which a patch replaces as a whole
		}
		text.Value, text.Tag, text.Style = mark, "!!str", 0
	}
	return nil
}

// deepest is an indentation below which everything of a template stands.
const deepest = 80

// define writes a text as a template, and returns its name. written is how it stands in the file.
func (c *setChart) define(text, written string, at manifests.Origin) (string, error) {
	text, err := withOwn(text)
	if err != nil {
		return "", err
	}
	c.count++
	name := fmt.Sprintf("text%d", c.count)
	whole := &page{}
	whole.add(fmt.Sprintf("{{ define %q }}%s{{ end }}\n", name, text), at)
	for i, line := range c.linesOf(written, at).lines {
		if i < len(whole.lines) {
			whole.lines[i] = line
		}
	}
	c.texts.text.Write(whole.text.Bytes())
	c.texts.lines = append(c.texts.lines, whole.lines...)
	return name, nil
}

// addPatch has the Applications be followed by what the templatePatch becomes for each.
func (c *setChart) addPatch() error {
	text := c.patch.Text()
	if trimmed := strings.TrimSpace(text); strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "{{") {
		return fmt.Errorf("the templatePatch of ApplicationSet %s is JSON, which is not applied: write it as YAML", c.set.Name)
	}
	name, err := c.define(meaningValues(text), text, originOf(c.set, c.patch))
	if err != nil {
		return err
	}
	c.body.add(fmt.Sprintf("---\napiVersion: landwaiter/v1\nkind: TemplatePatch\nlandwaiterSet: {{ $set.number }}\n{{ include %q $set.is }}\n", name), originOf(c.set, c.patch))
	return nil
}

// complete is an error where a template uses a parameter that there is not, and that has to be there.
func (c *setChart) complete(n *yaml.Node, p params) error {
	if c.missing() != "error" || p.guessed {
		return nil
	}
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		t, err := parsed(n.Value)
		if err != nil {
			return err
		}
		if missing := unset(t, p.says); missing != "" {
			return fmt.Errorf("the template of ApplicationSet %s uses the parameter %s, which a generator does not give: with missingkey=error it makes nothing", c.set.Name, oneWord(missing))
		}
	}
	for _, below := range n.Content {
		if err := c.complete(below, p); err != nil {
			return err
		}
	}
	return nil
}
