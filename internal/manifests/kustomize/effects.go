package kustomize

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/resid"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// effect is one thing that a kustomization does to objects: a patch, or an entry that transforms or generates.
type effect struct {
	applies func(*subject) bool // nil: to every object that comes by
	doc     *document           // what a patch or resource says
	json    bool                // doc is the value of an operation of a JSON patch, at mount
	verb    string              // of that operation
	mount   []string
	claim   func(*subject, *spot) []claim          // what an entry says
	move    func(*effect, *subject, *spot) []claim // what an operation without a value says
}

// claim is what one effect says of a field.
type claim struct {
	frames   manifests.Origin
	strength strength
	doc      *document // of a patch or resource
	json     bool      // of a JSON patch
	affix    bool      // of a name's prefix or suffix, which touches only what was a name
}

// strength says how what a claim sets compares with the field's value.
type strength uint8

const (
	touches   strength = iota + 1 // another value
	part                          // a part of the value
	whole                         // the value
	identical                     // the value, and kustomize's node is still the claim's
)

// layerEffects are the effects of one layer by when they happen.
type layerEffects struct {
	generators, transformers []*effect
}

// effectsOn returns what works on the objects of a candidate, from the innermost outwards.
func (t *tracer) effectsOn(c *candidate) []*effect {
	var all []*effect
	if c.doc != nil {
		all = append(all, &effect{doc: c.doc})
	} else {
		all = append(all, c.made.effect())
	}
	from := (*layer)(nil)
	for l := c.layer; l != nil; from, l = l, l.parent {
		if from == nil || !from.component {
			all = append(all, t.of(l).merging(c)...)
		}
		for _, component := range l.componentsAfter(from) {
			all = append(all, t.componentEffects(component, c)...)
		}
		all = append(all, t.of(l).transformers...)
	}
	return append(all, t.varEffects()...)
}

func (t *tracer) componentEffects(l *layer, c *candidate) []*effect {
	all := t.of(l).merging(c)
	for _, below := range l.components {
		all = append(all, t.componentEffects(below, c)...)
	}
	return append(all, t.of(l).transformers...)
}

// merging returns the generator entries that merge into an object that was there before. (Its own entry is none.)
func (e *layerEffects) merging(c *candidate) []*effect {
	if c.kind != "ConfigMap" && c.kind != "Secret" {
		return nil
	}
	return append([]*effect(nil), e.generators...)
}

// effectsBelow returns everything that any layer does.
func (t *tracer) effectsBelow(top *layer) []*effect {
	var all []*effect
	top.walk(func(l *layer) { all = append(all, t.of(l).transformers...) })
	return all
}

// of returns the effects of a layer's own entries, in the order in which kustomize runs them.
func (t *tracer) of(l *layer) *layerEffects {
	if known := t.effects[l]; known != nil {
		return known
	}
	e := &layerEffects{}
	t.effects[l] = e
	for _, g := range t.generators(l) {
		if g.merges() {
			e.generators = append(e.generators, g.effect())
		}
	}
	all := t.patches(l)
	all = append(all, l.namespaceEffect(), l.affixEffect("namePrefix", l.spec.NamePrefix), l.affixEffect("nameSuffix", l.spec.NameSuffix))
	all = append(all, l.labelEffects()...)
	for i, p := range l.spec.PatchesJson6902 {
		all = append(all, t.patch(l, p, name("patchesJson6902"), item(i))...)
	}
	all = append(all, l.replicaEffects()...)
	all = append(all, l.imageEffects()...)
	all = append(all, t.replacementEffects(l)...)
	all = append(all, t.pluginEffects(l)...)
	for _, one := range all {
		if one != nil {
			e.transformers = append(e.transformers, one)
		}
	}
	return e
}

// patches returns the effects of a layer's patchesStrategicMerge and patches, in this order.
func (t *tracer) patches(l *layer) []*effect {
	var all []*effect
	for i := range l.spec.PatchesStrategicMerge {
		all = append(all, t.strategic(l, i)...)
	}
	for i, p := range l.spec.Patches {
		all = append(all, t.patch(l, p, name("patches"), item(i))...)
	}
	return all
}

// strategic returns the effects of entry i of patchesStrategicMerge: a path, or a patch.
func (t *tracer) strategic(l *layer, i int) []*effect {
	_, n := find(l.node, []key{name("patchesStrategicMerge"), item(i)})
	docs := t.stream(l.join(string(l.spec.PatchesStrategicMerge[i])))
	if isInline(string(l.spec.PatchesStrategicMerge[i])) && n != nil {
		docs = inline(l, t.text(l.file), n, manifests.RolePatch)
	}
	return documentEffects(docs, nil)
}

// patch returns the effects of an entry of patches or patchesJson6902.
func (t *tracer) patch(l *layer, p types.Patch, keys ...key) []*effect {
	var docs []*document
	if p.Path != "" {
		docs = t.stream(l.join(p.Path))
	} else if _, n := find(l.node, append(keys, name("patch"))); n != nil && n.Kind == yaml.ScalarNode {
		docs = inline(l, t.text(l.file), n, manifests.RolePatch)
	}
	if len(docs) > 0 && docs[0].root.Kind == yaml.SequenceNode {
		return operations(docs[0], selects(p.Target))
	}
	return documentEffects(docs, p.Target)
}

// documentEffects are those of strategic merge patches. Without a target a patch names its object itself.
func documentEffects(docs []*document, target *types.Selector) []*effect {
	var all []*effect
	for _, d := range docs {
		patch := *d
		patch.role = manifests.RolePatch
		applies := selects(target)
		if target == nil {
			applies = named(d.root)
		}
		all = append(all, &effect{doc: &patch, applies: applies})
	}
	return all
}

// named selects the object that a patch names.
func named(root *yaml.Node) func(*subject) bool {
	kind, called, space := value(root, "kind"), value(root, "metadata", "name"), value(root, "metadata", "namespace")
	group := groupOf(value(root, "apiVersion"))
	return func(s *subject) bool {
		return kind == s.object.Kind && group == s.object.Group() && s.names[called] && (s.spaces[space] || space == "default" && s.spaces[""])
	}
}

// selects tells the objects that a target may select. Labels and annotations are left to the values' verification.
func selects(target *types.Selector) func(*subject) bool {
	if target == nil {
		return func(*subject) bool { return false }
	}
	wanted, err := types.NewSelectorRegex(target)
	if err != nil {
		return func(*subject) bool { return false }
	}
	return func(s *subject) bool {
		group, version := s.object.Group(), s.object.APIVersion[strings.LastIndexByte(s.object.APIVersion, '/')+1:]
		return wanted.MatchGvk(resid.Gvk{Group: group, Version: version, Kind: s.object.Kind}) &&
			anyOf(s.names, wanted.MatchName) && anyOf(s.spaces, wanted.MatchNamespace)
	}
}

func anyOf(set map[string]bool, match func(string) bool) bool {
	for one := range set {
		if match(one) {
			return true
		}
	}
	return false
}

// operations returns the effects of a JSON patch (RFC 6902), operation by operation.
func operations(d *document, applies func(*subject) bool) []*effect {
	var all []*effect
	for _, op := range d.root.Content {
		verb, path := value(op, "op"), value(op, "path")
		e := &effect{applies: applies, json: true, verb: verb, mount: pointer(path)}
		pathKey, _ := exact(op, "path")
		switch key, v := exact(op, "value"); verb {
		case "add", "replace":
			if v == nil {
				continue
			}
			e.doc = newDocument(d.file, d.text, d.line, v)
			e.doc.role = manifests.RolePatch
			e.doc.places.at.at = key
		case "copy", "move":
			e.move = moved(d, pathKey, pointer(value(op, "from")))
		case "remove":
			e.move = removed(d, pathKey)
		}
		all = append(all, e)
	}
	return all
}

// settle returns the effects with the places of JSON patches' operations as they are in the end: an operation that
// puts an item before others, or removes one, moves what earlier ones did to them.
func settle(effects []*effect) []*effect {
	all := make([]*effect, len(effects))
	for i, e := range effects {
		all[i] = e
		if !e.json {
			continue
		}
		moved := *e
		moved.mount = slices.Clone(e.mount)
		for _, later := range effects[i+1:] {
			moved.shift(later)
		}
		all[i] = &moved
	}
	return all
}

// shift moves the effect's place as a later operation does that inserts into, or removes from, a list on its way.
func (e *effect) shift(later *effect) {
	last := len(later.mount) - 1
	if !later.json || last < 0 || last >= len(e.mount) || !slices.Equal(later.mount[:last], e.mount[:last]) {
		return
	}
	mine, err1 := strconv.Atoi(e.mount[last])
	other, err2 := strconv.Atoi(later.mount[last])
	if err1 != nil || err2 != nil {
		return
	}
	switch {
	case later.verb == "add" && other <= mine:
		mine++
	case later.verb == "remove" && other < mine:
		mine--
	}
	e.mount[last] = strconv.Itoa(mine)
}

// pointer splits a JSON pointer (RFC 6901).
func pointer(path string) []string {
	if path == "" {
		return nil
	}
	tokens := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, token := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
	}
	return tokens
}
