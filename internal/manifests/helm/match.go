package helm

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"go.yaml.in/yaml/v3"
)

// classify tells the values that a field shows from those that it was made of. Of those it shows, the ones that
// are all of it come first.
func (p page) classify(f field, pieces []piece) (shown, inputs []leafPlace) {
	var keys, parts []leafPlace
	encoded := plainOf(f)
	for _, written := range pieces {
		for _, leaf := range written.Leaves {
			place := p.leaf(leaf)
			if !place.found {
				continue
			}
			if place.beside {
				switch {
				case place.isAll(f):
					shown = append(shown, place)
				case place.frame.Role == manifests.RoleResource && place.holds(f):
					parts = append(parts, place)
				default:
					inputs = append(inputs, place)
				}
				continue
			}
			place = p.within(place, f, leaf.Path)
			place, moved := p.inBlock(place, f)
			switch {
			case place.isAll(f):
				shown = append(shown, place)
			case place.isKey(f):
				keys = append(keys, place)
			case moved, leaf.Exact && place.isPart(f), place.isTemplate(), place.isIn(encoded):
				parts = append(parts, place)
			default:
				inputs = append(inputs, place)
			}
		}
	}
	if len(shown) > 0 {
		return append(shown, parts...), append(inputs, keys...) // whose names are the value's by chance
	}
	return append(keys, parts...), inputs
}

// within looks for a field's value inside of a mapping or list that was used as a whole: by the longest end of the
// field's path that leads to an equal value there, else for the only equal value.
func (t *tracer) within(place leafPlace, f field, keys []string) leafPlace {
	if place.node.Kind == yaml.ScalarNode || f.node.Kind != yaml.ScalarNode {
		return place
	}
	for i := range f.path {
		inner := t.place(slices.Concat(keys, f.path[i:]))
		if inner.found && inner.isAll(f) {
			return inner
		}
	}
	var only leafPlace
	count := 0
	for _, inner := range t.inside(keys) {
		if inner.isAll(f) {
			only, count = inner, count+1
		}
	}
	if count == 1 {
		return only
	}
	return place
}

// inside returns the places of all scalars of a mapping or list.
func (t *tracer) inside(keys []string) []leafPlace {
	key := strings.Join(keys, "\x00")
	if all, ok := t.scalars[key]; ok {
		return all
	}
	var all []leafPlace
	for _, path := range scalarPaths(lookup(t.values, keys), keys) {
		if inner := t.place(path); inner.found {
			all = append(all, inner)
		}
	}
	t.scalars[key] = all
	return all
}

// inBlock moves the place of a field that is one of several lines of a block scalar to that line; of several equal
// lines, to the one with most equal neighbours. The block may be a template, which changes its lines.
func (p page) inBlock(place leafPlace, f field) (moved leafPlace, ok bool) {
	if place.node.Style&yaml.LiteralStyle == 0 || place.frame.Span.Line == 0 || place.isAll(f) {
		return place, false
	}
	block, at := strings.Split(place.node.Value, "\n"), f.written().Line-1
	best, most, ties := 0, 0, 0
	for i := range block {
		n := 0
		if samePrinted(block[i], p.text[at]) {
			n = 1 + neighbours(block, p.text, i, at, -1) + neighbours(block, p.text, i, at, 1)
		}
		switch {
		case n > most:
			best, most, ties = i, n, 0
		case n == most:
			ties++
		}
	}
	if most == 0 || ties > 0 {
		return place, false
	}
	place.frame.Span.Line += best + 1
	place.frame.Span.EndLine = place.frame.Span.Line
	place.frame.Span.Column = 0
	return place, true
}

// maxNeighbours is how far lines are compared with those around them.
const maxNeighbours = 20

// neighbours counts how many lines of a block and of a document agree from two lines on, in one direction.
func neighbours(block, text []string, i, at, step int) int {
	for n := range maxNeighbours {
		i, at = i+step, at+step
		if i < 0 || at < 0 || i >= len(block) || at >= len(text) || !samePrinted(block[i], text[at]) {
			return n
		}
	}
	return maxNeighbours
}

// samePrinted reports whether a line, which may have template actions, can have been printed as another.
func samePrinted(line, printed string) bool {
	line, printed = strings.TrimSpace(line), strings.TrimSpace(printed)
	before, rest, isTemplate := strings.Cut(line, "{{")
	if !isTemplate {
		return line == printed
	}
	after := rest
	if i := strings.LastIndex(rest, "}}"); i >= 0 {
		after = rest[i+len("}}"):]
	}
	return before != "" && strings.HasPrefix(printed, before) && strings.HasSuffix(printed, after)
}

// isAll reports whether the value is all that the field shows: of a scalar its text, of anything else its key.
func (l leafPlace) isAll(f field) bool {
	if f.node.Kind != yaml.ScalarNode {
		return l.key != nil && f.key != nil && l.key.Value == f.key.Value
	}
	if l.node.Kind != yaml.ScalarNode || l.node.Value == "" {
		return false
	}
	return strings.TrimSpace(l.node.Value) == strings.TrimSpace(f.node.Value) || f.node.Tag != "!!str" && sameNumber(f.node.Value, l.node) ||
		encodes(f, l.node.Value)
}

// isKey reports whether the field shows the key of the value, as one does that was made by going through a mapping's keys.
func (l leafPlace) isKey(f field) bool {
	return l.key != nil && l.key.Value != "" && f.node.Kind == yaml.ScalarNode && (l.key.Value == f.node.Value || encodes(f, l.key.Value))
}

// encodes reports whether a field is a text in Base64, and nothing else; most are told by their lengths.
func encodes(f field, text string) bool {
	return base64.StdEncoding.EncodedLen(len(text)) == len(f.node.Value) && base64.StdEncoding.EncodeToString([]byte(text)) == f.node.Value
}

// plainOf is what a field shows in Base64, as the values of Secrets do, or one of its words, as in the headers of HTTP's
// basic authentication; "" where it shows none.
func plainOf(f field) string {
	if f.node.Kind != yaml.ScalarNode || len(f.node.Value) < shortestPart {
		return ""
	}
	if plain, err := base64.StdEncoding.DecodeString(f.node.Value); err == nil {
		return string(plain) // which may go over several lines
	}
	var all strings.Builder
	for word := range strings.FieldsSeq(f.node.Value) {
		if plain, err := base64.StdEncoding.DecodeString(word); err == nil {
			all.Write(plain)
			all.WriteByte('\n')
		}
	}
	return all.String()
}

// isIn reports whether the value is a part of a text that stands in Base64.
func (l leafPlace) isIn(plain string) bool {
	if l.node.Kind != yaml.ScalarNode {
		return false
	}
	value := strings.TrimSpace(l.node.Value)
	return len(value) >= shortestPart && strings.Contains(plain, value)
}

// shortestPart is the length in bytes below which a value may be in an encoded text by chance.
const shortestPart = 4

// isPart reports whether the value is a part of what the field shows.
func (l leafPlace) isPart(f field) bool {
	return l.node.Kind == yaml.ScalarNode && l.node.Value != "" && strings.Contains(f.node.Value, strings.TrimSpace(l.node.Value))
}

// holds reports whether a line of a file has what a field shows, or a part of it.
func (l leafPlace) holds(f field) bool {
	if l.whole || f.node.Kind != yaml.ScalarNode || strings.TrimSpace(l.node.Value) == "" {
		return false
	}
	return l.isPart(f) || f.node.Value != "" && strings.Contains(l.node.Value, f.node.Value)
}

// isTemplate reports whether the value is a template itself, which the function tpl executes.
func (l leafPlace) isTemplate() bool {
	return l.node.Kind == yaml.ScalarNode && strings.Contains(l.node.Value, "{{")
}
