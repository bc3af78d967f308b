package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Of an Application with several sources that make the same object, Argo CD applies what the last of them says, and says so
// (user guide, "Multiple Sources for an Application", RepeatedResourceWarning).

// sourceKey names the Application of a root that is one of several sources, as parent holds it; "" for other roots.
func (f *deployed) sourceKey(root *manifests.Root) string {
	if root == nil || root.Deployment == nil || root.Deployment.Source == 0 {
		return ""
	}
	return fmt.Sprint(rootKey(f.parents[rootKey(*root)]), " ", root.Deployment.By)
}

// addSources adds the other sources of Applications of which the change may affect one: what one makes may lie under what
// another one does.
func (j *joining) addSources(was []*manifests.Root) {
	wanted, planned := make(map[string]bool), make(map[string]bool)
	for _, pair := range j.plan.Pairs {
		wanted[j.head.sourceKey(pair.Head)], wanted[j.base.sourceKey(pair.Base)] = true, true
		if pair.Head != nil {
			planned[rootKey(*pair.Head)] = true
		}
	}
	for i := range j.head.roots {
		root := &j.head.roots[i]
		if key := j.head.sourceKey(root); key != "" && wanted[key] && !planned[rootKey(*root)] {
			j.plan.Pairs = append(j.plan.Pairs, RootPair{Head: root, Base: was[i]})
		}
	}
	j.plan.sourceOf = func(p RootPair) (base, head string) { return j.base.sourceKey(p.Base), j.head.sourceKey(p.Head) }
}

// lastWins takes out of the sources of each Application what later ones of it make as well.
func (p *Plan) lastWins(pairs []*pair) {
	if p.sourceOf == nil {
		return
	}
	base, head := make(map[string][]*pair), make(map[string][]*pair)
	for _, one := range pairs {
		b, h := p.sourceOf(one.RootPair)
		if b != "" {
			base[b] = append(base[b], one)
		}
		if h != "" {
			head[h] = append(head[h], one)
		}
	}
	hidden := make(map[*pair]string) // what later sources make of those of base
	for _, sources := range base {
		maps.Copy(hidden, hide(sources, func(p *pair) (*manifests.Root, *rendered) { return p.Base, &p.base }))
	}
	for _, sources := range head {
		for one, names := range hide(sources, func(p *pair) (*manifests.Root, *rendered) { return p.Head, &p.head }) {
			one.Certain = one.Certain || hidden[one] != names
			delete(hidden, one)
		}
	}
	for one := range hidden { // what was hidden at base, and is not at head
		one.Certain = true
	}
}

// hide takes out of the sources of one Application, on one side, what later ones make as well, and returns the names of that
// for each. What a source that does not render would make is not known.
func hide(sources []*pair, side func(*pair) (*manifests.Root, *rendered)) map[*pair]string {
	slices.SortFunc(sources, func(a, b *pair) int {
		first, _ := side(a)
		second, _ := side(b)
		return second.Deployment.Source - first.Deployment.Source
	})
	hidden, made := make(map[*pair]string), make(map[manifests.Identity]int)
	for _, p := range sources {
		root, r := side(p)
		var kept []*manifests.Object
		var names []string
		for _, o := range r.objects() {
			if by, later := made[unversioned(o.Identity)]; later && by != root.Deployment.Source {
				names = append(names, fmt.Sprintf("%s (source %d)", o, by-1))
				continue
			}
			made[unversioned(o.Identity)] = root.Deployment.Source
			kept = append(kept, o)
		}
		if len(names) == 0 {
			continue
		}
		own := *r.rendering
		own.Objects = kept
		own.Notes = append(slices.Clone(own.Notes), "Argo CD applies what later sources of the Application make: "+shortList(names))
		r.rendering, hidden[p] = &own, strings.Join(names, ",")
	}
	return hidden
}
