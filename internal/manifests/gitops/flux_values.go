package gitops

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// chartValues gives a chart the values files that its specification names, in the place of its own (HelmChart's API,
// "Values files"). Those of a chart that is fetched are taken out of it when it is there.
func (w *World) chartValues(c chartSource, root *manifests.Root) *manifests.RenderError {
	if c.kind != "HelmChart" {
		return nil
	}
	files, lenient := c.spec.Get("valuesFiles").Items(), c.spec.Get("ignoreMissingValuesFiles").True()
	if root.Dir == chartDir {
		chart := root.Deployment.Chart
		for _, f := range files {
			chart.Values = append(chart.Values, path.Clean(f.Text()))
		}
		chart.Lenient = lenient
		return nil
	}
	merged := newMerger(w.spend)
	for _, f := range files {
		file, ok := within(top(root.Dir), f.Text())
		switch {
		case !ok:
			return failureAt(originOf(c.of, f), fmt.Sprintf("the values file %s lies outside of the repository", f.Text()), nil)
		case !w.isFile(file) && lenient:
			continue
		}
		root.Deployment.Dirs = append(root.Deployment.Dirs, file)
		text, err := w.repository.Tree.ReadFile(file)
		if err == nil {
			err = merged.add(text, inFile(file))
		}
		if err != nil {
			return failureAt(originOf(c.of, f), fmt.Sprintf("the values file %s: %s", f.Text(), manifests.Discreet(err.Error())), err)
		}
	}
	if len(files) == 0 {
		return nil
	}
	p, err := merged.page()
	if err != nil {
		return failureAt(originOf(c.of, c.spec.Get("valuesFiles")), manifests.Discreet(err.Error()), err)
	}
	root.Deployment.Laid = append(root.Deployment.Laid, p.laid(path.Join(root.Dir, "values.yaml")))
	return nil
}

// releaseValues lays the values of a HelmRelease over the tree, put together as Flux does ("Values" of its HelmRelease): those
// of ConfigMaps and Secrets in their order, its own, and what is set at a path.
func (w *World) releaseValues(o *manifests.Object, root *manifests.Root) *manifests.RenderError {
	spec := o.Field().Get("spec")
	own, from := spec.Get("values"), spec.Get("valuesFrom")
	if !own.IsMap() && len(from.Items()) == 0 {
		return nil
	}
	m := newMerger(w.spend)
	inline := m.take(own, of(o))
	if !own.IsMap() {
		inline = m.mapping(nil)
	}
	for _, ref := range from.Items() {
		if err := w.reference(m, o, ref, inline, root); err != nil {
			return err
		}
	}
	err := m.over(inline)
	var p *page
	if err == nil {
		p, err = m.page()
	}
	if err != nil {
		return failureAt(originOf(o, spec.Get("values")), manifests.Discreet(err.Error()), err)
	}
	layValues(root, p)
	return nil
}

// layValues lays one more values file over the tree, over those before.
func layValues(root *manifests.Root, p *page) {
	d := root.Deployment
	file := fmt.Sprintf("%s/values-%d.yaml", laidDir, len(d.Laid))
	d.Laid = append(d.Laid, p.laid(file))
	root.Values = append(root.Values, file)
}

// merger puts values together, each with the place that it is from.
type merger struct {
	*draft

	spend func(steps int) error
}

func newMerger(spend func(steps int) error) *merger {
	return &merger{newDraft(manifests.Field{}, func(manifests.Field) manifests.Origin { return nil }), spend}
}

// errNoValues is a text of values that says something else.
var errNoValues = errors.New("holds no mapping")

// add puts the values in a text over those so far.
func (m *merger) add(text []byte, from origins) error {
	if err := m.spend(1 + len(text)/16); err != nil {
		return err
	}
	node, err := manifests.ParseYAML(text)
	if err != nil {
		return fmt.Errorf("is no valid YAML: %w", err)
	}
	if f := manifests.NewField(node, ""); f.IsMap() {
		return m.over(m.take(f, from))
	} else if f.IsSet() {
		return errNoValues
	}
	return nil
}

// chosenValues is the values file that a fetched chart gets in the place of its own: of the files that it has, those that are
// named.
func chosenValues(chart *manifests.RemoteChart) (laid manifests.Laid, err error) {
	m := newMerger((&World{}).spend)
	for _, name := range chart.Values {
		text, there := chart.Files[name]
		if !there && chart.Lenient {
			continue
		}
		err := fmt.Errorf("%s has no %s, which is named for its values", chart.Called(), name)
		if there {
			err = m.add(text, inFile(path.Join(chartDir, name)))
		}
		if err != nil {
			return manifests.Laid{}, err
		}
	}
	p, err := m.page()
	if err != nil {
		return manifests.Laid{}, err
	}
	return p.laid(chartDir + "/values.yaml"), nil
}

// over puts values over those so far.
func (m *merger) over(values *yaml.Node) (err error) {
	m.node, err = m.merged(m.node, values)
	return err
}

// merged is b over a, as Flux' MergeMaps has it: mappings are put into each other, and all else is replaced. What only one
// of them has it shares with that one, so that what is set there later is set in both, as it is for Flux.
func (m *merger) merged(a, b *yaml.Node) (*yaml.Node, error) {
	if err := m.spend(1 + (len(a.Content)+len(b.Content))/4); err != nil {
		return nil, err
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: slices.Clone(a.Content)}
	if m.from[out] = m.from[b]; len(m.from[b]) == 0 {
		m.from[out] = m.from[a]
	}
	at := make(map[string]int, len(out.Content)/2)
	for i := 0; i+1 < len(out.Content); i += 2 {
		at[out.Content[i].Value] = i + 1
	}
	for i := 0; i+1 < len(b.Content); i += 2 {
		key, value := b.Content[i], b.Content[i+1]
		n, there := at[key.Value]
		switch {
		case !there:
			at[key.Value] = len(out.Content) + 1
			out.Content = append(out.Content, key, value)
		case out.Content[n].Kind == yaml.MappingNode && value.Kind == yaml.MappingNode:
			both, err := m.merged(out.Content[n], value)
			if err != nil {
				return nil, err
			}
			out.Content[n] = both
		default:
			out.Content[n] = value
		}
	}
	return out, nil
}

// reference adds what an entry of valuesFrom names in a ConfigMap or Secret of the repository. What is not there is said, and
// left out.
func (w *World) reference(m *merger, o *manifests.Object, from manifests.Field, inline *yaml.Node, root *manifests.Root) *manifests.RenderError {
	kind, called := from.Get("kind").Text(), from.Get("name").Text()
	key := cmp.Or(from.Get("valuesKey").Text(), "values.yaml")
	holder := w.object("", kind, o.Namespace, called)
	if unknown := unknownIn(holder, kind, called); unknown != "" {
		root.Deployment.After.Unknown = append(root.Deployment.After.Unknown, unknown)
		return nil
	}
	field := holder.Field().Get("data", key)
	if err := w.take(field.Text()); err != nil {
		return failureAt(originOf(o, from), err.Error(), err)
	}
	target := from.Get("targetPath")
	switch {
	case !field.IsSet() && from.Get("optional").True():
		return nil
	case !field.IsSet():
		return failureAt(originOf(o, from), fmt.Sprintf("%s %s has no %s, from which values are taken", kind, called, key), nil)
	case target.Text() == "":
		p := w.textPage(holder, field)
		if err := m.add(p.text.Bytes(), p.line); err != nil {
			return failureAt(originOf(holder, field), fmt.Sprintf("%s of %s %s, from which values are taken, %s", key, kind, called, manifests.Discreet(err.Error())), err)
		}
		return nil
	}
	err := m.over(inline)
	if err == nil {
		err = m.targeted(target.Text(), field.Text(), from.Get("literal").True(), originOf(holder, field))
	}
	if err != nil {
		return failureAt(originOf(o, target), fmt.Sprintf("the targetPath %s %v", target.Text(), err), err)
	}
	return nil
}

// literally keeps Helm's --set from finding anything in a value.
var literally = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `[`, `\[`, `]`, `\]`, `{`, `\{`, `}`, `\}`)

// targeted puts a value at a targetPath, as Flux does: like Helm's --set, and like its --set-string when it is in quotes or
// to be taken literally.
func (m *merger) targeted(target, value string, literal bool, at manifests.Origin) error {
	asText := literal
	for _, quote := range []string{"'", `"`} {
		if !literal && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			value, asText = strings.Trim(value, `'"`), true
		}
	}
	if literal {
		value = literally.Replace(value)
	}
	all, err := assignments(target+"="+value, asText)
	if err != nil {
		return err
	}
	for _, a := range all {
		value := &yaml.Node{}
		if err := value.Encode(a.value); err != nil {
			return err
		}
		m.trace(value, at)
		m.put(m.node, a.keys, value, at)
	}
	return nil
}
