package gitops

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

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
	switch {
	case err != nil:
		return []made{{called, broken(manifests.ArgoCD, at, manifests.Discreet(err.Error()))}}
	case g.goTemplate && g.namesOwn():
		return []made{{called, skipped(manifests.ArgoCD, originOf(o, spec.Get("template")), "its template calls a function of Argo CD's own, normalize or slugify, which is not evaluated")}}
	}
	root := manifests.Root{Kind: manifests.ArgoCD, Dir: dirOf(o), Release: "set", Namespace: o.Namespace, Deployment: &manifests.Deployment{At: at, Under: dirOf(o), Notes: g.notes}}
	if patch := spec.Get("templatePatch"); patch.IsSet() {
		root.Deployment.Notes = append(root.Deployment.Notes, fmt.Sprintf("the templatePatch of %s is not applied", called))
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
	notes      []string
}

// params are the parameters of one Application, and where they are written.
type params struct {
	says map[string]any
	at   manifests.Origin
}

// with returns the parameters of both, those of more over those of p.
func (p params) with(more params) params {
	joined := params{says: make(map[string]any, len(p.says)+len(more.says)), at: more.at}
	for _, from := range []params{p, more} {
		for key, value := range from.says {
			joined.says[key] = value
		}
	}
	if len(joined.at) == 0 {
		joined.at = p.at
	}
	return joined
}

// all returns the parameters that generators give, each over those of outer.
func (g *generation) all(generators []manifests.Field, outer params) (sets []params, err error) {
	for _, f := range generators {
		some, err := g.one(f, outer)
		if err != nil {
			return nil, err
		}
		if sets = append(sets, some...); len(sets) > maxGenerated {
			return nil, errGenerated
		}
	}
	return sets, nil
}

func (g *generation) one(f manifests.Field, outer params) ([]params, error) {
	for _, e := range f.Entries() {
		var sets []params
		var err error
		switch e.Key {
		case "selector", "template":
			continue
		case "list":
			sets, err = g.list(e.Value)
		case "git":
			sets, err = g.git(e.Value, outer)
		case "matrix":
			sets, err = g.matrix(e.Value.Get("generators").Items(), outer)
		case "merge":
			sets, err = g.merge(e.Value, outer)
		default:
			g.notes = append(g.notes, fmt.Sprintf("the generator %s of ApplicationSet %s asks others than the repository: its template is rendered once, with the names of its parameters", e.Key, g.set.Name))
			sets = []params{{says: g.names(), at: originOf(g.set, e.Value)}}
		}
		if err == nil {
			err = g.spend(perSet * (1 + len(sets)))
		}
		if err != nil {
			return nil, err
		}
		return g.selected(f.Get("selector"), sets), nil
	}
	return nil, fmt.Errorf("%s of ApplicationSet %s is no generator", f.Path(), g.set.Name)
}

// list are the elements of a list.
func (g *generation) list(f manifests.Field) (sets []params, err error) {
	if f.Get("elementsYaml").IsSet() {
		g.notes = append(g.notes, fmt.Sprintf("the elementsYaml of ApplicationSet %s are not evaluated", g.set.Name))
	}
	elements := f.Get("elements").Items()
	if len(elements) > maxGenerated {
		return nil, errGenerated
	}
	if err := g.spend(perSet * len(elements)); err != nil {
		return nil, err
	}
	for _, e := range elements {
		says := map[string]any{}
		if !e.IsMap() || e.Decode(&says) != nil {
			return nil, fmt.Errorf("%s of ApplicationSet %s is no mapping", e.Path(), g.set.Name)
		}
		sets = append(sets, params{says: says, at: originOf(g.set, e)})
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
		seconds, err := g.one(generators[1], outer.with(p))
		if err != nil {
			return nil, err
		}
		for _, q := range seconds {
			sets = append(sets, p.with(q))
		}
		if len(sets) > maxGenerated {
			return nil, errGenerated
		}
	}
	return sets, nil
}

// merge lets later generators change the parameters of the first, where the keys that it names are equal.
func (g *generation) merge(f manifests.Field, outer params) ([]params, error) {
	var keys []string
	for _, k := range f.Get("mergeKeys").Items() {
		keys = append(keys, k.Text())
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("a merge of ApplicationSet %s has no mergeKeys", g.set.Name)
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
		index := make(map[string][]params, len(more))
		for _, q := range more {
			index[q.key(keys)] = append(index[q.key(keys)], q)
		}
		for j, p := range sets {
			matching := index[p.key(keys)]
			if err := g.spend(perSet * (1 + len(matching))); err != nil {
				return nil, err
			}
			for _, q := range matching {
				sets[j] = sets[j].with(q)
			}
		}
	}
	return sets, nil
}

// key joins the parameters of names.
func (p params) key(names []string) string {
	says := flat(p.says)
	var key []string
	for _, name := range names {
		key = append(key, strconv.Quote(says[name]))
	}
	return strings.Join(key, ",")
}

// selected are the parameters that a generator's selector wants.
func (g *generation) selected(selector manifests.Field, sets []params) []params {
	labels := texts(selector.Get("matchLabels"))
	if selector.Get("matchExpressions").IsSet() {
		g.notes = append(g.notes, fmt.Sprintf("the matchExpressions of a generator of ApplicationSet %s are not evaluated", g.set.Name))
	}
	return slices.DeleteFunc(sets, func(p params) bool {
		says := flat(p.says)
		for key, value := range labels {
			if says[key] != value {
				return true
			}
		}
		return false
	})
}

// flat are parameters by the names that older templates have for them: a.b, path[0].
func flat(says map[string]any) map[string]string {
	all := map[string]string{}
	var add func(name string, value any)
	add = func(name string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, below := range v {
				add(strings.TrimPrefix(name+"."+key, "."), below)
			}
		case []any:
			for i, below := range v {
				add(name+"["+strconv.Itoa(i)+"]", below)
			}
		case nil:
		default:
			all[name] = fmt.Sprint(v)
		}
	}
	add("", says)
	if at, ok := says["path"].(map[string]any); ok { // {{path}} is the directory itself, {{path[0]}} its first part
		all["path"] = all["path.path"]
		if segments, ok := at["segments"].([]any); ok {
			for i, s := range segments {
				all["path["+strconv.Itoa(i)+"]"] = fmt.Sprint(s)
			}
		}
	}
	return all
}

// gap is a parameter in an older template.
var gap = regexp.MustCompile(`\{\{\s*([^{}]*?)\s*\}\}`)

// fill puts parameters into the gaps of a text. Those that are not known stay, so that they are seen.
func fill(text string, says map[string]string) (string, error) {
	var out strings.Builder
	done := 0
	for _, at := range gap.FindAllStringSubmatchIndex(text, -1) {
		value, ok := says[strings.TrimPrefix(text[at[2]:at[3]], ".")]
		if !ok {
			continue
		}
		out.WriteString(text[done:at[0]])
		out.WriteString(value)
		if done = at[1]; out.Len() > maxFilled {
			return "", errFilled
		}
	}
	out.WriteString(text[done:])
	return out.String(), nil
}

// own are the functions of Argo CD's templates that Helm's do not have.
var own = regexp.MustCompile(`\{\{[^{}]*\b(normalize|slugify)\b`)

// namesOwn reports whether the template calls such a function.
func (g *generation) namesOwn() (found bool) {
	g.set.Field().Get("spec", "template").Walk(func(f manifests.Field) { found = found || own.MatchString(f.Text()) })
	return found
}

// names are the parameters that the template uses, with their own names for values.
func (g *generation) names() map[string]any {
	says := map[string]any{}
	g.set.Field().Get("spec", "template").Walk(func(f manifests.Field) {
		for _, found := range gap.FindAllStringSubmatch(f.Text(), -1) {
			for _, name := range parameter.FindAllString(found[1], -1) {
				nest(says, strings.Split(strings.TrimPrefix(name, "."), "."), strings.Trim(strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(name), "-"))
			}
		}
	})
	return says
}

// parameter is the name of a parameter in a template.
var parameter = regexp.MustCompile(`\.?[a-zA-Z_][\w\-]*(?:\.[a-zA-Z_][\w\-]*|\[\d+\])*`)

func nest(says map[string]any, keys []string, value string) {
	for ; len(keys) > 1; keys = keys[1:] {
		below, ok := says[keys[0]].(map[string]any)
		if !ok {
			below = map[string]any{}
			says[keys[0]] = below
		}
		says = below
	}
	if _, taken := says[keys[0]]; !taken {
		says[keys[0]] = value
	}
}

// texts fills the template with each parameters, as a file of Applications.
func (g *generation) texts(sets []params, root *manifests.Root) error {
	whole := &page{}
	for _, p := range sets {
		says := flat(p.says)
		one, err := g.template(func(text string) (string, error) { return fill(text, says) })
		if err != nil {
			return err
		}
		whole.add("---\n", nil)
		for i := range one.lines {
			one.lines[i] = slices.Concat(values(p.at), one.lines[i])
		}
		whole.text.Write(one.text.Bytes())
		whole.lines = append(whole.lines, one.lines...)
		if whole.text.Len() > maxFilled {
			return errFilled
		}
	}
	d := root.Deployment
	d.Render = manifests.Plain
	root.Files = []string{laidDir + "/applications.yaml"}
	d.Laid = []manifests.Laid{whole.laid(root.Files[0])}
	return nil
}

// template is the Application that the set makes, its texts changed by change. A text stays one, whatever is put into it.
func (g *generation) template(change func(string) (string, error)) (*page, error) {
	template := g.set.Field().Get("spec", "template")
	changed := bare(template.Node())
	if err := changeTexts(changed, change); err != nil {
		return nil, err
	}
	p, err := writePage(g.set, template, changed)
	if err != nil {
		return nil, err
	}
	head := &page{}
	head.add("apiVersion: argoproj.io/v1alpha1\nkind: Application\n", originOf(g.set, template))
	head.text.Write(p.text.Bytes())
	head.lines = append(head.lines, p.lines...)
	return head, nil
}

// changeTexts changes the texts in a node, keys among them.
func changeTexts(n *yaml.Node, change func(string) (string, error)) (err error) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "{{") {
		n.Value, err = change(n.Value)
	}
	for _, below := range n.Content {
		if err == nil {
			err = changeTexts(below, change)
		}
	}
	return err
}

// goChart makes a chart of the template, whose values are all parameters.
func (g *generation) goChart(sets []params, root *manifests.Root) error {
	sheet := &page{}
	sheet.add("sets:\n", root.Deployment.At)
	for _, p := range sets {
		text, err := yaml.Marshal([]any{p.says})
		if err != nil {
			return err
		}
		sheet.add(string(text), p.at)
		if sheet.text.Len() > maxFilled {
			return errFilled
		}
	}
	body, err := g.template(func(text string) (string, error) { return text, nil })
	if err != nil {
		return err
	}
	template := &page{}
	template.add("{{- range .Values.sets }}\n---\n", nil)
	template.text.Write(body.text.Bytes())
	template.lines = append(template.lines, body.lines...)
	template.add("{{- end }}\n", nil)
	chart := &page{}
	chart.add("apiVersion: v2\nname: set\nversion: 0.0.0\n", nil)
	d := root.Deployment
	d.Render = manifests.Helm
	d.Laid = []manifests.Laid{chart.laid(chartDir + "/Chart.yaml"), sheet.laid(chartDir + "/values.yaml"), template.laid(chartDir + "/templates/applications.yaml")}
	root.Dir = chartDir
	return nil
}
