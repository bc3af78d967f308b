package review

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// Reach is where a change of a root goes that an object of Argo CD or Flux has rendered, and how.
type Reach struct {
	Root       string   `json:"root"`
	Cluster    string   `json:"cluster"`    // "" for the cluster in which the object is
	Namespaces []string `json:"namespaces"` // of the changed objects, else those to which it goes, sorted; none where nothing is known of them
	Effect     string   `json:"effect"`     // what the tool does when the change is merged
	Before     string   `json:"before"`     // what of cluster, revision and effect was otherwise at base, "" for nothing

	Object    manifests.Identity `json:"object"`    // that has it rendered
	Automated bool               `json:"automated"` // it is applied without anybody's doing
	Prune     bool               `json:"prune"`     // what is gone is deleted by that
	SelfHeal  bool               `json:"selfHeal"`  // changes in the cluster are undone
	Suspended bool               `json:"suspended"` // nothing is done before it is resumed
	Waves     []int              `json:"waves"`     // of Argo CD's in which changed objects are applied, sorted
}

// staged are the waves of Argo CD in which changed objects are applied, and with the hooks among them the words that follow others.
func staged(objects []*manifests.Object, diff []manifests.ObjectDiff) (waves []int, text string) {
	changed := make(map[manifests.Identity]bool, len(diff))
	for _, d := range diff {
		changed[d.Object] = true
	}
	waves = []int{}
	var hooks []string
	for _, o := range objects {
		if !changed[o.Identity] {
			continue
		}
		annotations := o.Field().Get("metadata", "annotations")
		if n, err := strconv.Atoi(annotations.Get("argocd.argoproj.io/sync-wave").Text()); err == nil {
			waves = append(waves, n)
		}
		if hook := annotations.Get("argocd.argoproj.io/hook").Text(); hook != "" {
			hooks = append(hooks, hook+" "+o.Kind+"/"+firstOf(o.Name, o.Field().Get("metadata", "generateName").Text()+"*"))
		}
	}
	slices.Sort(waves)
	if waves = slices.Compact(waves); len(waves) > 0 {
		text = ", its waves " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(waves)), ", "), "[]")
	}
	if slices.Sort(hooks); len(hooks) > 0 {
		rest := ""
		if n := len(hooks) - maxHooks; n > 0 {
			hooks, rest = hooks[:maxHooks], fmt.Sprintf(" and %d more", n)
		}
		text += ", with the hooks " + strings.Join(hooks, ", ") + rest
	}
	return waves, text
}

// maxHooks is how many hooks are named.
const maxHooks = 5

// reach is where a root goes that an object makes; false where none does, or nothing of it is changed: neither its objects
// nor what is done with them.
func (p *pair) reach(diff []manifests.ObjectDiff) (Reach, bool) {
	root := p.Head
	if root == nil {
		root = p.Base
	}
	if root.Deployment == nil || root.Deployment.Effect.Applied == "" { // as of one whose object nobody can see
		return Reach{}, false
	}
	effect := root.Deployment.Effect
	r := Reach{Root: root.Path, Cluster: effect.Cluster, Namespaces: p.namespaces(diff), Effect: effect.Applied, Before: p.effectBefore(), Object: root.Deployment.By, Waves: []int{}}
	hidden := p.Certain && (p.base.err != nil || p.head.err != nil) // nobody knows what is changed
	if p.Head != nil {
		r.Automated, r.Prune, r.SelfHeal, r.Suspended = effect.Automated, effect.Prune, effect.SelfHeal, effect.Suspended
	}
	switch {
	case p.Head == nil:
		r.Effect = "is gone: " + effect.Gone
	case p.Base != nil && len(diff) == 0 && r.Before == "" && !hidden:
		return Reach{}, false
	case root.Kind == manifests.ArgoCD:
		var text string
		r.Waves, text = staged(p.head.objects(), diff)
		r.Effect += text
	}
	return r, true
}

// effectBefore says what the object said otherwise at base of where its root goes, and how.
func (p *pair) effectBefore() string {
	if p.Base == nil || p.Head == nil || p.Base.Deployment == nil {
		return ""
	}
	was, is := p.Base.Deployment.Effect, p.Head.Deployment.Effect
	var said []string
	if was.Cluster != is.Cluster {
		said = append(said, "in "+firstOf(was.Cluster, "its own cluster"))
	}
	if was.Follows != is.Follows && p.Head.Deployment.Skip == "" {
		said = append(said, fmt.Sprintf("from %s, now from %s", firstOf(was.Follows, "HEAD"), firstOf(is.Follows, "HEAD")))
	}
	if was.Applied != is.Applied {
		said = append(said, was.Applied)
	}
	return strings.Join(said, ", ")
}

// namespaces are those of changed objects; where nobody knows these, or none is, those to which the root goes.
func (p *pair) namespaces(diff []manifests.ObjectDiff) (all []string) {
	root := p.Head
	if root == nil {
		root = p.Base
	}
	add := func(o manifests.Identity) {
		if namespace := firstOf(o.Namespace, root.Namespace); namespace != "" {
			all = append(all, namespace)
		}
	}
	for _, d := range diff {
		add(d.Object)
	}
	if len(diff) == 0 {
		for _, o := range p.head.objects() {
			add(o.Identity)
		}
	}
	if len(all) == 0 && root.Namespace != "" {
		all = []string{root.Namespace}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
