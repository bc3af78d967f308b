package review

import (
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// pairVerdict is what the rules found on both of its sides, and what changed between them.
type pairVerdict struct {
	base, head verdict
	images     []ImageChange
	diff       []manifests.ObjectDiff
}

// verdict is what the rules found on one side of a root.
type verdict struct {
	heard      *hearing // nil where there is nothing to judge
	settled    bool
	candidates []*candidate
	removed    []*candidate
	problems   []string // rules that did not get through
	omitted    omissions
	stopped    bool // there were too many violations; the rest was not looked for
}

// judgePairs runs the rules over both sides of every root at the same time, base's before head's as far as it is one rule.
func (r *run) judgePairs(all *judged, origin map[string]string) (found []pairVerdict, baseIndex *Index) {
	base, head := all.base, all.head
	var beside *across
	if r.change.Base != nil {
		baseIndex, beside = base.index(all.plan.BaseContext), newAcross(base, head, origin, all.plan.headPlain)
		beside.bystanders = all.bystanders.views
	}
	headIndex := head.index(all.plan.HeadContext)
	found = make([]pairVerdict, len(all.pairs))
	var hearings []*hearing
	var atBase, atHead atomic.Int64
	list := func(v *verdict, s scene, drafts *atomic.Int64) {
		if s.view != nil {
			v.heard = newHearing(s, drafts)
			hearings = append(hearings, v.heard)
		}
	}
	for i, p := range all.pairs {
		before, after, v := base.viewOf(p.Base), head.viewOf(p.Head), &found[i]
		list(&v.base, scene{view: before, tree: r.change.Base, index: baseIndex, kube: r.kube, policy: r.policy, known: r.evidence}, &atBase)
		at := scene{view: after, tree: r.change.Head, base: before, index: headIndex, before: baseIndex, across: beside, omitted: &v.head.omitted, kube: r.kube, policy: r.policy, because: p.because, known: r.evidence}
		if after != nil {
			head.scenes[rootKey(*p.Head)] = at
		}
		list(&v.head, at.withRemoved(), &atHead)
	}
	hear(r.active, hearings)
	inParallel(len(found), func(i int) {
		p, v := all.pairs[i], &found[i]
		for _, side := range []*verdict{&v.base, &v.head} {
			if side.heard != nil && !side.heard.full() {
				r.settle(side, maxRootDrafts)
			}
		}
		if p.kind().Renders() {
			v.images, v.diff = imageChanges(base.viewOf(p.Base), head.viewOf(p.Head)), p.diff()
		}
	})
	return found, baseIndex
}

// settle places what was found.
func (r *run) settle(v *verdict, most int) {
	var drafts []*Draft
	drafts, v.problems, v.stopped = v.heard.told(r.active, most)
	locator := newGoneLocator(r.change, v.heard.because)
	for _, c := range place(r.change, drafts) {
		if c.gone {
			c.location, c.source = locator.locate(c.object)
			v.removed = append(v.removed, c)
		} else {
			v.candidates = append(v.candidates, c)
		}
	}
	v.settled, v.heard = true, nil
}

// take adds a verdict to its side. When a side has too many violations the rest is left out.
func (r *run) take(s *side, v *verdict) {
	if v.heard != nil && !v.settled {
		if most := min(maxRootDrafts, maxDrafts-len(s.candidates)); most > 0 {
			r.settle(v, most)
		} else {
			v.stopped = true
		}
	}
	s.candidates = append(s.candidates, v.candidates...)
	s.removed = append(s.removed, v.removed...)
}
