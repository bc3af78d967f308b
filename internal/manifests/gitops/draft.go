package gitops

import (
	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// draft is a document under way: a copy of a field whose nodes know where they are from, to be changed.
type draft struct {
	node *yaml.Node
	from map[*yaml.Node]manifests.Origin
}

// origins says where fields are from.
type origins func(manifests.Field) manifests.Origin

// of are the origins that an object's fields have.
func of(o *manifests.Object) origins {
	return func(f manifests.Field) manifests.Origin { return originOf(o, f) }
}

// newDraft copies a field.
func newDraft(f manifests.Field, from origins) *draft {
	d := &draft{from: make(map[*yaml.Node]manifests.Origin)}
	if d.node = d.take(f, from); d.node == nil {
		d.node = d.mapping(from(f))
	}
	return d
}

// take copies a field, to be put into the draft. Nil when there is none.
func (d *draft) take(f manifests.Field, from origins) *yaml.Node {
	n := f.Node()
	if n == nil {
		return nil
	}
	c := *n
	c.Content, c.Anchor = nil, ""
	d.from[&c] = from(f)
	for i, e := range f.Entries() {
		key := *n.Content[2*i]
		c.Content = append(c.Content, &key, d.take(e.Value, from))
	}
	for _, item := range f.Items() {
		c.Content = append(c.Content, d.take(item, from))
	}
	return &c
}

// mapping is a new mapping from a place.
func (d *draft) mapping(at manifests.Origin) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	d.from[n] = at
	return n
}

// text is a new text from a place.
func (d *draft) text(value string, at manifests.Origin) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
	d.from[n] = at
	return n
}

// get is the value of a key in a mapping; nil when there is none.
func (d *draft) get(in *yaml.Node, key string) *yaml.Node {
	for i := 0; in.Kind == yaml.MappingNode && i+1 < len(in.Content); i += 2 {
		if in.Content[i].Value == key {
			return in.Content[i+1]
		}
	}
	return nil
}

// set gives a key of a mapping a value; nil takes the key away.
func (d *draft) set(in *yaml.Node, key string, value *yaml.Node) {
	for i := 0; i+1 < len(in.Content); i += 2 {
		switch {
		case in.Content[i].Value != key:
			continue
		case value == nil:
			in.Content = append(in.Content[:i], in.Content[i+2:]...)
		default:
			in.Content[i+1] = value
		}
		return
	}
	if value != nil {
		in.Style &^= yaml.FlowStyle
		in.Content = append(in.Content, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: key}, value)
	}
}

// below is the mapping under a key, which is made where there is none.
func (d *draft) below(in *yaml.Node, key string, at manifests.Origin) *yaml.Node {
	if n := d.get(in, key); n != nil && n.Kind == yaml.MappingNode {
		return n
	}
	n := d.mapping(at)
	d.set(in, key, n)
	return n
}

// merge puts a field over a mapping, as a JSON merge patch does (RFC 7396): null takes away, lists are replaced.
func (d *draft) merge(into *yaml.Node, f manifests.Field, from origins) {
	for _, e := range f.Entries() {
		now := d.get(into, e.Key)
		switch {
		case !e.Value.IsSet():
			d.set(into, e.Key, nil)
		case e.Value.IsMap():
			if now == nil || now.Kind != yaml.MappingNode {
				now = d.mapping(from(e.Value))
				d.set(into, e.Key, now)
			}
			d.merge(now, e.Value, from)
		default:
			d.set(into, e.Key, d.take(e.Value, from))
		}
	}
}

// own are the origins of the draft's own fields.
func (d *draft) own(f manifests.Field) manifests.Origin { return d.from[f.Node()] }

// object is what an object becomes with the draft as its document.
func (d *draft) object(o *manifests.Object) (*manifests.Object, error) {
	text, err := yaml.Marshal(d.node)
	if err != nil {
		return nil, err
	}
	changed, err := manifests.NewObject(text)
	if err != nil {
		return nil, failureAt(first(o), manifests.Discreet(err.Error()), err)
	}
	changed.Hook = o.Hook
	if o.Origins == nil {
		return changed, nil
	}
	paths := make(map[string]manifests.Origin)
	manifests.NewField(d.node, "").Walk(func(f manifests.Field) { paths[f.Path()] = d.own(f) })
	changed.Walk(func(f manifests.Field) { changed.Origins = append(changed.Origins, paths[f.Path()]) })
	return changed, nil
}

// page writes the draft as a document, each line with the origin of the field that it writes.
func (d *draft) page() (*page, error) {
	n := bare(d.node) // a copy, so that fields are matched by their places
	return writePage(manifests.NewField(d.node, ""), n, d.own)
}
