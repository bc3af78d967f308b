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
	Root       string
	Cluster    string   // "" for the cluster in which the object is
	Namespaces []string // of the changed objects, sorted; none where nothing is known of them
	Effect     string   // what the tool does when the change is merged
}

// staged are the waves and hooks of Argo CD in which changed objects are applied, in words that follow others.
func staged(objects []*manifests.Object, diff []manifests.ObjectDiff) (text string) {
	changed := make(map[manifests.Identity]bool, len(diff))
	for _, d := range diff {
		changed[d.Object] = true
	}
	var waves []int
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
			hooks = append(hooks, hook+" "+o.Kind+"/"+o.Name)
		}
	}
	if slices.Sort(waves); len(waves) > 0 {
		text = ", its waves " + strings.Trim(strings.Join(strings.Fields(fmt.Sprint(slices.Compact(waves))), ", "), "[]")
	}
	if slices.Sort(hooks); len(hooks) > 0 {
		rest := ""
		if n := len(hooks) - maxHooks; n > 0 {
			hooks, rest = hooks[:maxHooks], fmt.Sprintf(" and %d more", n)
		}
		text += ", with the hooks " + strings.Join(hooks, ", ") + rest
	}
	return text
}

// maxHooks is how many hooks are named.
const maxHooks = 5

// reach is where a root's changed objects go; false where the root is not made by an object, or nothing is changed.
func (p *pair) reach(diff []manifests.ObjectDiff) (Reach, bool) {
	root := p.Head
	if root == nil {
		root = p.Base
	}
	if root.Deployment == nil || len(diff) == 0 {
		return Reach{}, false
	}
	effect := root.Deployment.Effect
	r := Reach{Root: root.Path, Cluster: effect.Cluster, Effect: effect.Applied}
	if p.Head == nil {
		r.Effect = "is gone: " + effect.Gone
	} else if root.Kind == manifests.ArgoCD {
		r.Effect += staged(p.head.objects(), diff)
	}
	for _, d := range diff {
		if namespace := firstOf(d.Object.Namespace, root.Namespace); namespace != "" {
			r.Namespaces = append(r.Namespaces, namespace)
		}
	}
	slices.Sort(r.Namespaces)
	r.Namespaces = slices.Compact(r.Namespaces)
	return r, true
}
