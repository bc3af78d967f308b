package edit

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// check holds an edited text against the one before: only what was asked for may read differently.
type check struct {
	s       *stream
	at      *yaml.Node // the node that changes: the value that is replaced, the mapping that gains or loses an entry
	key     string     // of an added entry
	want    any        // the new value
	removed *yaml.Node // the value or item that is taken out
}

// verified returns the edited text, or an error that wraps ErrRefused.
func (c check) verified(out []byte, at Place) ([]byte, error) {
	if c.readsInPart(out) {
		return out, nil
	}
	return c.verifiedWhole(out, at)
}

func (c check) verifiedWhole(out []byte, at Place) ([]byte, error) {
	after, err := parseAll(out)
	switch {
	case err != nil:
		return nil, refused("line %d: the text would no longer be YAML", at.Line)
	case c.s.json && !json.Valid(out):
		return nil, refused("line %d: the text would no longer be JSON", at.Line)
	case len(after) != len(c.s.docs):
		return nil, refused("line %d: the text would hold other documents", at.Line)
	}
	for i, doc := range c.s.docs {
		if anchored(doc, c.at) {
			return nil, refused("line %d: other places share the value by an alias", at.Line)
		}
		if !c.agree(doc, after[i]) {
			return nil, refused("line %d: the text would not read as it should", at.Line)
		}
	}
	return out, nil
}

// agree reports whether two nodes say the same, but for what was asked for.
func (c check) agree(before, after *yaml.Node) bool {
	if before == c.at {
		return c.changed(before, after)
	}
	if before.Kind != after.Kind || before.Tag != after.Tag || before.Value != after.Value || before.Anchor != after.Anchor {
		return false
	}
	return slices.EqualFunc(before.Content, after.Content, c.agree)
}

// changed reports whether the node that was to change did so, and in nothing else.
func (c check) changed(before, after *yaml.Node) bool {
	switch {
	case c.removed != nil:
		i := slices.Index(before.Content, c.removed)
		first := i
		if before.Kind == yaml.MappingNode {
			first-- // its key goes with it
		}
		return before.Kind == after.Kind && slices.EqualFunc(slices.Delete(slices.Clone(before.Content), first, i+1), after.Content, c.agree)
	case c.key == "":
		return c.wanted(after)
	}
	n := len(before.Content) // 0 of an empty value, which becomes a mapping
	if nextItem(before, c.key) {
		return after.Kind == yaml.SequenceNode && len(after.Content) == n+1 && c.wanted(after.Content[n]) &&
			slices.EqualFunc(before.Content, after.Content[:n], c.agree)
	}
	return after.Kind == yaml.MappingNode && len(after.Content) == n+2 && after.Content[n].Value == c.key &&
		c.wanted(after.Content[n+1]) && slices.EqualFunc(before.Content, after.Content[:n], c.agree)
}

// wanted reports whether a node holds the new value.
func (c check) wanted(node *yaml.Node) bool {
	if surely(node, c.want) {
		return true
	}
	var has, wants any
	encoded, err := yaml.Marshal(c.want)
	return err == nil && node.Decode(&has) == nil && yaml.Unmarshal(encoded, &wants) == nil && reflect.DeepEqual(has, wants)
}

// anchored reports whether to, which lies below from or is it, or a node on the way has a name by which other places
// may repeat it.
func anchored(from, to *yaml.Node) bool {
	_, named := way(from, to)
	return named
}

func way(from, to *yaml.Node) (leads, named bool) {
	if from == to {
		return true, from.Anchor != ""
	}
	for _, child := range from.Content {
		if leads, named := way(child, to); leads {
			return true, named || from.Anchor != ""
		}
	}
	return false, false
}

// surely reports whether a node plainly holds a value; of false nothing follows.
func surely(node *yaml.Node, want any) bool {
	switch want := want.(type) {
	case bool:
		return node.Tag == "!!bool" && node.Value == strconv.FormatBool(want)
	case int:
		return node.Tag == "!!int" && node.Value == strconv.Itoa(want)
	case int64:
		return node.Tag == "!!int" && node.Value == strconv.FormatInt(want, 10)
	case string:
		return node.Kind == yaml.ScalarNode && node.Tag == "!!str" && node.Value == want
	case []any:
		return node.Kind == yaml.SequenceNode && node.Tag == "!!seq" && slices.EqualFunc(node.Content, want, surely)
	case map[string]any: // of one key, as most are
		if node.Kind != yaml.MappingNode || node.Tag != "!!map" || len(node.Content) != 2 || len(want) != 1 {
			return false
		}
		key := node.Content[0]
		value, ok := want[key.Value]
		return ok && key.Kind == yaml.ScalarNode && key.Tag == "!!str" && surely(node.Content[1], value)
	}
	return false
}
