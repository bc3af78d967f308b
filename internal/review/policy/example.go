package policy

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/admission"
	"github.com/landwaiter/landwaiter/internal/review/ownrule"
	"go.yaml.in/yaml/v3"
)

// examples checks the form of a rule's examples.
func (r *reader) examples(d *ownDefinition) {
	for _, list := range []struct {
		name  string
		items []yaml.Node
	}{{"good", d.doc.Good}, {"bad", d.doc.Bad}} {
		for i := range list.items {
			if n := resolve(&list.items[i]); !isObject(n) {
				r.mapping(n, reflect.TypeFor[example](), fmt.Sprintf("%s[%d]", list.name, i))
			}
		}
	}
}

func isObject(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && entry(n, "kind") != nil && entry(n, "apiVersion") != nil
}

// Tried is what came of the examples of the rules of one's own.
type Tried struct {
	Rules, Examples int
	Without         []string // rules without any example
}

// Definitions returns the CustomResourceDefinitions that a repository has of some kinds, by their names without groups.
type Definitions func(kinds []string) ([]*manifests.Object, error)

// TryExamples reads layers as Load does, and holds every rule of one's own against its examples, and against the types of the
// repository's own kinds; definitions may be nil for a repository without. The errors are *Mistakes, of examples that the rule is
// wrong about, of fields that a kind does not have, or of the layers; but for one of definitions itself.
func TryExamples(rules []*review.Rule, definitions Definitions, layers ...Layer) (tried Tried, errs []error) {
	p := review.DefaultPolicy()
	p.Rules = make(map[string]review.RuleSetting)
	var own []*ownDefinition
	for _, layer := range layers {
		r := reader{file: layer.File, policy: p, rules: rules, defined: own}
		r.read(layer)
		rules, own = r.rules, r.defined
		for _, m := range r.mistakes {
			errs = append(errs, m)
		}
	}
	minor := minorOf(p)
	compiler := admission.NewCompiler(minor)
	defined, err := customKinds(definitions, own, minor)
	if err != nil {
		errs = append(errs, err)
	}
	for _, d := range own {
		made, wrong := d.Compile(compiler, minor)
		if made != nil {
			if wrong, err = d.CheckCustom(compiler, minor, defined); err != nil {
				wrong = []admission.Mistake{{Text: err.Error()}}
			}
		}
		for _, m := range wrong {
			errs = append(errs, d.mistake(m))
		}
		if made == nil {
			continue
		}
		tried.Rules++
		if len(d.doc.Good)+len(d.doc.Bad) == 0 {
			tried.Without = append(tried.Without, d.ID)
		}
		tried.Examples += len(d.doc.Good) + len(d.doc.Bad)
		errs = append(errs, d.try(made, "good", d.doc.Good)...)
		errs = append(errs, d.try(made, "bad", d.doc.Bad)...)
	}
	return tried, errs
}

// customKinds reads the definitions of the custom kinds that rules are for.
func customKinds(definitions Definitions, own []*ownDefinition, minor int) (all []*kubeapi.Definition, err error) {
	var kinds []string
	for _, d := range own {
		kinds = append(kinds, d.CustomKinds(minor)...)
	}
	slices.Sort(kinds)
	if kinds = slices.Compact(kinds); len(kinds) == 0 || definitions == nil {
		return nil, nil
	}
	found, err := definitions(kinds)
	for _, o := range found {
		if d, err := kubeapi.ReadDefinition(o); err == nil { // another is a patch, or the rule schema's to find
			all = append(all, d)
		}
	}
	return all, err
}

// try holds a rule against its examples of one sort.
func (d *ownDefinition) try(rule *ownrule.Compiled, sort string, items []yaml.Node) (errs []error) {
	for i := range items {
		n := resolve(&items[i])
		e, err := exampleOf(n)
		if err == nil {
			err = rule.Try(e, sort == "bad")
		}
		if err != nil {
			errs = append(errs, &Mistake{File: d.file, Line: n.Line, Reason: fmt.Sprintf("%s[%d] of rule %s: %v", sort, i, d.ID, err)})
		}
	}
	return errs
}

func exampleOf(n *yaml.Node) (ownrule.Example, error) {
	if isObject(n) {
		return ownrule.Example{Object: n}, nil
	}
	var e example
	if err := n.Decode(&e); err != nil {
		return ownrule.Example{}, err
	}
	given := func(n *yaml.Node) *yaml.Node {
		if isNull(n) {
			return nil
		}
		return n
	}
	return ownrule.Example{Object: given(&e.Object), Old: given(&e.OldObject), Namespace: given(&e.NamespaceObject), Params: paramsOf(&e.Params)}, nil
}
