package kustomize

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// candidate is something that becomes an object: a document under resources, or a generator's entry, in one layer.
type candidate struct {
	layer                        *layer
	doc                          *document  // of a resource
	made                         *generator // of a generator
	kind, name, group, namespace string
	names                        []string // that it goes through, as far as prefixes and suffixes are concerned
	space                        string   // the namespace that it ends in
	taken                        bool
}

// candidateKey is what candidates are looked up by.
type candidateKey struct{ kind, name string }

var hashSuffix = regexp.MustCompile(`-[0-9a-z]{10}$`)

// collect lists the candidates of a layer and all below it, in the order of accumulation.
func (t *tracer) collect(top *layer) {
	top.walk(func(l *layer) {
		t.prefixes, t.suffixes = appendNew(t.prefixes, l.spec.NamePrefix), appendNew(t.suffixes, l.spec.NameSuffix)
		for _, r := range l.resources {
			for _, d := range t.stream(r.file) {
				t.add(&candidate{layer: l, doc: d})
			}
		}
		if l.inflated != nil {
			for i, d := range parseStream(l.inflated.file, l.inflated.text) {
				if i < len(l.inflated.objects) {
					d.chart = l.inflated.objects[i]
				}
				t.add(&candidate{layer: l, doc: d})
			}
		}
		for _, g := range t.generators(l) {
			if g.merges() {
				continue
			}
			t.add(&candidate{layer: l, made: g, kind: g.kind, name: g.name, namespace: g.namespace})
		}
	})
}

func appendNew(list []string, one string) []string {
	if one == "" || slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

func (t *tracer) add(c *candidate) {
	if c.doc != nil {
		c.kind, c.name = value(c.doc.root, "kind"), value(c.doc.root, "metadata", "name")
		c.namespace = value(c.doc.root, "metadata", "namespace")
		c.group = groupOf(value(c.doc.root, "apiVersion"))
	}
	c.names, c.space = c.layer.renames(c.name), c.namespace
	c.layer.parents(func(l *layer) bool {
		if l.spec.Namespace != "" {
			c.space = l.spec.Namespace
		}
		return true
	})
	seen := map[string]bool{}
	for _, n := range append(c.names, "") {
		if !seen[n] {
			seen[n] = true
			key := candidateKey{c.kind, n}
			t.candidates[key] = append(t.candidates[key], c)
		}
	}
}

func groupOf(apiVersion string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		return ""
	}
	return group
}

// renames returns the names that prefixes and suffixes make of name on its way out, the first being its own.
func (l *layer) renames(name string) []string {
	names := []string{name}
	from := (*layer)(nil)
	for ; l != nil; from, l = l, l.parent {
		for _, c := range l.componentsAfter(from) {
			c.walkComponents(func(c *layer) { name = c.spec.NamePrefix + name + c.spec.NameSuffix })
			names = append(names, name)
		}
		name = l.spec.NamePrefix + name + l.spec.NameSuffix
		names = append(names, name)
	}
	return names
}

// componentsAfter returns the components that work on what child adds to the layer: those after it when it is a
// component itself, else all.
func (l *layer) componentsAfter(child *layer) []*layer {
	for i, c := range l.components {
		if c == child {
			return l.components[i+1:]
		}
	}
	return l.components
}

// walkComponents visits a component and its own components in the order in which they work.
func (l *layer) walkComponents(visit func(*layer)) {
	for _, c := range l.components {
		c.walkComponents(visit)
	}
	visit(l)
}

// match finds what each object is made of. Names decide; of several with one name the one that has most in common
// with the object; of those left over, whatever shares the object's positions.
func (t *tracer) match() {
	for _, s := range t.subjects {
		id := s.object.Identity
		found := t.best(s, t.candidates[candidateKey{id.Kind, id.Name}])
		if found == nil && hashSuffix.MatchString(id.Name) {
			found = t.best(s, t.candidates[candidateKey{id.Kind, hashSuffix.ReplaceAllString(id.Name, "")}])
		}
		if found != nil {
			s.from, found.taken = found, true
		}
	}
	for _, s := range t.subjects {
		if s.from == nil {
			if s.from = t.best(s, t.candidates[candidateKey{s.object.Kind, ""}]); s.from != nil {
				s.from.taken = true
			}
		}
		s.identify()
	}
}

// best returns the candidate that is most like the object.
func (t *tracer) best(s *subject, among []*candidate) *candidate {
	var best *candidate
	most := -1
	for _, c := range among {
		if c.taken {
			continue
		}
		if n := c.likeness(s); n > most {
			best, most = c, n
		}
	}
	return best
}

// likeness scores how much speaks for the object being made of the candidate.
func (c *candidate) likeness(s *subject) int {
	score := 0
	if c.names[len(c.names)-1] == s.object.Name {
		score += 4
	}
	if c.space == s.object.Namespace {
		score += 8
	}
	if c.group == s.object.Group() {
		score += 16
	}
	if c.doc != nil {
		score += min(c.doc.shared(s.built), 3)
	}
	return score
}

// shared counts the topmost keys of an object that still have the positions they have in the document.
func (d *document) shared(built *yaml.Node) int {
	n := 0
	for i := 0; built != nil && i+1 < len(built.Content); i += 2 {
		if k, v := exact(d.root, built.Content[i].Value); k != nil && at(k) == at(built.Content[i]) && v.Line == built.Content[i+1].Line {
			n++
		}
	}
	return n
}

// identify notes the names and namespaces that the object has had.
func (s *subject) identify() {
	s.names = map[string]bool{s.object.Name: true}
	s.spaces = map[string]bool{s.object.Namespace: true}
	if s.from == nil {
		return
	}
	for _, n := range s.from.names {
		s.names[n] = true
	}
	s.spaces[s.from.namespace], s.spaces[s.from.space] = true, true
	s.from.layer.parents(func(l *layer) bool {
		s.spaces[l.spec.Namespace] = true
		return true
	})
}

// somewhere is the frame of what is known to come from the candidate, but not from which line.
func (c *candidate) somewhere() manifests.Frame {
	if c.doc != nil {
		return c.doc.somewhere()
	}
	span := c.layer.span(c.made.keys...)
	return manifests.Frame{Span: span, Role: manifests.RoleGenerator, Precision: manifests.InFile}
}

// stream returns the documents of a file of the tree, parsed once.
func (t *tracer) stream(file string) []*document {
	if file == "" {
		return nil
	}
	docs, known := t.streams[file]
	if !known {
		docs = parseStream(file, t.read(file))
		t.streams[file] = docs
	}
	return docs
}

// text returns the lines of a file of the tree.
func (t *tracer) text(file string) []string {
	text, known := t.texts[file]
	if !known {
		text = lines(t.read(file))
		t.texts[file] = text
	}
	return text
}

// read returns the bytes of a file that the build has read; nothing when it cannot be read.
func (t *tracer) read(file string) []byte {
	data, err := t.tree.ReadFile(file)
	if err != nil {
		return nil
	}
	return data
}

// entry makes the frame of a place in a layer's kustomization file. Where the place is not found it claims no line.
func (l *layer) entry(role manifests.Role, keys ...key) manifests.Frame {
	f := manifests.Frame{Span: l.span(keys...), Role: role, Precision: manifests.Exact}
	if _, found := find(l.node, keys); found == nil {
		f.Precision = manifests.InFile
	}
	return f
}
