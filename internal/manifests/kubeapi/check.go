package kubeapi

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Fault is what is wrong with a field.
type Fault uint8

// The faults.
const (
	Unknown  Fault = iota + 1 // the field is not described
	Twice                     // the key is written twice
	Missing                   // the field must be there
	Type                      // another type is wanted
	Choice                    // the value is none of those to choose from
	Form                      // the text does not have the right form, or the number is out of range
	Repeated                  // two items of the list are the same, or go by the same keys
)

// Violation is one thing that a schema does not allow.
type Violation struct {
	At    manifests.Field // the field at fault; of a missing one where it would be
	Fault Fault
	Text  string   // what is wrong, without the field and without its value: "is a number, a string is wanted"
	Meant string   // for Unknown: a described field that is written nearly so
	Right any      // the value that was surely meant; nil when nobody can tell
	Owner *Schema  // of the mapping that holds the field
	Among []string // for Choice: what there is to choose from
}

// Limits of one check: objects and schemas are written by whoever opens a pull request.
const (
	maxSteps      = 1_000_000
	maxViolations = 64
)

// Check compares an object with a schema. It returns no more than 64 violations, and whether it came to the end: an
// object or a schema may be too large for that. Where Kubernetes is lenient it is so too: null is as good as absent,
// and the status is not looked at.
func (s *Schema) Check(object manifests.Field) (violations []Violation, complete bool) {
	if object.Node() == nil {
		return nil, true
	}
	c := checker{path: object.Path()}
	c.value(s, object.Node(), nil)
	return c.found, c.steps < maxSteps && len(c.found) < maxViolations
}

// checker is one check under way.
type checker struct {
	path  string // of the object
	found []Violation
	steps int
	quiet int // above 0, only whether there are violations is asked
	fails int // violations while quiet

	partial int // above 0, the schema describes a part of the value: fields that it does not know are not its business
}

// place is where the checker is; paths are only written down for violations.
type place struct {
	up    *place
	key   string
	index int // of an item, when key is ""
	node  *yaml.Node
	owner *Schema // of the mapping that key is in
}

func (c *checker) field(at *place) manifests.Field {
	if at == nil {
		return manifests.NewField(nil, c.path)
	}
	above := c.field(at.up).Path()
	if at.index >= 0 {
		return manifests.NewField(at.node, manifests.IndexPath(above, at.index))
	}
	return manifests.NewField(at.node, manifests.KeyPath(above, at.key))
}

// report notes a violation, unless nobody wants to hear of it.
func (c *checker) report(at *place, v Violation) {
	if c.quiet > 0 {
		c.fails++
		return
	}
	if len(c.found) < maxViolations {
		v.At = c.field(at)
		if at != nil && v.Owner == nil {
			v.Owner = at.owner
		}
		c.found = append(c.found, v)
	}
}

// value checks a value and all that is in it.
func (c *checker) value(s *Schema, n *yaml.Node, at *place) {
	if c.steps++; c.steps > maxSteps || s == nil {
		return
	}
	f := formOf(n)
	if f == formNull {
		return
	}
	if !c.typed(s, n, f, at) {
		return
	}
	if s.values != nil && (f != formText || !filledIn(n.Value)) {
		c.choice(s, n, f, at)
	}
	switch f {
	case formObject:
		c.object(s, n, at)
	case formList:
		c.list(s, n, at)
	default:
		c.scalar(s, n, f, at)
	}
	if s.AllOf != nil || s.AnyOf != nil || s.OneOf != nil || s.Not != nil {
		c.combined(s, n, at)
	}
}

// object checks a mapping.
func (c *checker) object(s *Schema, n *yaml.Node, at *place) {
	open := s.open() || c.partial > 0
	c.twice(s, n, at)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		p := &place{up: at, key: key, index: -1, node: value, owner: s}
		property, described := s.Properties[key]
		switch {
		case described:
			c.value(property, value, p)
		case s.Additional != nil && s.Additional.Schema != nil:
			c.value(s.Additional.Schema, value, p)
		case s.Embedded && (key == "apiVersion" || key == "kind" || key == "metadata"):
		case open:
			c.duplicates(value, p)
		default:
			c.report(p, Violation{Fault: Unknown, Text: "is not known", Meant: s.nearest(key, n)})
		}
	}
	c.missing(s, n, at)
	c.amount("fields", int64(len(n.Content)/2), s.MinProperties, s.MaxProperties, at)
}

// missing finds what a mapping must have and has not. One with a default is filled in; an embedded object needs its type.
func (c *checker) missing(s *Schema, n *yaml.Node, at *place) {
	wanted := s.Required
	if s.Embedded {
		wanted = append([]string{"apiVersion", "kind"}, wanted...)
	}
	for _, name := range wanted {
		value, property := lookup(n, name), s.Properties[name]
		if (value == nil || value.Tag == "!!null") && (property == nil || property.Default == nil) {
			c.report(&place{up: at, key: name, index: -1, node: value, owner: s}, Violation{Fault: Missing, Text: "is missing"})
		}
	}
}

// twice finds the keys of a mapping that stand in it before.
func (c *checker) twice(s *Schema, n *yaml.Node, at *place) {
	if c.partial > 0 {
		return
	}
	for _, i := range repeatedKeys(n) {
		p := &place{up: at, key: n.Content[i].Value, index: -1, node: n.Content[i+1], owner: s}
		c.report(p, Violation{Fault: Twice, Text: "is written twice"})
	}
}

// repeatedKeys returns the positions of the keys in a mapping that stand in it before, each key once.
func repeatedKeys(n *yaml.Node) (found []int) {
	const few = 32 // keys, below which comparing each with each is the fastest
	var seen map[string]int
	if len(n.Content) > 2*few {
		seen = make(map[string]int, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, before := n.Content[i].Value, 0
		if seen != nil {
			before = seen[key]
			seen[key]++
		} else {
			for j := 0; j < i; j += 2 {
				if n.Content[j].Value == key {
					before++
				}
			}
		}
		if before == 1 {
			found = append(found, i)
		}
	}
	return found
}

// duplicates finds keys that are written twice where nothing else is checked.
func (c *checker) duplicates(n *yaml.Node, at *place) {
	if c.steps++; c.steps > maxSteps || c.partial > 0 || n.Kind == yaml.ScalarNode {
		return
	}
	if n.Kind == yaml.MappingNode {
		c.twice(nil, n, at)
	}
	for i, child := range n.Content {
		switch {
		case child.Kind == yaml.ScalarNode:
		case n.Kind == yaml.SequenceNode:
			c.duplicates(child, &place{up: at, index: i, node: child})
		case i%2 == 1:
			c.duplicates(child, &place{up: at, key: n.Content[i-1].Value, index: -1, node: child})
		}
	}
}

// list checks a list and its items.
func (c *checker) list(s *Schema, n *yaml.Node, at *place) {
	if s.Items == nil {
		c.duplicates(n, at)
	} else {
		for i, item := range n.Content {
			c.value(s.Items, item, &place{up: at, index: i, node: item, owner: s})
		}
	}
	c.amount("items", int64(len(n.Content)), s.MinItems, s.MaxItems, at)
	if (s.ListType != "map" && s.ListType != "set") || len(n.Content) < 2 {
		return
	}
	seen := make(map[string]bool, len(n.Content))
	for i, item := range n.Content {
		name, complete := c.identity(s, item)
		if complete && seen[name] {
			c.report(&place{up: at, index: i, node: item, owner: s}, Violation{Fault: Repeated, Text: repeated(s)})
		}
		seen[name] = true
	}
}

// identity is what an item of a list goes by, and whether all of it is known: nothing in it is still filled in.
func (c *checker) identity(s *Schema, item *yaml.Node) (string, bool) {
	if s.ListType == "set" {
		return canonical(item), true
	}
	var b strings.Builder
	complete := true
	for _, key := range s.ListKeys {
		if value := lookup(item, key); value != nil {
			complete = complete && (value.Kind != yaml.ScalarNode || !filledIn(value.Value))
			b.WriteString(canonical(value))
		}
		b.WriteByte(0)
	}
	return b.String(), complete
}

func repeated(s *Schema) string {
	if s.ListType == "set" {
		return "is in the list twice"
	}
	return "has the same " + strings.Join(s.ListKeys, " and ") + " as an item above"
}

// lookup returns the value of a key, the last one where it is written twice; nil when there is none.
func lookup(n *yaml.Node, key string) (value *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			value = n.Content[i+1]
		}
	}
	return value
}

func (c *checker) amount(what string, n int64, least, most *int64, at *place) {
	switch {
	case least != nil && n < *least:
		c.report(at, Violation{Fault: Form, Text: fmt.Sprintf("has %d %s, at least %d are wanted", n, what, *least)})
	case most != nil && n > *most:
		c.report(at, Violation{Fault: Form, Text: fmt.Sprintf("has %d %s, at most %d are allowed", n, what, *most)})
	}
}

// combined checks a value against schemas that hold together, of which some, one or none has to hold.
func (c *checker) combined(s *Schema, n *yaml.Node, at *place) {
	c.partial++
	for _, part := range s.AllOf {
		c.value(part, n, at)
	}
	c.partial--
	holding := func(parts []*Schema) (count int) {
		for _, part := range parts {
			if c.holds(part, n, at) {
				count++
			}
		}
		return count
	}
	if len(s.AnyOf) > 0 && holding(s.AnyOf) == 0 {
		c.report(at, Violation{Fault: Form, Text: "meets none of the alternatives that its schema gives" + required(s.AnyOf)})
	}
	if len(s.OneOf) > 0 {
		if count := holding(s.OneOf); count != 1 {
			c.report(at, Violation{Fault: Form, Text: fmt.Sprintf("meets %d of the alternatives of which its schema wants exactly one%s", count, required(s.OneOf))})
		}
	}
	if s.Not != nil && c.holds(s.Not, n, at) {
		c.report(at, Violation{Fault: Form, Text: "is what its schema rules out" + required([]*Schema{s.Not})})
	}
}

// required names the fields that alternatives ask for, which mostly is all that they say.
func required(parts []*Schema) string {
	var names []string
	for _, part := range parts {
		names = append(names, part.Required...)
	}
	if slices.Sort(names); len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(slices.Compact(names), ", ") + ")"
}

// holds reports whether a value meets a schema, saying nothing.
func (c *checker) holds(s *Schema, n *yaml.Node, at *place) bool {
	before := c.fails
	c.quiet++
	c.partial++
	c.value(s, n, at)
	c.partial--
	c.quiet--
	held := c.fails == before
	c.fails = before
	return held
}
