package reliability

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var pdbMissing = review.Rule{
	ID: "pdb-missing", Level: review.Info,
	Summary: "Several pods of a workload may be drained at once",
	Kinds:   replicated,
	Check:   checkPDBMissing,
}

func checkPDBMissing(p *review.Pass) {
	pods := p.Root.Workloads(p.Object)
	n, ok := steadyReplicas(p, p.Object)
	if len(pods) == 0 || !ok || n < 2 {
		return
	}
	labels := pods[0].Meta.Get("labels")
	for _, budget := range budgetsFor(p, p.Object, labels) {
		if review.Selects(budget.Field().Get("spec", "selector"), labels) {
			return
		}
	}
	p.Report(p.Object.Field().Get("metadata", "name"), "%s %s has no disruption budget for its %d pods", p.Object.Kind, p.Object.Name, n).
		Detail("Draining nodes for an upgrade may take all of them away at the same time.")
}

// budgeted lists the workloads of the root and the repository whose pods a disruption budget selects.
func budgeted(p *review.Pass, budget *manifests.Object) []*manifests.Object {
	selector := budget.Field().Get("spec", "selector")
	all := review.Once(p.Root, "reliability labelled|"+p.Root.Namespace(budget), func(*review.RootView) *shelf { return labelled(p, budget) })
	var found []*manifests.Object
	for _, o := range all.with(selector) {
		if review.Selects(selector, podLabels(o)) {
			found = append(found, o)
		}
	}
	return found
}

func podLabels(o *manifests.Object) manifests.Field {
	return o.Field().Get("spec", "template", "metadata", "labels")
}

// label is a label with its value.
type label struct{ key, value string }

// shelf holds objects of one namespace by labels, so that nobody has to hold each selector against each set of labels.
type shelf struct {
	all     []*manifests.Object
	byLabel map[label][]*manifests.Object
}

// labelled are the workloads near an object by the labels of their pods.
func labelled(p *review.Pass, near *manifests.Object) *shelf {
	s := &shelf{byLabel: map[label][]*manifests.Object{}}
	for _, kind := range []string{"Deployment", "StatefulSet", "Rollout"} {
		for _, o := range p.Near(kind, near) {
			s.all = append(s.all, o)
			for at := range labelsOf(podLabels(o)) {
				s.byLabel[at] = append(s.byLabel[at], o)
			}
		}
	}
	return s
}

// with returns what has the rarest of the labels that a selector asks for by value: all that it selects is among them.
func (s *shelf) with(selector manifests.Field) []*manifests.Object {
	few := s.all
	for at := range labelsOf(selector.Get("matchLabels")) {
		if have := s.byLabel[at]; len(have) < len(few) {
			few = have
		}
	}
	return few
}

// budgetsFor lists the disruption budgets near an object that may select labels, by the first label that each asks for.
func budgetsFor(p *review.Pass, o *manifests.Object, labels manifests.Field) []*manifests.Object {
	by := review.Once(p.Root, "reliability budgets|"+p.Root.Namespace(o), func(*review.RootView) map[label][]*manifests.Object {
		by := map[label][]*manifests.Object{}
		for _, budget := range p.Near("PodDisruptionBudget", o) {
			first := label{}
			for _, e := range budget.Field().Get("spec", "selector", "matchLabels").Entries() {
				first = label{e.Key, e.Value.Text()}
				break
			}
			by[first] = append(by[first], budget)
		}
		return by
	})
	found := by[label{}]
	for at := range labelsOf(labels) {
		found = append(slices.Clip(found), by[at]...)
	}
	return found
}

// labelsOf returns the entries of a mapping of labels, each once.
func labelsOf(labels manifests.Field) map[label]bool {
	all := make(map[label]bool)
	for _, e := range labels.Entries() {
		all[label{e.Key, e.Value.Text()}] = true
	}
	return all
}
