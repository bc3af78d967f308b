package gitops

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// params are the parameters of one Application, and where they are written.
type params struct {
	says    map[string]any
	at      manifests.Origin            // of all together
	lines   map[string]manifests.Origin // of single ones, by their paths
	over    manifests.Field             // what their generator says to the template
	guessed bool                        // some are known by their names alone
}

// errParams is what says no parameters.
var errParams = errors.New("is no mapping")

// newParams are the parameters that a mapping says.
func newParams(f manifests.Field, from origins) (params, error) {
	p := params{says: map[string]any{}, at: from(f), lines: map[string]manifests.Origin{}}
	if !f.IsMap() || f.Decode(&p.says) != nil {
		return params{}, errParams
	}
	f.Walk(func(below manifests.Field) {
		if path := strings.TrimPrefix(strings.TrimPrefix(below.Path(), f.Path()), "."); path != "" {
			p.lines[path] = from(below)
		}
	})
	return p, nil
}

// item is the number of an item of a list in the name that older templates have for it.
var item = regexp.MustCompile(`\.([0-9]+)\b`)

// pathOf is the path that a parameter has of which older templates have the name.
func pathOf(name string) string { return item.ReplaceAllString(name, "[$1]") }

// line is where the parameter at a path is written, or what holds it.
func (p params) line(path string) manifests.Origin {
	if _, ok := p.lines[path]; !ok {
		path = pathOf(path)
	}
	for path != "" {
		if at, ok := p.lines[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return p.at
}

// under returns the parameters of both, those of more before those of p.
func (p params) under(more params) params { return more.joined(p).from(p, more) }

// from takes the places of all together from the one that has one.
func (p params) from(a, b params) params {
	if p.at = b.at; len(p.at) == 0 {
		p.at = a.at
	}
	return p
}

// joined returns the parameters of both, those of p before those of more. What is guessed stands behind what is known.
func (p params) joined(more params) params {
	if p.guessed && !more.guessed {
		known := more.joined(params{says: p.says, at: p.at, lines: p.lines})
		known.guessed = true
		return known.from(p, more)
	}
	both := params{says: deep(p.says, more.says), lines: maps.Clone(more.lines), guessed: p.guessed || more.guessed}
	if both.lines == nil {
		both.lines = make(map[string]manifests.Origin)
	}
	for name := range flat(p.says) {
		if at := p.line(name); len(at) > 0 {
			both.lines[pathOf(name)] = at
		}
	}
	return both.from(p, more)
}

// deep joins mappings, and the mappings in them. Those of a count, but for what is empty in it.
func deep(a, b map[string]any) map[string]any {
	all := maps.Clone(b)
	if all == nil {
		all = make(map[string]any, len(a))
	}
	for key, value := range a {
		below, isMap := value.(map[string]any)
		other, both := all[key].(map[string]any)
		switch {
		case isMap && both:
			all[key] = deep(below, other)
		case value == nil || value == "":
			if all[key] == nil {
				all[key] = value
			}
		default:
			all[key] = value
		}
	}
	return all
}

// clash is the name of a parameter for which both have a value, and not the same; "" when there is none.
func (p params) clash(q params) string {
	if p.guessed || q.guessed {
		return ""
	}
	mine := flat(p.says)
	for name, value := range flat(q.says) {
		if other, ok := mine[name]; ok && other != value {
			return name
		}
	}
	return ""
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

// flat are parameters by the names that older templates have for them: a.b, a.list.0, path[0].
func flat(says map[string]any) map[string]string {
	all := map[string]string{}
	var add func(name string, value any)
	add = func(name string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, below := range v {
				add(strings.TrimPrefix(name+"."+key, "."), below)
			}
			if parts, ok := v["segments"].([]any); ok && strings.HasSuffix(name, "path") { // {{path}} is the directory itself, {{path[0]}} its first part
				add(name, v["path"])
				for i, part := range parts {
					add(name+"["+strconv.Itoa(i)+"]", part)
				}
			}
		case []any:
			for i, below := range v {
				add(name+"."+strconv.Itoa(i), below)
			}
		case nil:
		default:
			all[name] = fmt.Sprint(v)
		}
	}
	add("", says)
	return all
}

// names are the parameters that the template uses, with their own names for values.
func (g *generation) names() map[string]any {
	says := map[string]any{}
	value := func(keys []string) string {
		return strings.Trim(unfit.ReplaceAllString(strings.ToLower(strings.Join(keys, "-")), "-"), "-.")
	}
	g.set.Field().Get("spec").Walk(func(f manifests.Field) {
		if !strings.HasPrefix(f.Path(), "spec.template") { // templatePatch as well
			return
		}
		for _, found := range indexed.FindAllStringSubmatch(f.Text(), -1) {
			keys := strings.Split(strings.TrimPrefix(found[1], "."), ".")
			for _, key := range quotedKey.FindAllStringSubmatch(found[2], -1) {
				keys = append(keys, key[1])
			}
			nest(says, keys, value(keys))
		}
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

// indexed is a parameter that a template asks for by keys: index .metadata.labels "kubernetes.io/name".
var (
	indexed   = regexp.MustCompile(`\bindex\s+(\.[\w.]+)((?:\s+"[^"]*")+)`)
	quotedKey = regexp.MustCompile(`"([^"]*)"`)
)

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
