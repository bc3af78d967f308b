package kustomize

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// pluginEffects are those of the built-in transformers that a layer configures under transformers.
func (t *tracer) pluginEffects(l *layer) []*effect {
	var all []*effect
	s := scanner{tree: t.tree}
	for i, entry := range l.spec.Transformers {
		keys := []key{name("transformers"), item(i)}
		for _, d := range t.pluginDocuments(&s, l, entry, keys) {
			d.role = manifests.RoleTransformer
			all = append(all, t.pluginEffect(l, d)...)
		}
	}
	return all
}

// pluginDocuments returns the configurations of one entry with their lines.
func (t *tracer) pluginDocuments(s *scanner, l *layer, entry string, keys []key) []*document {
	if isInline(entry) {
		if _, n := find(l.node, keys); n != nil {
			return inline(l, t.text(l.file), n, manifests.RoleTransformer)
		}
		return nil
	}
	plugins, err := s.plugins(l, entry, keys)
	if err != nil {
		return nil
	}
	var all []*document
	seen := map[string]bool{}
	for _, p := range plugins {
		if p.file != "" && !seen[p.file] {
			seen[p.file] = true
			all = append(all, parseStream(p.file, t.read(p.file))...)
		}
	}
	return all
}

// pluginEffect returns what one built-in transformer does: a patch as one of the kustomization's own, everything
// else by the values in its configuration.
func (t *tracer) pluginEffect(l *layer, d *document) []*effect {
	var config struct {
		Path   string
		Target *types.Selector
	}
	if text, err := yaml.Marshal(d.root); err == nil {
		_ = sigsyaml.Unmarshal(text, &config) // a configuration that does not decode has failed the build
	}
	switch value(d.root, "kind") {
	case "PatchTransformer", "PatchJson6902Transformer", "PatchStrategicMergeTransformer":
		if config.Path != "" {
			return t.patch(l, types.Patch{Path: config.Path, Target: config.Target})
		}
		return d.embeddedPatches(config.Target)
	case "ReplacementTransformer":
		return nil
	}
	return []*effect{{claim: func(s *subject, sp *spot) []claim { return d.configured(s, sp) }}}
}

// embeddedPatches are the effects of a patch that a configuration holds as text.
func (d *document) embeddedPatches(target *types.Selector) []*effect {
	for _, field := range []string{"patch", "jsonOp", "patches"} {
		_, n := step(d.root, name(field))
		if n == nil || n.Kind != yaml.ScalarNode {
			continue
		}
		moved := *n
		moved.Line = d.line(n.Line)
		docs := inline(&layer{file: d.file}, d.text, &moved, manifests.RolePatch)
		if len(docs) > 0 && docs[0].root.Kind == yaml.SequenceNode {
			return operations(docs[0], selects(target))
		}
		return documentEffects(docs, target)
	}
	return nil
}

// configured claims a field whose value stands in a transformer's configuration, under the field's own key or for a
// field that kustomize wrote anew.
func (d *document) configured(s *subject, sp *spot) []claim {
	text, ok := sp.text()
	if !ok {
		return nil
	}
	rewritten := sp.built != nil && sp.built.Line == 0 || !s.hints
	var found []claim
	first := 0
	d.places.fill()
	for _, p := range d.places.values {
		strength := p.gives(sp.key, text, rewritten)
		if strength == 0 || found != nil && p.at.Line > first {
			continue
		}
		first = p.at.Line
		found = []claim{{frames: d.origin(p.value), strength: strength, affix: strength == part}}
	}
	return found
}

// settings are the fields of transformers' configurations whose values get into objects.
var settings = []string{"prefix", "suffix", "labels.", "annotations.", "replica.count", "imagetag.new", "imagetag.digest", "imagetag.tagsuffix", "metadata.namespace", "value"}

// gives says how a scalar of a transformer's configuration compares with a field's value.
func (p place) gives(key, text string, rewritten bool) strength {
	n := p.value
	way := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(p.chain, "\x00"), "\x00", "."))
	sets := slices.ContainsFunc(settings, func(s string) bool { return strings.HasPrefix(way, s) })
	switch {
	case !sets, n.Kind != yaml.ScalarNode, n.Value == "":
		return 0
	case n.Value == text && (rewritten || strings.HasSuffix(p.chain, "\x00"+key)):
		return whole
	case rewritten && len(n.Value) > 1 && strings.Contains(text, n.Value):
		return part
	}
	return 0
}
