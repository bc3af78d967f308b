package rbac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// power is what a grant lets its holder do beyond what it says, and the verbs on resources that give it.
type power struct {
	can   string // "read %s", of the resources
	on    []resources
	verbs []string

	verbal  bool         // the verb says it: a finding stands there, where it is written
	nowhere bool         // to say where would be odd
	usual   bool         // the roles edit and admin have it in every cluster
	inRole  review.Level // how bad it is in a single namespace; 0 for as bad as everywhere
	named   review.Level // how bad it is on named objects only; 0 for not at all
	worst   []string     // names of objects that are as bad as all
}

// resources are resources of one API group.
type resources struct {
	group   string
	names   []string
	cluster bool // outside of namespaces, so that no Role can give them
}

// hit is one resource that a grant gives a power over.
type hit struct {
	resources
	resource string
	at       manifests.Field // the word for the resource
	verbs    []manifests.Field
}

// hits lists the resources over which g gives the power, in the order of their words; none for a grant that names
// objects which do not matter.
func (w power) hits(g grant) []hit {
	if g.named() && w.named == 0 && !w.namesWorst(g) {
		return nil
	}
	var found []hit
	for _, of := range w.on {
		for _, name := range of.names {
			at, ok := g.resource(of.group, name)
			if !ok {
				continue
			}
			if verbs := w.verbsOf(g, name); len(verbs) > 0 {
				found = append(found, hit{resources: of, resource: name, at: at, verbs: verbs})
			}
		}
	}
	slices.SortStableFunc(found, func(a, b hit) int { return cmp.Compare(g.position(a.at), g.position(b.at)) })
	return found
}

// position returns where a word stands among the grant's resources.
func (g grant) position(word manifests.Field) int {
	return slices.IndexFunc(g.resources, func(f manifests.Field) bool { return f.Path() == word.Path() })
}

// verbsOf returns the words that give the power over a resource, one for each verb, the first for "*" only once.
func (w power) verbsOf(g grant, resource string) (words []manifests.Field) {
	for _, verb := range w.verbs {
		word, ok := g.verb(verb)
		seen := slices.ContainsFunc(words, func(f manifests.Field) bool { return f.Path() == word.Path() })
		if ok && !seen && g.allows(verb, resource) {
			words = append(words, word)
		}
	}
	return words
}

// namesWorst reports whether a grant names an object that is as bad as all.
func (w power) namesWorst(g grant) bool {
	_, found := wordFor(g.names, w.worst...)
	return found
}

// lower makes the finding as mild as the power is by a grant of a role of this kind.
func (w power) lower(d *review.Draft, g grant, kind string) {
	if g.named() && !w.namesWorst(g) {
		d.Lower(w.named)
	}
	if kind == "Role" && w.inRole > 0 {
		d.Lower(w.inRole)
	}
}

// phrase says what the power lets do with the resources of hits.
func (w power) phrase(hits []hit) string {
	var names []string
	for _, h := range hits {
		if name := h.title(); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.ReplaceAll(w.can, "%s", enumerate(names, 4))
}

// title names the resource, with its group where that is not one of Kubernetes' own.
func (h hit) title() string { return titleOfResource(h.group, h.resource) }

func titleOfResource(group, resource string) string {
	if !strings.Contains(group, ".") || strings.HasSuffix(group, ".k8s.io") || group == "*" {
		return resource
	}
	return resource + "." + group
}

// place returns where a finding of hits stands: at the verb that says it, or at the first resource.
func (w power) place(hits []hit) manifests.Field {
	if verb := hits[0].verbs[0]; w.verbal && verb.Text() != "*" {
		return verb
	}
	return hits[0].at
}

// enumerate joins words, of which it names the first most: "a, b and 3 more".
func enumerate(words []string, most int) string {
	switch n := len(words); {
	case n == 0:
		return ""
	case n == 1:
		return words[0]
	case n > most:
		return strings.Join(words[:most-1], ", ") + " and " + count(n-most+1) + " more"
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
