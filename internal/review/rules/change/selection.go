package change

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// relabelled is a workload whose pods get other labels.
type relabelled struct {
	now, was *manifests.Object
	labels   manifests.Field // at head
	before   manifests.Field
}

// relabelledIn lists the workloads of a root to whose pods the change gives other labels. It is made once a root.
func relabelledIn(p *review.Pass) []relabelled {
	return review.Once(p.Root, "change.relabelled", func(view *review.RootView) (found []relabelled) {
		for _, o := range view.Objects {
			was := p.Base.Match(o)
			if was == nil || len(view.Workloads(o)) == 0 {
				continue
			}
			r := relabelled{o, was, labelsOf(view, o), labelsOf(p.Base, was)}
			if _, differs := (defaults{}).difference(r.before, r.labels); differs {
				found = append(found, r)
			}
		}
		return found
	})
}

// touches reports whether the change gives other labels to pods that a selector of base held for.
func touches(p *review.Pass, before func(labels manifests.Field) bool) bool {
	return p.Base != nil && slices.ContainsFunc(relabelledIn(p), func(r relabelled) bool { return before(r.before) })
}

// moved finds what a selector lost: the workloads it selected at base that are still there and that it selects no more,
// where it selects nothing else instead.
func moved(p *review.Pass, before, now func(labels manifests.Field) bool, sameSelector bool) []*manifests.Object {
	if p.Base == nil || sameSelector && !touches(p, before) {
		return nil
	}
	namespace := p.Root.Namespace(p.Object)
	var lost []*manifests.Object
	for _, was := range selected(p.Base, namespace, before) {
		if o := p.Root.Match(was); o != nil {
			lost = append(lost, o)
		}
	}
	if len(lost) == 0 || len(selected(p.Root, namespace, now)) > 0 {
		return nil
	}
	return lost
}

// checkServiceSelects finds Services that had pods and, with both still there, have none.
func checkServiceSelects(p *review.Pass, was *manifests.Object) {
	before, now := was.Field().Get("spec", "selector"), p.Object.Field().Get("spec", "selector")
	if len(before.Entries()) == 0 || len(now.Entries()) == 0 {
		return
	}
	_, differs := (defaults{}).difference(before, now)
	lost := moved(p, func(labels manifests.Field) bool { return review.SelectsPlain(before, labels) },
		func(labels manifests.Field) bool { return review.SelectsPlain(now, labels) }, !differs)
	const message = "Service %s no longer selects the pods of %s"
	for _, d := range lose(p, lost, message, now, now, differs) {
		d.Detail("It selects no pod at all that the manifests run, so that whoever calls it gets no answer. Selector and labels have to change together; labels of a Deployment that its own selector names cannot change at all.")
	}
}

// lose reports what a selector lost: at the selector and at once where it is another, else at each workload's labels, which are.
func lose(p *review.Pass, lost []*manifests.Object, message string, selector, labels manifests.Field, differs bool) []*review.Draft {
	if len(lost) == 0 {
		return nil
	}
	var names []string
	var drafts []*review.Draft
	for _, o := range lost {
		name := o.Kind + " " + o.Name
		names = append(names, name)
		if !differs {
			drafts = append(drafts, p.ReportOn(o, firstUnmet(labels, labelsOf(p.Root, o)), message, p.Object.Name, name))
		}
	}
	if differs {
		drafts = append(drafts, p.Report(selector, message, p.Object.Name, someOf(names)))
	}
	return drafts
}

// firstUnmet returns the first label that a selector asks for and that is another.
func firstUnmet(selector, labels manifests.Field) manifests.Field {
	for _, want := range selector.Entries() {
		if got := labels.Get(want.Key); got.Text() != want.Value.Text() {
			return got
		}
	}
	return labels
}

// checkPolicySelects finds network policies that selected pods and no longer do, while others still cut these off: then
// what only this one let through is refused. Where none does any more, that is a protection removed.
func checkPolicySelects(p *review.Pass, was *manifests.Object) {
	before, now := was.Field().Get("spec", "podSelector"), p.Object.Field().Get("spec", "podSelector")
	if rules := was.Field().Get("spec"); len(rules.Get("ingress").Items()) == 0 && len(rules.Get("egress").Items()) == 0 {
		return // it let nothing through
	}
	_, differs := (defaults{}).difference(before, now)
	lost := moved(p, func(labels manifests.Field) bool { return review.Selects(before, labels) },
		func(labels manifests.Field) bool { return review.Selects(now, labels) }, !differs)
	lost = slices.DeleteFunc(lost, func(o *manifests.Object) bool { return !isolated(p, o) })
	const message = "policy %s no longer selects the pods of %s"
	for _, d := range lose(p, lost, message, now, now.Get("matchLabels"), differs) {
		d.Detail("Other policies still do, so that the traffic which only this one let through is refused from now on.")
	}
}

// isolated reports whether a policy beside p.Object selects the pods of o.
func isolated(p *review.Pass, o *manifests.Object) bool {
	return slices.ContainsFunc(p.Near("NetworkPolicy", o), func(other *manifests.Object) bool {
		return other.Group() == "networking.k8s.io" && other.Name != p.Object.Name &&
			review.Selects(other.Field().Get("spec", "podSelector"), labelsOf(p.Root, o))
	})
}
