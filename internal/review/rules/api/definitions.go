package api

import (
	"strings"
	"sync"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/api/validation"
)

// definitions are the CustomResourceDefinitions of the repository, and what was made of them.
type definitions struct {
	byKind map[groupKind][]*definition

	mu     sync.Mutex // of what is compiled, and of the budget
	budget int64      // in CEL's cost, for the validation rules of all objects
}

// reviewBudget is what the validation rules of one side of a review may cost in all, about ten seconds: definitions and
// objects may be made to take long.
const reviewBudget = 100_000_000

type groupKind struct{ group, kind string }

// definition is a CustomResourceDefinition with the schemas of its versions, compiled when they are needed.
type definition struct {
	*kubeapi.Definition
	twins    []*manifests.Object // the same text in further roots
	compiled map[string]compiled
}

// compiled is what a version of a definition asks for. What cannot be compiled is nil, with the error.
type compiled struct {
	schema *kubeapi.Schema
	rules  *validation.Rules
	err    error
}

// definitionsIn reads the definitions that an index holds. The same text may stand in it many times.
func definitionsIn(x *review.Index) *definitions {
	all := &definitions{byKind: map[groupKind][]*definition{}, budget: reviewBudget}
	seen := map[string]*definition{}
	for _, o := range x.Standing("CustomResourceDefinition") {
		if o.Group() != "apiextensions.k8s.io" {
			continue
		}
		if twin := seen[string(o.Raw)]; twin != nil {
			twin.twins = append(twin.twins, o)
			continue
		}
		read, err := kubeapi.ReadDefinition(o)
		if err != nil {
			continue // a patch, or one that the rule schema finds wrong itself
		}
		d := &definition{Definition: read, compiled: map[string]compiled{}}
		seen[string(o.Raw)] = d
		key := groupKind{read.Group, read.Kind}
		all.byKind[key] = append(all.byKind[key], d)
	}
	return all
}

func repositoryDefinitions(p *review.Pass) *definitions {
	return review.OnceOf(p.Index, "api", definitionsIn)
}

// definitionsOf returns the definitions of an object's kind: those of its root where there are any, else whatever the
// repository holds, of which nobody knows which one the cluster has.
func definitionsOf(p *review.Pass, o *manifests.Object) []*definition {
	if !strings.Contains(o.Group(), ".") {
		return nil
	}
	all := repositoryDefinitions(p).byKind[groupKind{o.Group(), o.Kind}]
	var near []*definition
	for _, d := range all {
		for _, at := range append([]*manifests.Object{d.Object}, d.twins...) {
			if p.Index.View(at) == p.Root {
				near = append(near, d)
				break
			}
		}
	}
	if len(near) > 0 {
		return near
	}
	return all
}

// compile compiles a version that a definition has, once.
func (d *definition) compile(all *definitions, version *kubeapi.DefinedVersion, meta *kubeapi.Schema) compiled {
	all.mu.Lock()
	defer all.mu.Unlock()
	c, known := d.compiled[version.Name]
	if known {
		return c
	}
	if c.schema, c.err = version.Compile(meta); c.err == nil {
		var text []byte
		if text, c.err = version.SchemaJSON(); c.err == nil {
			c.rules, c.err = validation.Compile(text)
		}
	}
	d.compiled[version.Name] = c
	return c
}

// meets evaluates the validation rules of a definition on the object, and on what it was at base. It says nothing of
// objects in which something is still to be filled in.
func (c compiled) meets(p *review.Pass, all *definitions) (found []kubeapi.Violation) {
	if c.rules == nil || kubeapi.HasPlaceholder(p.Object.Field()) {
		return nil
	}
	object, _ := kubeapi.Value(p.Object.Field().Node()).(map[string]any)
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.budget < 0 {
		p.Omit("the validation rules of definitions took too long, objects were not held against them", title(p.Object))
		return nil
	}
	failures, left, done := c.rules.Check(object, before(p), all.budget)
	if all.budget = left; !done || c.rules.Partly {
		p.Omit("validation rules of definitions that might take too long were not evaluated", title(p.Object))
	}
	for _, f := range failures {
		found = append(found, kubeapi.Violation{At: at(p.Object.Field(), f.Path), Fault: kubeapi.Form,
			Text: "does not meet its definition: " + clip(f.Text)})
	}
	return found
}

// before returns what the object was at base, nil when it was not there in this version.
func before(p *review.Pass) map[string]any {
	if p.Base == nil {
		return nil
	}
	was := p.Base.Match(p.Object)
	if was == nil || was.APIVersion != p.Object.APIVersion || kubeapi.HasPlaceholder(was.Field()) {
		return nil
	}
	value, _ := kubeapi.Value(was.Field().Node()).(map[string]any)
	return value
}

// versionOf is the version of an object without its group.
func versionOf(o *manifests.Object) string {
	return o.APIVersion[strings.LastIndexByte(o.APIVersion, '/')+1:]
}
