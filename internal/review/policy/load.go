package policy

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/review"
	"go.yaml.in/yaml/v3"
)

// Layer is one policy file.
type Layer struct {
	File string // as it is named in mistakes
	Text []byte
}

// Load merges layers, the lowest first (the server's, the organisation's, the repository's), and checks them
// against the rules. The error joins every *Mistake.
func Load(rules []*review.Rule, layers ...Layer) (*review.Policy, error) {
	p := review.DefaultPolicy()
	p.Rules = make(map[string]review.RuleSetting)
	var mistakes []error
	for _, layer := range layers {
		doc, root, err := decode(layer.File, layer.Text)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		r := reader{file: layer.File, root: root, policy: p, rules: rules}
		r.read(doc)
		mistakes = append(mistakes, r.mistakes...)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return p, nil
}

// reader puts one layer onto a policy.
type reader struct {
	file     string
	root     *yaml.Node
	policy   *review.Policy
	rules    []*review.Rule
	mistakes []error
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, &Mistake{File: r.file, Line: line, Reason: fmt.Sprintf(format, args...)})
}

func (r *reader) read(doc *document) {
	r.version(doc.Kubernetes)
	r.helm(doc.Helm)
	r.profile(doc.Profile)
	for id, node := range doc.Rules {
		r.rule(id, node)
	}
	r.images(doc.Images)
	r.roots(doc.Roots)
	r.gate(doc.Gate)
	for i, e := range doc.Exemptions {
		r.exemption(e, r.lineOf("exemptions", strconv.Itoa(i)))
	}
	for _, a := range doc.Acknowledge {
		r.policy.Acknowledge = append(r.policy.Acknowledge, review.Acknowledge(a))
	}
	for _, w := range doc.Workloads {
		r.policy.Workloads = append(r.policy.Workloads, review.WorkloadPath(w))
	}
	if doc.Charts != nil {
		r.policy.Charts = review.AllowList(*doc.Charts)
	}
	if doc.Bases != nil {
		r.policy.Bases = review.AllowList(*doc.Bases)
	}
	if doc.Checks != nil {
		r.policy.Checks = doc.Checks
	}
	r.policy.Annotations = r.policy.Annotations || doc.Annotations
}

func (r *reader) version(n yaml.Node) {
	if n.IsZero() {
		return
	}
	if n.Tag == "!!float" || n.Tag == "!!int" {
		r.wrong(n.Line, "kubernetes: write the version in quotes, \"%s\": without them YAML reads a number, and 1.30 becomes 1.3", n.Value)
		return
	}
	if _, err := review.ParseKubeVersion(n.Value); err != nil {
		r.wrong(n.Line, "%v", err)
		return
	}
	r.policy.Kubernetes = n.Value
}

func (r *reader) helm(n yaml.Node) {
	switch {
	case n.IsZero():
	case n.Value == "3" || n.Value == "4":
		r.policy.Helm, _ = strconv.Atoi(n.Value)
	default:
		r.wrong(n.Line, "helm: %q is neither 3 nor 4", n.Value)
	}
}

func (r *reader) profile(name string) {
	if name == "" {
		return
	}
	if !slices.Contains(review.Profiles(), name) {
		r.wrong(r.lineOf("profile"), "profile %q is none of %s", name, strings.Join(review.Profiles(), ", "))
		return
	}
	r.policy.Profile = name
}

// rule reads "off", a level, or a mapping of level and parameters.
func (r *reader) rule(id string, n yaml.Node) {
	i := slices.IndexFunc(r.rules, func(rule *review.Rule) bool { return rule.ID == id })
	if i < 0 {
		r.wrong(r.lineOf("rules", id), "rules: there is no rule %q (\"landwaiter rules\" lists them)", id)
		return
	}
	setting, err := ruleSetting(r.rules[i], n)
	if err != nil {
		r.wrong(n.Line, "rules.%s: %v", id, err)
		return
	}
	r.policy.Rules[id] = setting
}

func ruleSetting(rule *review.Rule, n yaml.Node) (s review.RuleSetting, err error) {
	if n.Kind == yaml.ScalarNode {
		switch n.Value {
		case "off", "false", "no":
			return review.RuleSetting{Off: true}, nil
		case "on", "true", "yes":
			return review.RuleSetting{Level: rule.Level}, nil
		}
		s.Level, err = review.ParseLevel(n.Value)
		return s, err
	}
	if n.Kind != yaml.MappingNode {
		return s, fmt.Errorf("want off, a level, or level and parameters")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch value := n.Content[i+1]; n.Content[i].Value {
		case "level":
			if value.Value == "off" {
				s.Off = true
			} else if s.Level, err = review.ParseLevel(value.Value); err != nil {
				return s, err
			}
		default:
			s.Params = &n
		}
	}
	if s.Params == nil {
		return s, nil
	}
	if rule.Params == nil {
		return s, fmt.Errorf("the rule has no parameters, only level")
	}
	return s, review.DecodeParams(s.Params, rule.Params())
}

func (r *reader) gate(g *gateSection) {
	if g == nil {
		return
	}
	if g.FailOn != "" {
		level, err := review.ParseLevel(g.FailOn)
		if err != nil {
			r.wrong(r.lineOf("gate", "failOn"), "gate.failOn: %v", err)
		}
		r.policy.Gate.FailOn = level
	}
	r.policy.Gate.OnIndeterminate = r.failOrWarn("onIndeterminate", g.OnIndeterminate, r.policy.Gate.OnIndeterminate)
	r.policy.Gate.OnRenderFailure = r.failOrWarn("onRenderFailure", g.OnRenderFailure, r.policy.Gate.OnRenderFailure)
}

func (r *reader) failOrWarn(key, value string, before bool) bool {
	switch value {
	case "":
		return before
	case "fail", "warn":
		return value == "fail"
	}
	r.wrong(r.lineOf("gate", key), "gate.%s: %q is neither fail nor warn", key, value)
	return before
}

func (r *reader) exemption(e exemption, line int) {
	until, err := time.Parse(time.DateOnly, e.Until.Value)
	switch {
	case e.Rule == "" || e.Object == "" && e.Root == "":
		r.wrong(line, "an exemption names its rule, and the object as Kind/name or Kind/namespace/name")
	case strings.TrimSpace(e.Reason) == "":
		r.wrong(line, "the exemption of %s needs a reason", e.Rule)
	case e.Until.IsZero():
		r.wrong(line, "the exemption of %s needs an end: until: YEAR-MONTH-DAY", e.Rule)
	case err != nil:
		r.wrong(line, "the exemption of %s: until %q is no day, write YEAR-MONTH-DAY", e.Rule, e.Until.Value)
	case !r.knownRule(e.Rule):
		r.wrong(line, "the exemption names no rule there is: %q (\"landwaiter rules\" lists them)", e.Rule)
	default:
		r.policy.Exemptions = append(r.policy.Exemptions, review.ExemptionRule{Rule: e.Rule, Object: e.Object,
			Root: e.Root, Reason: e.Reason, Until: until, By: e.By, Line: line})
	}
}

// knownRule reports whether a pattern of rule ids names any rule.
func (r *reader) knownRule(pattern string) bool {
	return slices.ContainsFunc(r.rules, func(rule *review.Rule) bool {
		ok, err := path.Match(pattern, rule.ID)
		return ok && err == nil
	})
}

// lineOf finds the line of a key, following keys and positions from the document's root; 0 when it is not there.
func (r *reader) lineOf(keys ...string) int {
	if r.root == nil || len(r.root.Content) == 0 {
		return 0
	}
	node, line := r.root.Content[0], 0
	for _, key := range keys {
		next := (*yaml.Node)(nil)
		if i, err := strconv.Atoi(key); err == nil && node.Kind == yaml.SequenceNode && i < len(node.Content) {
			next, line = node.Content[i], node.Content[i].Line
		}
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == key {
				next, line = node.Content[i+1], node.Content[i].Line
			}
		}
		if next == nil {
			return line
		}
		node = next
	}
	return line
}
