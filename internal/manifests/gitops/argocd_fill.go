package gitops

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// gap is a parameter in an older template.
var gap = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// fill puts parameters into the gaps of a text, and returns the names of those. Gaps that are not known stay, so that they
// are seen, as in Argo CD.
func (g *generation) fill(text string, says map[string]string) (filled string, used []string, err error) {
	var out strings.Builder
	done := 0
	for _, at := range gap.FindAllStringSubmatchIndex(text, -1) {
		name := text[at[2]:at[3]]
		value, ok := says[name]
		if !ok {
			continue
		}
		used = append(used, name)
		out.WriteString(text[done:at[0]])
		out.WriteString(value)
		if done = at[1]; out.Len() > maxFilled {
			return "", nil, errFilled
		}
	}
	out.WriteString(text[done:])
	return out.String(), used, g.made(out.Len())
}

// made counts the bytes that texts with gaps become, all of the set together: each may be the parameter of a next one.
func (g *generation) made(size int) error {
	if g.filled += size; g.filled > maxFilled {
		return errFilled
	}
	return g.spend(1 + size/16)
}

// interpolated is a generator with the parameters of another one in its texts: a matrix has its second one so.
func (g *generation) interpolated(f manifests.Field, outer params) (manifests.Field, error) {
	if len(outer.says) == 0 {
		return f, nil
	}
	n, says := bare(f.Node()), flat(outer.says)
	err := g.changeTexts(n, func(text string) (string, error) {
		if g.goTemplate {
			return g.execute(text, outer.says)
		}
		filled, _, err := g.fill(text, says)
		return filled, err
	})
	return manifests.NewField(n, f.Path()), err
}

// changeTexts changes the texts in a node that have gaps.
func (g *generation) changeTexts(n *yaml.Node, change func(string) (string, error)) (err error) {
	if err := g.spend(1); err != nil {
		return err
	}
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		n.Value, err = change(n.Value)
	}
	for _, below := range n.Content {
		if err == nil {
			err = g.changeTexts(below, change)
		}
	}
	return err
}

// addValues adds the values that a generator says to the parameters that it gives, which these may use.
func (g *generation) addValues(f manifests.Field, sets []params) error {
	for i, p := range sets {
		values := map[string]any{}
		for _, e := range f.Get("values").Entries() {
			var err error
			if g.goTemplate {
				values[e.Key], err = g.execute(e.Value.Text(), p.says)
			} else {
				values[e.Key], _, err = g.fill(e.Value.Text(), flat(p.says))
			}
			if err != nil {
				return err
			}
			if p.lines == nil {
				sets[i].lines = map[string]manifests.Origin{}
				p = sets[i]
			}
			p.lines["values."+e.Key] = originOf(g.set, e.Value)
		}
		if len(values) > 0 {
			p.says["values"] = values
		}
	}
	return nil
}

// template is the Application that the set makes of parameters' generator, before they are put in.
func (g *generation) template(over manifests.Field) *draft {
	d := newDraft(g.set.Field().Get("spec", "template"), of(g.set))
	if d.node.Kind != yaml.MappingNode {
		d.node = d.mapping(nil)
	}
	d.fillIn(d.node, over, of(g.set))
	at := originOf(g.set, g.set.Field().Get("spec", "template"))
	for _, line := range [][2]string{{"kind", "Application"}, {"apiVersion", "argoproj.io/v1alpha1"}} {
		d.set(d.node, line[0], nil)
		d.node.Content = slices.Insert(d.node.Content, 0, d.text(line[0], at), d.text(line[1], at))
	}
	return d
}

// fillIn puts what a field says over a mapping, but for what is empty.
func (d *draft) fillIn(into *yaml.Node, f manifests.Field, from origins) {
	for _, e := range f.Entries() {
		switch {
		case e.Value.IsMap():
			if len(e.Value.Entries()) > 0 {
				d.fillIn(d.below(into, e.Key, from(e.Value)), e.Value, from)
			}
		case e.Value.Text() != "" || len(e.Value.Items()) > 0:
			d.set(into, e.Key, d.take(e.Value, from))
		}
	}
}

// texts fills the template with each parameters, as a file of Applications. A text stays one, whatever is put into it.
func (g *generation) texts(sets []params, root *manifests.Root) error {
	whole := &page{}
	for _, p := range sets {
		says := flat(p.says)
		d := g.template(p.over)
		if err := g.values(d, d.node, p, says); err != nil {
			return err
		}
		if err := g.fillNode(d, d.node, p, says); err != nil {
			return err
		}
		one, err := d.page()
		if err != nil {
			return err
		}
		whole.add("---\n", nil)
		whole.text.Write(one.text.Bytes())
		whole.lines = append(whole.lines, one.lines...)
		if whole.text.Len() > maxFilled {
			return errFilled
		}
	}
	d := root.Deployment
	d.Render = manifests.Plain
	root.Files = []string{laidDir + "/applications.yaml"}
	d.Laid = []manifests.Laid{whole.laid(root.Files[0])}
	return nil
}

// values has the texts of charts' values below a node stand as what they mean with parameters put in, so that each of them
// keeps its own line. One that is no mapping stays a text.
func (g *generation) values(d *draft, n *yaml.Node, p params, says map[string]string) error {
	helm := d.get(n, "helm")
	for i := 0; helm != nil && helm.Kind == yaml.MappingNode && d.get(helm, "valuesObject") == nil && i+1 < len(helm.Content); i += 2 {
		key, text := helm.Content[i], helm.Content[i+1]
		if key.Value != "values" || text.Kind != yaml.ScalarNode || !strings.Contains(text.Value, "{{") {
			continue
		}
		node, err := g.meant(d, text, p, says)
		if err != nil {
			return err
		}
		if node != nil {
			key.Value, helm.Content[i+1] = "valuesObject", node
		}
	}
	for _, below := range n.Content {
		if err := g.values(d, below, p, says); err != nil {
			return err
		}
	}
	return nil
}

// meant is what a text with parameters put in says as YAML, each node from its line; nil when that is no mapping.
func (g *generation) meant(d *draft, text *yaml.Node, p params, says map[string]string) (*yaml.Node, error) {
	if err := g.spend(1 + len(text.Value)/16); err != nil {
		return nil, err
	}
	written := g.linesOf(text.Value, d.from[text]).lines
	var whole strings.Builder
	var lines []manifests.Origin
	for i, line := range strings.SplitAfter(strings.TrimSuffix(text.Value, "\n"), "\n") {
		filled, used, err := g.fill(line, says)
		if err != nil {
			return nil, err
		}
		var at manifests.Origin
		if i < len(written) {
			at = written[i]
		}
		for _, name := range used {
			at = slices.Concat(values(p.line(name)), at)
		}
		for range strings.Lines(filled) {
			lines = append(lines, at)
		}
		whole.WriteString(filled)
	}
	node, err := manifests.ParseYAML([]byte(whole.String()))
	if err != nil || node == nil || node.Kind != yaml.MappingNode || strings.Contains(whole.String(), "{{") || !d.placed(node, lines) {
		return nil, nil
	}
	return node, nil
}

// placed says of each node that it is from its line; false where the nodes are no tree.
func (d *draft) placed(n *yaml.Node, lines []manifests.Origin) bool {
	if n.Kind == yaml.AliasNode || n.Anchor != "" || n.Line < 1 || n.Line > len(lines) {
		return false
	}
	d.from[n] = lines[n.Line-1]
	return !slices.ContainsFunc(n.Content, func(below *yaml.Node) bool { return !d.placed(below, lines) })
}

// fillNode puts parameters into the texts of a node, keys among them. What they make stands where they are written.
func (g *generation) fillNode(d *draft, n *yaml.Node, p params, says map[string]string) error {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		filled, used, err := g.fill(n.Value, says)
		if err != nil {
			return err
		}
		at := d.from[n]
		for _, name := range used {
			at = slices.Concat(values(p.line(name)), at)
		}
		n.Value, n.Tag, d.from[n] = filled, "!!str", at
	}
	for _, below := range n.Content {
		if err := g.fillNode(d, below, p, says); err != nil {
			return err
		}
	}
	return nil
}
