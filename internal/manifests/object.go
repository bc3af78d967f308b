package manifests

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.yaml.in/yaml/v3"
)

// Identity names an object the way Kubernetes does.
type Identity struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// Group returns the API group, "" for the core group.
func (id Identity) Group() string {
	group, _, ok := strings.Cut(id.APIVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// String returns "Kind/name", or "Kind/namespace/name".
func (id Identity) String() string {
	if id.Namespace == "" {
		return id.Kind + "/" + id.Name
	}
	return id.Kind + "/" + id.Namespace + "/" + id.Name
}

// Object is one rendered object. It is made by a renderer and not changed afterwards.
type Object struct {
	Identity
	Raw     []byte   // the YAML as rendered, one document without separator
	Hook    string   // of a Helm hook: its events as written ("test", "pre-install,pre-upgrade"); otherwise ""
	Origins []Origin // when traced: one for each node in the order of Walk

	parse sync.Once
	node  *yaml.Node
	err   error

	laying sync.Once
	layout *layout

	asked     atomic.Int32 // how often a field was asked for by its path
	index     sync.Once
	positions map[string]int32 // path to position in the layout and Origins
}

// fewLookups are made by a walk; for more an index is made, as a walk takes the longer the more fields there are.
const fewLookups = 16

// ErrNotObject says that a document is YAML, but no Kubernetes object.
var ErrNotObject = errors.New("no Kubernetes object")

// NewObject makes an object of one YAML document. The error wraps ErrNotObject, or says why it is no YAML.
func NewObject(raw []byte) (*Object, error) {
	node, err := ParseYAML(raw)
	if err != nil {
		return nil, err
	}
	return NewParsedObject(raw, node)
}

// NewParsedObject is NewObject for a document of which ParseYAML made node, which is not parsed again.
func NewParsedObject(raw []byte, node *yaml.Node) (*Object, error) {
	o := &Object{Raw: raw}
	o.parse.Do(func() { o.node = node })
	root := NewField(node, "")
	if !root.IsMap() {
		return nil, fmt.Errorf("%w: is not a mapping", ErrNotObject)
	}
	o.Identity = Identity{
		APIVersion: root.Get("apiVersion").Text(),
		Kind:       root.Get("kind").Text(),
		Namespace:  root.Get("metadata", "namespace").Text(),
		Name:       root.Get("metadata", "name").Text(),
	}
	if isAddons(root) {
		o.APIVersion = addonsVersion
	}
	if o.Kind == "" || o.APIVersion == "" {
		return nil, fmt.Errorf("%w: has no apiVersion or no kind", ErrNotObject)
	}
	return o, nil
}

// addonsVersion stands for the version that kops' channels of addons do not write.
const addonsVersion = "kops.k8s.io/v1alpha2"

// isAddons reports whether a document without apiVersion is a channel of addons for kops.
func isAddons(f Field) bool {
	return f.Get("kind").Text() == "Addons" && !f.Get("apiVersion").Exists() && f.Get("spec", "addons").IsList()
}

// Node returns the object's YAML with positions in Raw, parsed once. Callers must not change it.
func (o *Object) Node() (*yaml.Node, error) {
	o.parse.Do(func() { o.node, o.err = ParseYAML(o.Raw) })
	return o.node, o.err
}

// ShareNodes has the object keep the text and the nodes of another one in place of its own, if that was made of the same
// text, and says so; origins says that it keeps its Origins too, which are the same. It is for those that have just been
// made, of which nobody reads yet.
func (o *Object) ShareNodes(other *Object) (nodes, origins bool) {
	theirs := other.Field()
	if o == other || !theirs.Exists() || !bytes.Equal(o.Raw, other.Raw) {
		return false, false
	}
	if mine, err := o.Node(); err != nil || mine == nil || mine != theirs.node && !alike(mine, theirs.node) {
		return false, false
	}
	o.laying.Do(func() {})
	o.Raw, o.node, o.layout = other.Raw, theirs.node, theirs.in
	if slices.EqualFunc(o.Origins, other.Origins, slices.Equal[Origin]) {
		o.Origins, origins = other.Origins, true
	}
	return true, origins
}

// alike reports whether two trees are the same in all that readers see, the places in the text included.
func alike(a, b *yaml.Node) bool {
	if a.Kind != b.Kind || a.Style != b.Style || a.Tag != b.Tag || a.Value != b.Value || a.Anchor != b.Anchor || a.Line != b.Line || a.Column != b.Column ||
		a.Alias != nil || b.Alias != nil || len(a.Content) != len(b.Content) {
		return false
	}
	for i := range a.Content {
		if !alike(a.Content[i], b.Content[i]) {
			return false
		}
	}
	return true
}

// Field returns the whole object as a field, with the empty path.
func (o *Object) Field() Field {
	node, err := o.Node()
	if err != nil || node == nil {
		return Field{}
	}
	o.laying.Do(func() { o.layout = layOut(node) })
	return Field{node: node, in: o.layout}
}

// Walk visits every field of the object, the whole object first, then each value of a mapping and each item
// of a list in their order, parents before children. It is the order of Object.Origins.
func (o *Object) Walk(visit func(Field)) { o.Field().Walk(visit) }

// OriginAt returns the Origin of the field at path, and whether that very field exists. For a field that does
// not exist it is the Origin of the nearest mapping or list above it that does.
func (o *Object) OriginAt(path string) (origin Origin, exists bool) {
	if path == "" { // which is asked of all objects, without an index
		if o.Field().Exists() && len(o.Origins) > 0 {
			origin = o.Origins[0]
		}
		return origin, o.Field().Exists()
	}
	for p := path; ; p = parentPath(p) {
		if i, ok := o.position(p); ok {
			if int(i) < len(o.Origins) {
				origin = o.Origins[i]
			}
			return origin, p == path
		}
		if p == "" {
			return nil, false
		}
	}
}

// Lookup returns the field at path, as Field.Path writes it; an absent one when there is none.
func (o *Object) Lookup(path string) Field {
	if i, ok := o.position(path); ok {
		return Field{node: o.layout.slots[i].node, in: o.layout, pos: i}
	}
	return Field{path: path}
}

// position returns where in the layout the field at a path is, and whether there is one.
func (o *Object) position(path string) (at int32, ok bool) {
	if !o.Field().Exists() {
		return 0, false
	}
	if o.asked.Add(1) <= fewLookups {
		return o.layout.lookup(path)
	}
	o.index.Do(o.makeIndex)
	at, ok = o.positions[path]
	return at, ok
}

// makeIndex notes the position of every field in the order of Walk.
func (o *Object) makeIndex() {
	slots := o.layout.slots
	o.positions = make(map[string]int32, len(slots))
	paths := make([]string, len(slots))
	for i, slot := range slots {
		if slot.parent >= 0 {
			in := slots[slot.parent].node
			if above := paths[slot.parent]; in.Kind == yaml.SequenceNode {
				paths[i] = IndexPath(above, int(slot.index))
			} else {
				paths[i] = KeyPath(above, in.Content[slot.index-1].Value)
			}
		}
		o.positions[paths[i]] = int32(i)
	}
}
