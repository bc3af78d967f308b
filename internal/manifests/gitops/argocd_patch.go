package gitops

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// meantValues stands in an Application under way for the text of a chart's values that is written out as what it means, so that
// each value keeps its line. Argo CD knows a text there: a patch replaces all of it.
const meantValues = "landwaiterValues"

var (
	helmKey   = regexp.MustCompile(`^\s*(- +)?helm:\s*(#.*)?$`)
	valuesKey = regexp.MustCompile(`^ *values: *\|[-+]?\s*(#.*)?$`)
)

// meaningValues is a templatePatch in which the texts of charts' values stand as what they mean, line by line.
func meaningValues(text string) string {
	type holder struct {
		indent int
		line   string
	}
	var holders []holder // each indented less than the next: what the lines so far leave open
	lines := strings.SplitAfter(text, "\n")
	for i := range lines {
		line := strings.TrimRight(lines[i], " \r\n")
		trimmed := strings.TrimLeft(line, " ")
		if trimmed == "" || strings.HasPrefix(trimmed, "{{") { // only a template's
			continue
		}
		indent := len(line) - len(trimmed)
		for len(holders) > 0 && holders[len(holders)-1].indent >= indent {
			holders = holders[:len(holders)-1]
		}
		if n := len(holders); n > 0 && valuesKey.MatchString(line) && helmKey.MatchString(holders[n-1].line) {
			lines[i] = line[:indent] + meantValues + ":\n"
		}
		holders = append(holders, holder{indent, line})
	}
	return strings.Join(lines, "")
}

// patched are Applications with the templatePatch that follows each put over it.
func patched(objects []*manifests.Object) (all []*manifests.Object, err error) {
	patches := make(map[string]*manifests.Object)
	for _, o := range objects {
		if o.Kind == "TemplatePatch" {
			patches[o.Field().Get("landwaiterSet").Text()] = o
		}
	}
	for _, o := range objects {
		if o.Kind == "TemplatePatch" {
			continue
		}
		d := newDraft(o.Field(), of(o))
		if patch := patches[o.Field().Get("landwaiterSet").Text()]; patch != nil {
			for _, key := range []string{"metadata", "spec", "operation"} {
				if f := patch.Field().Get(key); f.IsMap() {
					into := d.below(d.node, key, originOf(patch, f))
					d.giveWay(into, f)
					d.merge(into, f, of(patch))
				}
			}
		}
		d.set(d.node, "landwaiterSet", nil)
		d.settleValues(d.node)
		if o, err = d.object(o); err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

// giveWay takes the texts of values out that a patch replaces.
func (d *draft) giveWay(into *yaml.Node, patch manifests.Field) {
	for _, e := range patch.Entries() {
		now := d.get(into, e.Key)
		switch {
		case e.Key == meantValues, e.Key == "values" && now == nil:
			d.set(into, meantValues, nil)
			d.set(into, "values", nil)
		case e.Value.IsMap() && now != nil && now.Kind == yaml.MappingNode:
			d.giveWay(now, e.Value)
		}
	}
}

// settleValues has texts of values be what a chart gets: nothing where the source has values as an object too.
func (d *draft) settleValues(n *yaml.Node) {
	if meant := d.get(n, meantValues); meant != nil {
		d.set(n, meantValues, nil)
		if d.get(n, "valuesObject") == nil && meant.Kind == yaml.MappingNode {
			d.set(n, "valuesObject", meant)
		}
	}
	for _, below := range n.Content {
		d.settleValues(below)
	}
}
