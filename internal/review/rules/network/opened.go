package network

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// Opening says that pods, or all of a namespace, are more open at head than they were at base.
type Opening struct {
	Gone *manifests.Object // the policy of base that closed them and is gone; nil when it is by something else
	On   *manifests.Object // of head, what opens them; nil when Gone is set
	At   manifests.Field   // of On
	Says string            // a sentence, without its end
	Mild bool              // a bit more open, as to all pods of a namespace
}

// exposure compares what policies close at base and at head.
type exposure struct {
	*review.Pass
	was, now *enforced
	found    []found
}

// found is an opening of one workload or namespace, before those alike are put together.
type found struct {
	Opening
	format, who string
}

// Opened lists what pods of the root, and of namespaces that the root's policies are for, are open to at head and were not
// at base. It is worked out once a root.
func Opened(p *review.Pass) []Opening {
	if p.Base == nil || p.Before == nil {
		return nil
	}
	return review.Once(p.Root, "network opened", func(*review.RootView) []Opening {
		x := &exposure{Pass: p}
		namespaces := x.namespaces()
		x.was = newEnforced(p.Base, p.Before, nil, namespaces...)
		x.now = newEnforced(p.Root, p.Index, x.isGone, namespaces...)
		if x.was.unknown || x.now.unknown {
			return nil
		}
		denied := x.findSpaces(namespaces)
		x.findPods(denied)
		return x.together()
	})
}

// maxSpaces is how many namespaces are looked at for the sake of a policy that is for all of them.
const maxSpaces = 200

// namespaces are those that policies of base are for.
func (x *exposure) namespaces() (all []string) {
	add := func(name string) {
		if name != "" && !ofSystem(name) && !slices.Contains(all, name) && len(all) < maxSpaces {
			all = append(all, name)
		}
	}
	wide := false
	for _, kind := range policyKinds {
		for _, o := range x.Base.OfKind(kind) {
			add(landing(x.Base, o))
			wide = wide || kind == "GlobalNetworkPolicy" || kind == "CiliumClusterwideNetworkPolicy"
		}
	}
	if wide {
		for _, o := range x.Before.OfKind("Namespace") {
			add(o.Name)
		}
	}
	return all
}

// isGone reports whether an object of the repository at head is one that the root had and has no more, as another root has it
// that had it before as well: that one is for another cluster.
func (x *exposure) isGone(o *manifests.Object) bool {
	if x.Base.Match(o) == nil || x.Root.Match(o) != nil {
		return false
	}
	same := func(other *manifests.Object) bool {
		return other.Name == o.Name && other.Group() == o.Group() && other.Namespace == o.Namespace
	}
	count := func(all []*manifests.Object) (n int) {
		for _, other := range all {
			if same(other) {
				n++
			}
		}
		return n
	}
	return count(x.Index.Standing(o.Kind)) < count(x.Before.Standing(o.Kind))
}

// findSpaces finds namespaces that were closed by default and are not any more, by direction.
func (x *exposure) findSpaces(namespaces []string) (denied map[string][2]bool) {
	denied = make(map[string][2]bool)
	for _, name := range append(namespaces, "") {
		var lost []found
		for _, d := range []direction{ingress, egress} {
			if x.was.deniesByDefault(name, d) != yes || x.now.deniesByDefault(name, d) != no || x.abandoned(name) {
				continue
			}
			f := found{format: d.String(), who: "namespace " + name}
			if name == "" {
				f.who = "the namespace of " + path.Base(x.Root.Root.Path)
			}
			x.blame(&f, x.was.bare[name], d, nil)
			if f.Gone == nil && f.On == nil {
				continue
			}
			lost = append(lost, f)
			both := denied[name]
			both[d] = true
			denied[name] = both
		}
		if len(lost) == 2 && lost[0].Gone == lost[1].Gone && lost[0].On == lost[1].On {
			lost = lost[:1]
			lost[0].format = "ingress and egress"
		}
		for _, f := range lost {
			f.format = "%s has no default deny for " + f.format + " any more"
			x.found = append(x.found, f)
		}
	}
	return denied
}

// abandoned reports whether nothing is left in a namespace that policies could protect: it was declared and is not any more, or
// all that the root ran in it is gone.
func (x *exposure) abandoned(namespace string) bool {
	if x.Before.Find("Namespace", "", namespace) != nil {
		return x.Index.Find("Namespace", "", namespace) == nil
	}
	runs := func(root *review.RootView) bool {
		return slices.ContainsFunc(root.Objects, func(o *manifests.Object) bool { return isolable(root, o) && landing(root, o) == namespace })
	}
	return runs(x.Base) && !runs(x.Root)
}

// findPods finds workloads of the root whose pods are more open, but for those of which their namespace says it.
func (x *exposure) findPods(denied map[string][2]bool) {
	for _, o := range x.Root.Objects {
		before := x.Base.Match(o)
		if before == nil || review.IsHook(o) || !isolable(x.Root, o) || !isolable(x.Base, before) {
			continue
		}
		was := x.Base.Workloads(before)
		for i, w := range x.Root.Workloads(o) {
			if i >= len(was) {
				break
			}
			for _, d := range []direction{ingress, egress} {
				if !denied[landing(x.Root, o)][d] {
					x.findPod(o, x.was.podOf(was[i]), w, d)
				}
			}
		}
	}
}

func (x *exposure) findPod(o *manifests.Object, was pod, w *review.Workload, d direction) {
	before, closed, _ := x.was.widthOf(was, d, true)
	if !closed {
		return
	}
	after, closed, by := x.now.widthOf(x.now.podOf(w), d, false)
	if after.any <= before.any && after.all <= before.all {
		return
	}
	f := found{who: o.Kind + " " + o.Name}
	if !closed {
		f.format = [...]string{"no network policy closes ingress to %s any more", "no network policy closes egress from %s any more"}[d]
		x.blame(&f, was, d, w)
		x.found = append(x.found, f)
		return
	}
	reach := max(after.any, after.all)
	f.format = "%s can now " + [...]string{"be reached from ", "reach "}[d] + reach.String()
	if after.any <= before.any {
		reach = after.all
		f.format = "%s can now " + [...]string{"be reached from ", "reach "}[d] + reach.String() + " on all ports"
	}
	f.Mild = reach < cluster || d == egress && after.all <= before.all
	if f.On, f.At = by.policy.object, by.rule.at; x.Root.Match(f.On) != f.On {
		f.On, f.At = o, nameOf(o)
	}
	x.found = append(x.found, f)
}

// String names whom pods are open to.
func (s span) String() string {
	return [...]string{"named pods", "a whole namespace", "every namespace", "nearly every address", "everywhere"}[s]
}

// blame finds what no longer closes a pod of base: a policy that is gone or was changed, else the labels of the pod at head.
func (x *exposure) blame(f *found, was pod, d direction, w *review.Workload) {
	var changed *manifests.Object
	for _, p := range x.was.candidates(was) {
		if !p.closes[d] || p.selects(was) != yes || x.Base.Match(p.object) == nil {
			continue
		}
		now := x.Root.Match(p.object)
		if now == nil {
			f.Gone = p.object
			return
		}
		if string(now.Raw) != string(p.object.Raw) {
			changed = now
		}
	}
	switch {
	case changed != nil:
		f.On, f.At = changed, changed.Field().Get("spec")
	case w != nil:
		f.On, f.At = w.Object, w.Meta.Get("labels")
	}
}

// together makes one opening of what is alike and stands at the same place.
func (x *exposure) together() (all []Opening) {
	at := make(map[string]int)
	var who [][]string
	for _, f := range x.found {
		key := fmt.Sprintf("%p|%p|%s|%s|%t", f.Gone, f.On, f.At.Path(), f.format, f.Mild)
		i, known := at[key]
		if !known {
			i = len(all)
			at[key] = i
			f.Says = f.format
			all, who = append(all, f.Opening), append(who, nil)
		}
		if !slices.Contains(who[i], f.who) {
			who[i] = append(who[i], f.who)
		}
	}
	for i := range all {
		all[i].Says = fmt.Sprintf(all[i].Says, someNamed(who[i]))
	}
	return all
}

// someNamed names the first of a list, and counts the others.
func someNamed(names []string) string {
	const named = 2
	if len(names) <= named {
		return strings.Join(names, " and ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:named], ", "), len(names)-named)
}
