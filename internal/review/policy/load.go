package policy

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// Layer is one policy file.
type Layer struct {
	File string // as it is named in mistakes; one in RulesDir holds rules of one's own, one a document
	Text []byte
}

// maxBytes is more than a policy needs and less than what makes reading one slow.
const maxBytes = 1 << 20

// Load merges layers, the lowest first (the server's, the organisation's, the repository's), and checks them
// against the rules. The error joins every *Mistake, by file and line.
func Load(rules []*review.Rule, layers ...Layer) (*review.Policy, error) {
	p := review.DefaultPolicy()
	p.Rules = make(map[string]review.RuleSetting)
	var mistakes []error
	var locks []lock
	var own []*ownDefinition
	for _, layer := range layers {
		r := reader{file: layer.File, policy: p, rules: rules, locks: locks, defined: own}
		locks = append(locks, r.read(layer)...)
		rules, own = r.rules, r.defined
		slices.SortStableFunc(r.mistakes, func(a, b *Mistake) int { return cmp.Compare(a.Line, b.Line) })
		for _, m := range r.mistakes {
			mistakes = append(mistakes, m)
		}
	}
	if len(mistakes) == 0 {
		for _, m := range compileOwn(p, own) {
			mistakes = append(mistakes, m)
		}
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return p, nil
}

// reader puts one layer onto a policy.
type reader struct {
	file     string
	policy   *review.Policy
	rules    []*review.Rule   // with those of one's own
	defined  []*ownDefinition // of this layer and those below
	locks    []lock           // of the layers below
	mistakes []*Mistake
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{File: r.file, Line: line, Reason: fmt.Sprintf(format, args...)})
}

// read checks a layer's text, and puts it onto the policy when there is nothing wrong in it. It returns what the layer
// locks.
func (r *reader) read(layer Layer) []lock {
	if holdsRules(layer.File) {
		r.ownFile(layer.Text)
		return nil
	}
	root := r.parse(layer.Text)
	if root == nil {
		return nil
	}
	r.ownRules(entry(resolve(root), "ownRules"), layer.Text)
	r.mapping(root, reflect.TypeFor[document](), "", "ownRules")
	r.heed(root)
	if len(r.mistakes) > 0 {
		return nil
	}
	var doc document
	if err := root.Decode(&doc); err != nil {
		r.mistakes = append(r.mistakes, notYAML(r.file, err))
		return nil
	}
	r.sections(&doc, root)
	for i, e := range doc.Exemptions {
		r.exemption(e, root, i)
	}
	r.apply(&doc)
	return r.lockedBy(&doc, root)
}

// parse returns the text's one document; nil when there is nothing in it, or it is no YAML.
func (r *reader) parse(text []byte) *yaml.Node {
	if len(text) > maxBytes {
		r.wrong(0, "is larger than %d KiB", maxBytes>>10)
		return nil
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var root, second yaml.Node
	switch err := decoder.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		r.mistakes = append(r.mistakes, notYAML(r.file, err))
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		r.wrong(second.Line, "there is a second document; a policy is one")
		return nil
	case !errors.Is(err, io.EOF):
		r.mistakes = append(r.mistakes, notYAML(r.file, err))
		return nil
	}
	if len(root.Content) != 1 || isNull(resolve(root.Content[0])) {
		return nil
	}
	return root.Content[0]
}

// apply puts what a layer says onto the policy.
func (r *reader) apply(doc *document) {
	p := r.policy
	if v := doc.Kubernetes.Value; v != "" {
		p.Kubernetes = v
	}
	if line, err := strconv.Atoi(doc.Helm.Value); err == nil {
		p.Helm = line
	}
	if doc.Profile != "" {
		p.Profile = doc.Profile
	}
	for id, node := range doc.Rules {
		if n := resolve(&node); !isNull(n) {
			p.Rules[id] = r.ruleSetting(id, n)
		}
	}
	for _, a := range doc.Acknowledge {
		p.Acknowledge = append(p.Acknowledge, review.Acknowledge(a))
	}
	for _, w := range doc.Workloads {
		p.Workloads = append(p.Workloads, review.WorkloadPath(w))
	}
	if doc.Bases != nil {
		p.Bases.Allow = orKeep(doc.Bases.Allow, p.Bases.Allow)
	}
	if c := doc.Comments; c != nil {
		p.Comments.Max, p.Comments.Summary = orValue(c.Max, p.Comments.Max), orValue(c.Summary, p.Comments.Summary)
	}
	p.Checks = orKeep(doc.Checks, p.Checks)
	p.Annotations = p.Annotations || doc.Annotations
	if doc.Gate != nil {
		r.gate(*doc.Gate)
	}
}

// ruleSetting is what a node that has been checked says of a rule.
func (r *reader) ruleSetting(id string, n *yaml.Node) review.RuleSetting {
	var s review.RuleSetting
	if n.Kind == yaml.ScalarNode {
		s.Level, s.Off, _ = levelOf(n.Value)
		if !s.Off && s.Level == 0 {
			s.Level = r.ownLevel(id)
		}
		return s
	}
	if level := entry(n, "level"); level != nil {
		s.Level, s.Off, _ = levelOf(resolve(level).Value)
	}
	s.Params = n // a rule that is named runs, without a level at the one that the profile gives it
	return s
}

func (r *reader) ownLevel(id string) review.Level {
	for _, rule := range r.rules {
		if rule.ID == id {
			return rule.Level
		}
	}
	return 0
}

func (r *reader) gate(g gateSection) {
	gate := &r.policy.Gate
	if level, err := review.ParseLevel(g.FailOn); err == nil {
		gate.FailOn = level
	}
	if g.OnIndeterminate != "" {
		gate.OnIndeterminate = g.OnIndeterminate == "fail"
	}
	if g.OnRenderFailure != "" {
		gate.OnRenderFailure = g.OnRenderFailure == "fail"
	}
}

// exemption adds an exemption, with the line that it begins on.
func (r *reader) exemption(e exemption, root *yaml.Node, i int) {
	line := lineOf(root, "exemptions", i)
	if e.Object == "" && e.Root == "" {
		r.wrong(line, "exemptions[%d] names neither an object, as Kind/name or Kind/namespace/name, nor a root", i)
		return
	}
	until, err := time.Parse(time.DateOnly, e.Until.Value)
	if err != nil {
		until, err = time.Parse(time.DateOnly, resolve(&e.Until).Value)
	}
	if err != nil {
		r.wrong(line, "exemptions[%d].until: %v", i, err)
		return
	}
	r.policy.Exemptions = append(r.policy.Exemptions, review.ExemptionRule{Rule: e.Rule, Object: e.Object,
		Root: e.Root, Reason: e.Reason, Until: until, By: e.By, Line: line})
}

// lineOf returns the line of the i-th item of a list in a mapping, 0 when it is not there.
func lineOf(root *yaml.Node, key string, i int) int {
	list := entry(root, key)
	if list == nil {
		return 0
	}
	if list = resolve(list); i < len(list.Content) {
		return list.Content[i].Line
	}
	return list.Line
}
