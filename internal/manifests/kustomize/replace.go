package kustomize

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"
	kyamlutils "sigs.k8s.io/kustomize/kyaml/utils"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// replacementEffects are those of a layer's replacements, its own and those in files.
func (t *tracer) replacementEffects(l *layer) []*effect {
	var all []*effect
	for i, r := range l.spec.Replacements {
		if r.Path != "" {
			all = append(all, t.replacementFile(l.join(r.Path))...)
			continue
		}
		frame := func(keys ...key) manifests.Frame {
			return l.entry(manifests.RoleTransformer, append([]key{name("replacements"), item(i)}, keys...)...)
		}
		all = append(all, t.replacement(r.Replacement, frame))
	}
	return all
}

// replacementFile reads replacements from a file: a list of them, or one.
func (t *tracer) replacementFile(file string) []*effect {
	data := t.read(file)
	docs := parseStream(file, data)
	if len(docs) == 0 {
		return nil
	}
	d := docs[0]
	d.role = manifests.RoleTransformer
	frameBelow := func(above ...key) func(keys ...key) manifests.Frame {
		return func(keys ...key) manifests.Frame { return d.entry(append(above[:len(above):len(above)], keys...)) }
	}
	if d.root.Kind == yaml.MappingNode {
		var one types.Replacement
		if sigsyaml.Unmarshal(data, &one) != nil {
			return nil
		}
		return []*effect{t.replacement(one, frameBelow())}
	}
	var list []types.Replacement
	if sigsyaml.Unmarshal(data, &list) != nil {
		return nil
	}
	var all []*effect
	for i, r := range list {
		all = append(all, t.replacement(r, frameBelow(item(i))))
	}
	return all
}

// entry makes the frame of a place in a document.
func (d *document) entry(keys []key) manifests.Frame {
	at, found := find(d.root, keys)
	span, verified := d.span(place{at: at, value: at})
	if found == nil || !verified {
		return d.somewhere()
	}
	return manifests.Frame{Span: span, Role: d.role, Precision: manifests.Exact}
}

// replacement is the effect of one replacement: it copies a value to the fields its targets name.
func (t *tracer) replacement(r types.Replacement, frame func(keys ...key) manifests.Frame) *effect {
	return &effect{claim: func(s *subject, sp *spot) []claim {
		for i, target := range r.Targets {
			if target == nil || target.Select == nil || !selects(target.Select)(s) {
				continue
			}
			paths := target.FieldPaths
			if len(paths) == 0 {
				paths = []string{types.DefaultReplacementFieldPath}
			}
			for j, p := range paths {
				rest, ok := sp.leadsTo(kyamlutils.SmarterPathSplitter(p, "."))
				if !ok {
					continue
				}
				at := frame(name("targets"), item(i), name("fieldPaths"), item(j))
				want, origin := t.replacementSource(r, rest, frame)
				return replaced(r, want, sp, target.Options, append(slices.Clone(origin), at))
			}
		}
		return nil
	}}
}

// replaced claims a field to which a replacement leads, once its value is that of the source, or holds it.
func replaced(r types.Replacement, want *yaml.Node, sp *spot, options *types.FieldOptions, frames manifests.Origin) []claim {
	n := sp.field.Node()
	switch {
	case want == nil:
		return nil
	case same(want, n) || want.Kind == yaml.ScalarNode && n.Kind == yaml.ScalarNode && want.Value == n.Value:
		return []claim{{frames: frames, strength: whole}}
	case want.Kind == yaml.ScalarNode && n.Kind == yaml.ScalarNode && want.Value != "" && strings.Contains(n.Value, want.Value):
		return []claim{{frames: frames, strength: part}}
	case options != nil && options.Delimiter != "", r.Source != nil && r.Source.Options != nil && r.Source.Options.Delimiter != "":
		return []claim{{frames: frames, strength: part}}
	}
	return nil
}

// replacementSource returns the value that a replacement copies, followed by rest, and where that is from.
func (t *tracer) replacementSource(r types.Replacement, rest []string, frame func(keys ...key) manifests.Frame) (*yaml.Node, manifests.Origin) {
	if r.SourceValue != nil {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: *r.SourceValue}, manifests.Origin{frame(name("sourceValue"))}
	}
	if r.Source == nil {
		return nil, nil
	}
	path := r.Source.FieldPath
	if path == "" {
		path = types.DefaultReplacementFieldPath
	}
	wanted := is(r.Source.ResId)
	for _, s := range t.subjects {
		if !wanted(s) {
			continue
		}
		n, origin := t.sourceField(s, append(kyamlutils.SmarterPathSplitter(path, "."), rest...))
		if n != nil {
			return refined(n, r.Source.Options), origin
		}
	}
	return nil, nil
}

// refined is the part of a value that a replacement's options choose.
func refined(n *yaml.Node, options *types.FieldOptions) *yaml.Node {
	if options == nil || options.Delimiter == "" || n.Kind != yaml.ScalarNode {
		return n
	}
	parts := strings.Split(n.Value, options.Delimiter)
	if options.Index < 0 || options.Index >= len(parts) {
		return n
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: parts[options.Index]}
}

// sourceField returns a field of another object by the steps of a path, and where its value is written.
func (t *tracer) sourceField(s *subject, path []string) (*yaml.Node, manifests.Origin) {
	n, at := s.object.Field().Node(), ""
	for _, p := range path {
		if n, at = stepTo(n, p, at); n == nil {
			return nil, nil
		}
	}
	t.traceObject(s)
	if len(s.object.Origins) == 0 {
		return n, nil // it is being traced just now
	}
	origin, _ := s.object.OriginAt(at)
	if len(origin) > 1 {
		origin = origin[:1]
	}
	return n, origin
}

// stepTo follows one step of a replacement's path: a key, an index, or [key=value]. It returns the path of what it
// found as well.
func stepTo(n *yaml.Node, p, at string) (*yaml.Node, string) {
	if n.Kind == yaml.MappingNode {
		_, v := exact(n, p)
		return v, manifests.KeyPath(at, p)
	}
	if n.Kind != yaml.SequenceNode {
		return nil, ""
	}
	for i, item := range n.Content {
		if p == strconv.Itoa(i) || chosen(item, p) {
			return item, manifests.IndexPath(at, i)
		}
	}
	return nil, ""
}

// chosen reports whether a path's [key=value] or [=value] chooses the item.
func chosen(item *yaml.Node, p string) bool {
	k, v, found := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(p, "["), "]"), "=")
	if !found {
		return false
	}
	if k == "" {
		return item.Kind == yaml.ScalarNode && item.Value == v
	}
	return value(item, k) == v
}

// leadsTo reports whether a replacement's path leads to the spot, or to a field above it; rest is then the way from
// there to the spot. A path may lead into the text of a scalar: then it leads to the scalar.
func (sp *spot) leadsTo(path []string) (rest []string, ok bool) {
	var way []*spot
	for at := sp; at.parent != nil; at = at.parent {
		way = append([]*spot{at}, way...)
	}
	for i, at := range way {
		if i == len(path) {
			for _, more := range way[i:] {
				if more.listed {
					return nil, false
				}
				rest = append(rest, more.key)
			}
			return rest, true
		}
		if !at.steppedBy(path[i]) {
			return nil, false
		}
	}
	return nil, len(way) == len(path) || len(way) > 0 && len(way) < len(path) && sp.field.Node().Kind == yaml.ScalarNode
}

func (sp *spot) steppedBy(p string) bool {
	if !sp.listed {
		return sp.key == p || p == "*"
	}
	return p == "*" || p == "-" || p == strconv.Itoa(sp.index) || chosen(sp.field.Node(), p) || sp.wasAt(p)
}

// wasAt reports whether the item is written at that index in one of its sources: later patches may have moved it.
func (sp *spot) wasAt(index string) bool {
	n, err := strconv.Atoi(index)
	if err != nil {
		return false
	}
	for i, above := range sp.parent.aligned {
		if above != nil && above.Kind == yaml.SequenceNode && n >= 0 && n < len(above.Content) && above.Content[n] == sp.aligned[i] {
			return true
		}
	}
	return false
}

// varEffects are those of all vars of the build: kustomize resolves them last.
func (t *tracer) varEffects() []*effect {
	var all []*effect
	t.top.walk(func(l *layer) {
		for i, v := range l.spec.Vars {
			all = append(all, t.varEffect(l, i, v))
		}
	})
	return all
}

// varEffect claims the fields whose source names the variable: the value's own line first, then the variable's.
func (t *tracer) varEffect(l *layer, i int, v types.Var) *effect {
	return &effect{claim: func(s *subject, sp *spot) []claim {
		if sp.field.Node().Kind != yaml.ScalarNode {
			return nil
		}
		for n, written := range sp.aligned {
			if written == nil || s.effects[n].doc == nil || !strings.Contains(written.Value, "$("+v.Name+")") || !substituted(written.Value, sp.field.Node().Value) {
				continue
			}
			at := l.entry(manifests.RoleTransformer, name("vars"), item(i), name("name"))
			return []claim{{frames: append(t.varSource(v, sp.field.Node().Value), at), strength: part}}
		}
		return nil
	}}
}

// varSource returns where the value of a variable is written, once it is seen that it is in the text.
func (t *tracer) varSource(v types.Var, text string) manifests.Origin {
	v.Defaulting()
	wanted := is(resid.ResId{Gvk: v.ObjRef.GVK(), Name: v.ObjRef.Name, Namespace: v.ObjRef.Namespace})
	for _, s := range t.subjects {
		if !wanted(s) {
			continue
		}
		n, origin := t.sourceField(s, kyamlutils.SmarterPathSplitter(v.FieldRef.FieldPath, "."))
		if n != nil && n.Value != "" && strings.Contains(text, n.Value) {
			return slices.Clone(origin)
		}
	}
	return nil
}

// is selects the object with an identity, as far as that is given.
func is(id resid.ResId) func(*subject) bool {
	id.Group, id.Version, id.Kind = regexp.QuoteMeta(id.Group), regexp.QuoteMeta(id.Version), regexp.QuoteMeta(id.Kind)
	id.Name, id.Namespace = regexp.QuoteMeta(id.Name), regexp.QuoteMeta(id.Namespace)
	return selects(&types.Selector{ResId: id})
}
