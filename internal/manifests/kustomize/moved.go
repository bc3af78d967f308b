package kustomize

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// moved claims the field to which an operation copies or moves a value, and those below it: first for the operation,
// then for the place that the value is from.
func moved(d *document, pathKey *yaml.Node, from []string) func(*effect, *subject, *spot) []claim {
	return func(e *effect, s *subject, sp *spot) []claim {
		below, ok := e.reaches(sp)
		if pathKey == nil || !ok {
			return nil
		}
		frame, found := d.operation(pathKey)
		if !found {
			return nil
		}
		return gives(whole, append([]manifests.Frame{frame}, e.sources(s, sp, slices.Concat(from, below))...)...)
	}
}

// removed claims a part in the mapping from which an operation takes an entry away, or in the list from which it takes an
// item: what is missing there is missing by its word.
func removed(d *document, pathKey *yaml.Node) func(*effect, *subject, *spot) []claim {
	return func(e *effect, _ *subject, sp *spot) []claim {
		last := len(e.mount) - 1
		missing := sp.field.IsList() || sp.field.IsMap() && !sp.field.Get(e.mount[max(last, 0)]).Exists()
		if pathKey == nil || last < 0 || !missing {
			return nil
		}
		frame, found := d.operation(pathKey)
		if from := (&effect{mount: e.mount[:last]}); !found || !from.mounts(sp) {
			return nil
		}
		return gives(part, frame)
	}
}

// nulls claims parts in a mapping from which a strategic merge patch takes entries away, by null or by its own directive.
func (e *effect) nulls(sp *spot, n *yaml.Node) (all []claim) {
	if e.json || e.doc.chart != nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode && sp.field.IsList() {
		return e.deletes(n)
	}
	if n.Kind != yaml.MappingNode || !sp.field.IsMap() {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		if v.ShortTag() != "!!null" && value(v, "$patch") != "delete" || sp.field.Get(key.Value).Exists() {
			continue
		}
		if frame, found := e.doc.operation(key); found {
			all = append(all, gives(part, frame)...)
		}
	}
	return all
}

// deletes claims parts in a list from which a strategic merge patch takes items away: where it names them, else where it
// says so.
func (e *effect) deletes(list *yaml.Node) (all []claim) {
	for _, item := range list.Content {
		key, directive := exact(item, "$patch")
		if directive == nil || directive.Value != "delete" {
			continue
		}
		for _, name := range mergeKeys {
			if named, _ := exact(item, name); named != nil {
				key = named
				break
			}
		}
		if frame, found := e.doc.operation(key); found {
			all = append(all, gives(part, frame)...)
		}
	}
	return all
}

// operation returns where a patch says what it works on: by the path of an operation, or by a key.
func (d *document) operation(key *yaml.Node) (manifests.Frame, bool) {
	span, found := d.span(place{at: key, value: key})
	return manifests.Frame{Span: span, Role: manifests.RolePatch, Precision: manifests.Exact}, found
}

// reaches reports whether the operation's place is the spot or lies above it, and the way from there to the spot.
func (e *effect) reaches(sp *spot) (below []string, ok bool) {
	for ; sp != nil && sp.parent != nil; sp = sp.parent {
		if e.mounts(sp) {
			slices.Reverse(below)
			return below, true
		}
		token := sp.key
		if sp.listed {
			token = strconv.Itoa(sp.index)
		}
		below = append(below, token)
	}
	return nil, false
}

// sources returns the places of what earlier effects had put at a path, the last one first: only those whose value
// is the spot's, because a patch's list may have other positions than the object's.
func (e *effect) sources(s *subject, sp *spot, path []string) []manifests.Frame {
	var all []manifests.Frame
	for i := slices.Index(s.effects, e) - 1; i >= 0; i-- {
		earlier := s.effects[i]
		if earlier.doc == nil {
			continue
		}
		rest := path
		if earlier.json {
			if len(earlier.mount) > len(path) || !slices.Equal(earlier.mount, path[:len(earlier.mount)]) {
				continue
			}
			rest = path[len(earlier.mount):]
		}
		if n := pointed(earlier.doc.root, rest); n != nil && same(n, sp.field.Node()) {
			all = append(all, earlier.doc.origin(n)...)
		}
	}
	return all
}

// pointed follows a JSON pointer's tokens; nil when they lead nowhere.
func pointed(n *yaml.Node, tokens []string) *yaml.Node {
	for _, token := range tokens {
		if n == nil {
			return nil
		}
		if n.Kind != yaml.SequenceNode {
			_, n = exact(n, token)
			continue
		}
		i, err := strconv.Atoi(token)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil
		}
		n = n.Content[i]
	}
	return n
}
