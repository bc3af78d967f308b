package review

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// outcome is what one rule found in a scene.
type outcome struct {
	rule     int // its position
	drafts   []*Draft
	failures []string
	omitted  omissions
}

// hearing is a scene with what the rules found in it.
type hearing struct {
	scene
	count atomic.Int64  // drafts so far
	side  *atomic.Int64 // those of all hearings of its side

	lock     sync.Mutex
	outcomes []outcome // of rules that found something, in any order
}

func newHearing(s scene, side *atomic.Int64) *hearing {
	if s.most == 0 {
		s.most = maxRootDrafts
	}
	return &hearing{scene: s, side: side}
}

// full reports whether there are more drafts than may be. Which of them were made is then a matter of who was first.
func (h *hearing) full() bool { return h.count.Load() > int64(h.most) || h.side.Load() > maxDrafts }

// add counts drafts that were just made.
func (h *hearing) add(drafts int) {
	h.count.Add(int64(drafts))
	h.side.Add(int64(drafts))
}

func (h *hearing) take(o outcome) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.outcomes = append(h.outcomes, o)
}

// evaluate runs the rules over one rendered root; see hear.
func evaluate(rules []activeRule, s scene) (drafts []*Draft, failures []string, stopped bool) {
	h := newHearing(s, new(atomic.Int64))
	hear(rules, []*hearing{h})
	return h.told(rules, h.most)
}

// told returns what was found, in the order of the rules, whichever were done first. That a rule panicked is said, and
// the others went on. Of too many drafts, more than most, the first ones are left, for which all is done once more: which
// they are must not depend on who was first.
func (h *hearing) told(rules []activeRule, most int) (drafts []*Draft, failures []string, stopped bool) {
	if stopped = h.full() || h.count.Load() > int64(most); stopped {
		again := newHearing(h.scene, new(atomic.Int64))
		again.most = most
		again.run(rules, everyRule(rules))
		h, stopped = again, again.full()
	}
	slices.SortFunc(h.outcomes, func(a, b outcome) int { return cmp.Compare(a.rule, b.rule) })
	for i := range h.outcomes {
		drafts, failures = append(drafts, h.outcomes[i].drafts...), append(failures, h.outcomes[i].failures...)
		if h.omitted != nil {
			h.omitted.take(&h.outcomes[i].omitted)
		}
	}
	if stopped {
		drafts = drafts[:min(most, len(drafts))]
	}
	return drafts, failures, stopped
}

// lane are rules, by their positions, that are run one after the other, over one scene after the other.
type lane struct {
	rules []int
	next  int // the hearing
}

// hear runs the rules over scenes, several lanes at a time. Whoever is free takes the lane that waits longest, so that the
// lanes go through the scenes side by side and none waits for another at the end of one.
func hear(rules []activeRule, hearings []*hearing) {
	lanes := lanesOf(rules, hearings)
	if len(hearings) == 0 || len(lanes) == 0 {
		return
	}
	waiting := make(chan *lane, len(lanes))
	for _, l := range lanes {
		waiting <- l
	}
	var done atomic.Int64
	var work sync.WaitGroup
	for range min(len(lanes), runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			for l := range waiting {
				hearings[l.next].run(rules, l.rules)
				if l.next++; l.next < len(hearings) {
					waiting <- l
				} else if done.Add(1) == int64(len(lanes)) {
					close(waiting)
				}
			}
		})
	}
	work.Wait()
}

// inParallel calls do for each number below n, on all processors.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var work sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	work.Wait()
}

// fewObjects are judged sooner than goroutines are set up.
const fewObjects = 16

// lanesOf parts the rules into lanes. The rules of an area share what they note, and a budget, so that they stay together
// and in their order.
func lanesOf(rules []activeRule, hearings []*hearing) (lanes []*lane) {
	objects := 0
	for _, h := range hearings {
		objects += len(h.view.Objects)
	}
	if objects < fewObjects {
		return []*lane{{rules: everyRule(rules)}}
	}
	byArea := make(map[string]*lane)
	for i, r := range rules {
		l := byArea[r.Area]
		if l == nil {
			l = &lane{}
			byArea[r.Area], lanes = l, append(lanes, l)
		}
		l.rules = append(l.rules, i)
	}
	slices.SortStableFunc(lanes, func(a, b *lane) int { return len(b.rules) - len(a.rules) })
	return lanes
}

func everyRule(rules []activeRule) []int {
	all := make([]int, len(rules))
	for i := range all {
		all[i] = i
	}
	return all
}

// run runs some of the rules one after the other. It stops when there are too many drafts.
func (h *hearing) run(rules []activeRule, which []int) {
	for _, i := range which {
		found := outcome{rule: i}
		h.apply(&rules[i], &found)
		if len(found.drafts) > 0 || len(found.failures) > 0 || len(found.omitted.reasons) > 0 {
			h.take(found)
		}
	}
}

// apply runs one rule, with one pass for all objects, which no rule may keep.
func (h *hearing) apply(r *activeRule, to *outcome) {
	s := &h.scene
	if s.view.Root.Kind == manifests.Terraform && !r.Terraform || h.full() {
		return
	}
	pass := &Pass{Rule: r.Rule, Root: s.view, Base: s.base, Index: s.index, Before: s.before,
		Kube: s.kube, Policy: s.policy, params: r.params, level: r.level, firm: r.firm, across: s.across, evidence: s.known, tree: s.tree, drafts: &to.drafts}
	if s.omitted != nil {
		pass.omitted = &to.omitted
	}
	made := 0
	note := func(failures []string) {
		to.failures = append(to.failures, failures...)
		if now := len(to.drafts); now > made {
			h.add(now - made)
			made = now
		}
	}
	if r.CheckRoot != nil && !s.empty {
		note(guarded(r.CheckRoot, pass))
	}
	if r.Check != nil {
		for _, o := range s.view.about(r.Rule) {
			if h.full() {
				return
			}
			note(checkObject(r.Rule, pass, o))
		}
	}
	if r.CheckRemoved != nil {
		note(checkRemoved(r.Rule, pass, s.gone))
	}
}
