package review

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// outcome is what one rule found in a scene.
type outcome struct {
	drafts   []*Draft
	failures []string
	omitted  omissions
}

// evaluate runs the rules over one rendered root, several at a time. What it returns is in the order of the rules,
// whichever was done first. That a rule panics is said, and the others go on. It stops, and says so, when there are too
// many drafts.
func evaluate(rules []activeRule, s scene) (drafts []*Draft, failures []string, stopped bool) {
	if s.most == 0 {
		s.most = maxRootDrafts
	}
	outcomes, full := s.run(rules, lanesOf(rules, s.view))
	if full { // which of them are kept must not depend on who was first
		outcomes, full = s.run(rules, [][]int{everyRule(rules)})
	}
	for i := range outcomes {
		drafts, failures = append(drafts, outcomes[i].drafts...), append(failures, outcomes[i].failures...)
		if s.omitted != nil {
			s.omitted.take(&outcomes[i].omitted)
		}
	}
	if full {
		drafts = drafts[:min(max(s.most, 0), len(drafts))]
	}
	return drafts, failures, full
}

// fewObjects are judged sooner than goroutines are set up.
const fewObjects = 16

// lanesOf parts the rules, by their positions, into lanes that run at the same time. The rules of an area share what
// they note, and a budget, so that they stay together and in their order.
func lanesOf(rules []activeRule, view *RootView) (lanes [][]int) {
	if len(view.Objects) < fewObjects {
		return [][]int{everyRule(rules)}
	}
	lane := make(map[string]int)
	for i, r := range rules {
		at, known := lane[r.Area]
		if !known {
			at = len(lanes)
			lane[r.Area], lanes = at, append(lanes, nil)
		}
		lanes[at] = append(lanes[at], i)
	}
	slices.SortStableFunc(lanes, func(a, b []int) int { return len(b) - len(a) })
	return lanes
}

func everyRule(rules []activeRule) []int {
	all := make([]int, len(rules))
	for i := range all {
		all[i] = i
	}
	return all
}

// run runs the rules of each lane one after the other, and the lanes at the same time. It stops when there are too many
// drafts.
func (s scene) run(rules []activeRule, lanes [][]int) (outcomes []outcome, full bool) {
	outcomes = make([]outcome, len(rules))
	var count, next atomic.Int64
	var work sync.WaitGroup
	for range min(len(lanes), runtime.GOMAXPROCS(0)) {
		work.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(lanes)); i = next.Add(1) - 1 {
				for _, rule := range lanes[i] {
					s.apply(&rules[rule], &outcomes[rule], &count)
				}
			}
		})
	}
	work.Wait()
	return outcomes, count.Load() > int64(s.most)
}

// apply runs one rule, with one pass for all objects, which no rule may keep. count is how many drafts all rules have made.
func (s scene) apply(r *activeRule, to *outcome, count *atomic.Int64) {
	if s.view.Root.Kind == manifests.Terraform && !r.Terraform || count.Load() > int64(s.most) {
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
		count.Add(int64(len(to.drafts) - made))
		made = len(to.drafts)
	}
	if r.CheckRoot != nil && !s.empty {
		note(guarded(r.CheckRoot, pass))
	}
	if r.Check != nil {
		for _, o := range s.view.about(r.Rule) {
			if count.Load() > int64(s.most) {
				return
			}
			note(checkObject(r.Rule, pass, o))
		}
	}
	if r.CheckRemoved != nil {
		note(checkRemoved(r.Rule, pass, s.gone))
	}
}
