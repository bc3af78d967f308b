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
		span, found := d.span(place{at: pathKey, value: pathKey})
		if !found {
			return nil
		}
		frame := manifests.Frame{Span: span, Role: manifests.RolePatch, Precision: manifests.Exact}
		return gives(whole, append([]manifests.Frame{frame}, e.sources(s, sp, slices.Concat(from, below))...)...)
	}
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
