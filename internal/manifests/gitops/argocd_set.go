package gitops

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// applicationSet is what an ApplicationSet makes of its template: a root that renders to Applications, which make roots in
// turn. Templates of Go are executed like those of a chart, in the child; the older ones are texts with gaps.
func (w *World) applicationSet(o *manifests.Object) []made {
	spec := o.Field().Get("spec")
	called := "ApplicationSet/" + o.Name
	at := originOf(o, spec.Get("generators"))
	g := &generation{World: w, set: o, goTemplate: spec.Get("goTemplate").True()}
	sets, err := g.all(spec.Get("generators").Items(), params{})
	if err != nil {
		return []made{{called, broken(manifests.ArgoCD, at, manifests.Discreet(err.Error()))}}
	}
	root := manifests.Root{Kind: manifests.ArgoCD, Dir: dirOf(o), Release: "set", Namespace: o.Namespace, Deployment: &manifests.Deployment{At: at, Under: dirOf(o), Notes: g.notes, Guessed: g.guessed}}
	for _, where := range g.mounts {
		where.lay(root.Deployment)
	}
	if patch := spec.Get("templatePatch"); patch.IsSet() && !g.goTemplate {
		root.Deployment.Notes = append(root.Deployment.Notes, fmt.Sprintf("the templatePatch of %s is not applied: it needs goTemplate", called))
	}
	if g.goTemplate {
		err = g.goChart(sets, &root)
	} else {
		err = g.texts(sets, &root)
	}
	if err != nil {
		return []made{{called, broken(manifests.ArgoCD, at, manifests.Discreet(err.Error()))}}
	}
	return []made{{called, root}}
}

// dirOf is the directory of the file in which an object stands.
func dirOf(o *manifests.Object) string {
	if frame := first(o).Best(); frame != nil && frame.Span.File != "" {
		return path.Dir(frame.Span.File)
	}
	return "."
}

// generation is an ApplicationSet under way.
type generation struct {
	*World
	set        *manifests.Object
	goTemplate bool
	guessed    bool // some parameters are known by their names alone
	notes      []string
	filled     int        // bytes that texts with gaps became
	mounts     []location // other repositories that generators look into
}

// note says something to the reader once.
func (g *generation) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(g.notes, text) {
		g.notes = append(g.notes, text)
	}
}

// all returns the parameters that generators give, each over those of outer.
func (g *generation) all(generators []manifests.Field, outer params) (sets []params, err error) {
	for _, f := range generators {
		some, err := g.one(f, outer)
		if err != nil {
			return nil, err
		}
		if over := overridden(f); over.IsMap() {
			for i := range some {
				some[i].over = over
			}
		}
		if sets = append(sets, some...); len(sets) > maxGenerated {
			return nil, errGenerated
		}
	}
	return sets, nil
}

// overridden is what a generator says to the template ("Template", "Generator templates").
func overridden(f manifests.Field) manifests.Field {
	for _, e := range f.Entries() {
		if e.Key != "selector" && e.Value.Get("template").IsMap() {
			return e.Value.Get("template")
		}
	}
	return manifests.Field{}
}

// one returns the parameters that a generator gives. Texts in it may use those of outer.
func (g *generation) one(f manifests.Field, outer params) ([]params, error) {
	for _, e := range f.Entries() {
		if e.Key == "selector" || e.Key == "template" || !e.Value.IsMap() {
			continue
		}
		value, err := g.interpolated(e.Value, outer)
		if err != nil {
			return nil, err
		}
		var sets []params
		switch e.Key {
		case "list":
			sets, err = g.list(value)
		case "git":
			sets, err = g.git(value)
		case "matrix":
			sets, err = g.matrix(value.Get("generators").Items(), outer)
		case "merge":
			sets, err = g.merge(value, outer)
		default:
			sets, err = g.guess(e.Key, value, "")
		}
		if err == nil {
			err = g.spend(perSet * (1 + len(sets)))
		}
		if err != nil {
			return nil, err
		}
		return g.selected(f.Get("selector"), sets)
	}
	return nil, fmt.Errorf("%s of ApplicationSet %s is no generator", f.Path(), g.set.Name)
}

// guess stands for the parameters of a generator that asks others than the repository: their own names, and the values
// that it says itself. more says why that is so.
func (g *generation) guess(kind string, f manifests.Field, more string) ([]params, error) {
	g.guessed = true
	g.note("the generator %s of ApplicationSet %s asks others than the repository%s: its template is rendered once, with the names of its parameters", kind, g.set.Name, more)
	sets := []params{{says: g.names(), at: originOf(g.set, f), guessed: true}}
	return sets, g.addValues(f, sets)
}

// list are the elements of a list, and those of a text of YAML.
func (g *generation) list(f manifests.Field) (sets []params, err error) {
	elements := f.Get("elements").Items()
	from := of(g.set)
	if text := f.Get("elementsYaml"); text.Text() != "" {
		node, err := manifests.ParseYAML([]byte(text.Text()))
		if more := manifests.NewField(node, ""); err != nil || more.IsSet() && !more.IsList() {
			return nil, fmt.Errorf("elementsYaml of ApplicationSet %s is no list of YAML", g.set.Name)
		}
		at := originOf(g.set, text)
		if sets, err = g.elements(manifests.NewField(node, "").Items(), func(manifests.Field) manifests.Origin { return at }); err != nil {
			return nil, err
		}
	}
	own, err := g.elements(elements, from)
	return append(own, sets...), err
}

// elements are the parameters that elements of a list say.
func (g *generation) elements(elements []manifests.Field, from origins) (sets []params, err error) {
	if len(elements) > maxGenerated {
		return nil, errGenerated
	}
	if err := g.spend(perSet * len(elements)); err != nil {
		return nil, err
	}
	for _, e := range elements {
		p, err := newParams(e, from)
		if err != nil {
			return nil, fmt.Errorf("%s of ApplicationSet %s is no mapping", e.Path(), g.set.Name)
		}
		sets = append(sets, p)
	}
	return sets, nil
}

// matrix gives each parameters of the first generator with each of the second, which may use those of the first.
func (g *generation) matrix(generators []manifests.Field, outer params) (sets []params, err error) {
	if len(generators) != 2 {
		return nil, fmt.Errorf("a matrix of ApplicationSet %s has %d generators: it needs two", g.set.Name, len(generators))
	}
	firsts, err := g.one(generators[0], outer)
	if err != nil {
		return nil, err
	}
	for _, p := range firsts {
		seconds, err := g.one(generators[1], outer.under(p))
		if err != nil {
			return nil, err
		}
		for _, q := range seconds {
			if name := p.clash(q); name != "" && !g.goTemplate {
				return nil, fmt.Errorf("both generators of a matrix of ApplicationSet %s give the parameter %s, with different values", g.set.Name, oneWord(name))
			}
			sets = append(sets, p.joined(q))
		}
		if len(sets) > maxGenerated {
			return nil, errGenerated
		}
	}
	return sets, nil
}

// errKeys is a merge without what it merges by.
var errKeys = errors.New("no mergeKeys")

// merge lets later generators change the parameters of the first, where the keys that it names are equal.
func (g *generation) merge(f manifests.Field, outer params) ([]params, error) {
	var keys []string
	for _, k := range f.Get("mergeKeys").Items() {
		keys = append(keys, k.Text())
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("a merge of ApplicationSet %s has %w", g.set.Name, errKeys)
	}
	var sets []params
	for i, generator := range f.Get("generators").Items() {
		more, err := g.one(generator, outer)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			sets = more
			continue
		}
		index := make(map[string]params, len(more))
		for _, q := range more {
			key := q.key(keys)
			if _, twice := index[key]; twice {
				return nil, fmt.Errorf("a generator of a merge of ApplicationSet %s gives the same %s twice", g.set.Name, oneWord(keys[0]))
			}
			index[key] = q
		}
		for j, p := range sets {
			if q, ok := index[p.key(keys)]; ok {
				sets[j] = p.under(q)
			}
		}
	}
	return sets, nil
}

// selected are the parameters that a generator's selector wants: labels, and expressions of labels.
func (g *generation) selected(selector manifests.Field, sets []params) ([]params, error) {
	labels := texts(selector.Get("matchLabels"))
	expressions := selector.Get("matchExpressions").Items()
	for _, e := range expressions {
		if operator := e.Get("operator").Text(); !slices.Contains([]string{"In", "NotIn", "Exists", "DoesNotExist"}, operator) {
			return nil, fmt.Errorf("a selector of ApplicationSet %s has no operator In, NotIn, Exists or DoesNotExist", g.set.Name)
		}
	}
	return slices.DeleteFunc(sets, func(p params) bool {
		if p.guessed {
			return false // nobody knows
		}
		says := flat(p.says)
		for key, value := range labels {
			if says[key] != value {
				return true
			}
		}
		return slices.ContainsFunc(expressions, func(e manifests.Field) bool { return !expressed(e, says) })
	}), nil
}

// expressed reports whether an expression of a selector holds for parameters.
func expressed(e manifests.Field, says map[string]string) bool {
	value, known := says[e.Get("key").Text()]
	among := slices.ContainsFunc(e.Get("values").Items(), func(f manifests.Field) bool { return f.Text() == value })
	switch e.Get("operator").Text() {
	case "In":
		return known && among
	case "NotIn":
		return !known || !among
	case "Exists":
		return known
	}
	return !known
}
