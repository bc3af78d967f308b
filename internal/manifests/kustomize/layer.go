package kustomize

import (
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// layer is one kustomization as it is loaded by one other, with what lies below it. The layers of a build form a
// tree, in the order in which kustomize accumulates.
type layer struct {
	file       string // the kustomization file, relative to the tree; "" when there is none
	dir        string // its directory after symbolic links
	text       []byte
	spec       types.Kustomization // as kustomize decodes it, deprecated fields moved to their successors
	node       *yaml.Node          // the file with its positions, nil when it does not parse
	parent     *layer
	component  bool
	resources  []resource // in order; kustomizations named under generators and transformers are not among them
	components []*layer
	generated  []generated       // the entries of generators that configure charts
	inflated   *inflation        // what the charts became, nil without
	served     []byte            // the file as kustomize gets it, nil for as it is
	remote     map[string]handed // what was handed over of what it names elsewhere, by the address
}

// resource is one entry of resources: a file or a kustomization.
type resource struct {
	index int    // in spec.Resources
	file  string // relative to the tree, "" for a kustomization
	layer *layer
}

// parents visits the layer and those that load it, outwards.
func (l *layer) parents(visit func(*layer) bool) {
	for ; l != nil; l = l.parent {
		if !visit(l) {
			return
		}
	}
}

// walk visits the layer and all below it in the order of accumulation.
func (l *layer) walk(visit func(*layer)) {
	visit(l)
	for _, r := range l.resources {
		if r.layer != nil {
			r.layer.walk(visit)
		}
	}
	for _, c := range l.components {
		c.walk(visit)
	}
}

// join returns the path in the tree of a path that the kustomization names.
func (l *layer) join(p string) string {
	if h, ok := l.remote[p]; ok {
		return h.at
	}
	if path.IsAbs(p) {
		return inTree(p)
	}
	return inTree(path.Join("/", l.dir, p))
}

// outside reports whether a relative path of the kustomization leads above the tree, where nothing is, or out of what was
// fetched with it.
func (l *layer) outside(p string) bool {
	if _, ok := l.remote[p]; ok {
		return false
	}
	at := path.Join(l.dir, p)
	if fetched, _, ok := manifests.FetchedIn(l.dir); ok {
		return !holds(fetched, l.join(p))
	}
	return !path.IsAbs(p) && (at == ".." || strings.HasPrefix(at, "../"))
}

// key is one step of a place in a YAML file: a name (of a mapping's key, compared without case, as kustomize does)
// or the number of an item.
type key struct {
	name  string
	index int
}

func name(n string) key { return key{name: n} }
func item(i int) key    { return key{index: i} }

// span returns where in the kustomization file a place is: the line of its key or item. What cannot be found
// gives the nearest place around it, at worst the file.
func (l *layer) span(keys ...key) source.Span {
	at := source.Span{File: l.file}
	if place, _ := find(l.node, keys); place != nil {
		at.Line, at.EndLine, at.Column = place.Line, place.Line, place.Column
	}
	return at
}

// resourceKeys returns the place of entry i of spec.Resources, which holds resources and then bases.
func (l *layer) resourceKeys(i int) []key {
	return l.listKeys(i, "resources", "bases")
}

// listKeys returns the place of item i of a list that was put together from the lists under two keys.
func (l *layer) listKeys(i int, first, second string) []key {
	n := 0
	if _, value := find(l.node, []key{name(first)}); value != nil && value.Kind == yaml.SequenceNode {
		n = len(value.Content)
	}
	if i < n {
		return []key{name(first), item(i)}
	}
	return []key{name(second), item(i - n)}
}

// find follows keys through a node. It returns the node whose position stands for the place (the key, or the item)
// and the value there. When the way ends early, it returns the last place reached and no value.
func find(node *yaml.Node, keys []key) (place, value *yaml.Node) {
	place, value = node, node
	for _, k := range keys {
		if value != nil && value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		p, v := step(value, k)
		if p == nil {
			return place, nil
		}
		place, value = p, v
	}
	return place, value
}

func step(node *yaml.Node, k key) (place, value *yaml.Node) {
	if node == nil {
		return nil, nil
	}
	if k.name == "" {
		if node.Kind != yaml.SequenceNode || k.index < 0 || k.index >= len(node.Content) {
			return nil, nil
		}
		return node.Content[k.index], node.Content[k.index]
	}
	for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
		if strings.EqualFold(node.Content[i].Value, k.name) {
			place, value = node.Content[i], node.Content[i+1]
		}
	}
	return place, value
}

// fail makes the error of a root that does not render because of a place in this kustomization.
func (l *layer) fail(cause error, reason string, keys ...key) error {
	return &manifests.RenderError{Reason: reason, Span: l.span(keys...), Cause: cause}
}
