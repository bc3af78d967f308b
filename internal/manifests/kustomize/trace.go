package kustomize

import (
	"context"
	"strconv"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resmap"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// tracer finds out where the fields of a build's objects are from. It needs no second build: the nodes that
// kustomize merges and copies keep the line and column at which they were parsed, which together with their value
// and their path name one node of one of the documents that can have to do with the object. What kustomize writes
// anew (JSON patches, transformers, replacements, generators) is found among the patches and entries that concern
// the object, by path and value.
type tracer struct {
	tree       source.Tree
	top        *layer
	streams    map[string][]*document
	texts      map[string][]string
	candidates map[candidateKey][]*candidate
	effects    map[*layer]*layerEffects
	subjects   []*subject
	prefixes   []string // of names, of all layers
	suffixes   []string
}

// subject is an object whose fields are traced.
type subject struct {
	object  *manifests.Object
	built   *yaml.Node // as kustomize holds it, with the positions of its nodes
	from    *candidate // nil when it is not known what it is made of
	names   map[string]bool
	spaces  map[string]bool // namespaces it has had
	effects []*effect       // in the order in which they are applied
	hints   bool            // the nodes' positions can be trusted
	begun   bool            // the object is traced, or about to be: replacements ask for other objects' fields
	origins []manifests.Origin
}

// spot is one field of an object while it is visited.
type spot struct {
	parent  *spot
	key     string // in a mapping
	index   int    // in a list
	listed  bool
	field   manifests.Field
	built   *yaml.Node // kustomize's node, nil when not found
	builtAt *yaml.Node // its key
	chain   string
	aligned []*yaml.Node // for each effect the source node that belongs here, or nil
}

// trace sets the Origins of all objects. built holds the same objects in the same order.
func trace(ctx context.Context, tree source.Tree, top *layer, built resmap.ResMap, objects []*manifests.Object) error {
	t := &tracer{tree: tree, top: top, streams: map[string][]*document{}, texts: map[string][]string{},
		candidates: map[candidateKey][]*candidate{}, effects: map[*layer]*layerEffects{}}
	t.collect(top)
	for i, r := range built.Resources() {
		t.subjects = append(t.subjects, &subject{object: objects[i], built: r.YNode()})
	}
	t.match()
	for _, s := range t.subjects {
		if err := ctx.Err(); err != nil {
			return err
		}
		t.traceObject(s)
	}
	return nil
}

// traceObject sets the Origins of one object, once.
func (t *tracer) traceObject(s *subject) {
	if s.begun {
		return
	}
	s.begun = true
	t.prepare(s)
	t.visit(s, &spot{field: s.object.Field(), built: s.built, aligned: mountRoots(s)})
	s.object.Origins = s.origins
}

// prepare lists what was done to the object on its way.
func (t *tracer) prepare(s *subject) {
	if s.from == nil {
		s.effects = t.effectsBelow(t.top)
	} else {
		s.effects = t.effectsOn(s.from)
	}
	kept := s.effects[:0:0]
	s.hints = true
	for _, e := range s.effects {
		if e.applies != nil && !e.applies(s) {
			continue
		}
		kept = append(kept, e)
		if e.json {
			s.hints = false // the whole object was written anew
		}
	}
	s.effects = settle(kept)
}

// mountRoots aligns the documents that describe the whole object with it.
func mountRoots(s *subject) []*yaml.Node {
	roots := make([]*yaml.Node, len(s.effects))
	for i, e := range s.effects {
		if e.doc != nil && !e.json {
			roots[i] = e.doc.root
		}
	}
	return roots
}

// visit traces a field and all below it, in the order of Object.Walk.
func (t *tracer) visit(s *subject, sp *spot) {
	at := len(s.origins)
	s.origins = append(s.origins, t.origin(s, sp))
	for _, e := range sp.field.Entries() {
		key, built := exact(sp.built, e.Key)
		t.visit(s, s.align(&spot{parent: sp, key: e.Key, field: e.Value, built: built, builtAt: key, chain: sp.chain + "\x00" + e.Key}))
	}
	for i, item := range sp.field.Items() {
		var built *yaml.Node
		if sp.built != nil && sp.built.Kind == yaml.SequenceNode && i < len(sp.built.Content) {
			built = sp.built.Content[i]
		}
		t.visit(s, s.align(&spot{parent: sp, index: i, listed: true, field: item, built: built, builtAt: built, chain: sp.chain + "\x00*"}))
	}
	if len(s.origins[at]) == 0 {
		s.origins[at] = s.inherited(at, sp)
	}
}

// inherited is the origin of a mapping or list that only came to be with what it holds; and of a field of which
// nothing is known but the object it is in.
func (s *subject) inherited(at int, sp *spot) manifests.Origin {
	for _, origin := range s.origins[at+1:] {
		if len(origin) > 0 && origin[0].Precision == manifests.Exact {
			return origin[:1]
		}
	}
	if s.from == nil || sp.parent == nil && s.from.doc == nil {
		return nil
	}
	return manifests.Origin{s.from.somewhere()}
}

// align finds for each effect the source node that belongs to the spot.
func (s *subject) align(sp *spot) *spot {
	sp.aligned = make([]*yaml.Node, len(s.effects))
	for i, e := range s.effects {
		if e.doc == nil {
			continue
		}
		if e.json && e.mounts(sp) {
			sp.aligned[i] = e.doc.root
			continue
		}
		if s.hints && !e.json {
			if p, ok := e.doc.hinted(sp); ok {
				sp.aligned[i] = p.value
				continue
			}
		}
		sp.aligned[i] = below(sp.parent.aligned[i], sp)
	}
	return sp
}

// hinted finds the node of the document that kustomize's node is, or the one whose key it stands under.
func (d *document) hinted(sp *spot) (place, bool) {
	if sp.built != nil && sp.built.Line > 0 {
		if p, ok := d.places.placed(sp.built); ok && p.chain == sp.chain && (p.value.Kind != yaml.ScalarNode || sameScalar(p.value, sp.built)) {
			return p, true
		}
	}
	if sp.builtAt != nil && sp.builtAt.Line > 0 && !sp.listed {
		if p, ok := d.places.keyed(sp.builtAt); ok && p.chain == sp.chain && p.value.Kind == sp.field.Node().Kind {
			return p, true
		}
	}
	return place{}, false
}

// is reports whether kustomize's node at the spot is the very node n of a document.
func (sp *spot) is(n *yaml.Node) bool {
	return sp.built != nil && n != nil && sp.built.Line > 0 && at(sp.built) == at(n)
}

// mounts reports whether a JSON patch's operation leads to the spot.
func (e *effect) mounts(sp *spot) bool {
	for i := len(e.mount) - 1; i >= 0; i-- {
		if sp.parent == nil {
			return false
		}
		last := i == len(e.mount)-1
		switch token := e.mount[i]; {
		case !sp.listed:
			if token != sp.key {
				return false
			}
		case last && e.doc != nil && same(e.doc.root, sp.field.Node()):
		case token == "-":
			if sp.index != len(sp.parent.field.Node().Content)-1 {
				return false
			}
		case token != strconv.Itoa(sp.index):
			return false
		}
		sp = sp.parent
	}
	return sp.parent == nil
}
