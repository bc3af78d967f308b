package review

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// noisyRules report each object, omit it and fail on every third one, in four areas.
func noisyRules() (rules []activeRule) {
	for i := range 12 {
		kinds := []string{AnyKind}
		if i%3 == 1 {
			kinds = []string{"Secret", "ConfigMap", "ConfigMap.example.com"}
		}
		n := 0
		rules = append(rules, activeRule{Rule: &Rule{ID: fmt.Sprintf("rule-%d", i), Area: fmt.Sprintf("area-%d", i%4), Kinds: kinds, Check: func(p *Pass) {
			made := OnceOf(p.Index, p.Rule.Area, func(*Index) *int { return new(int) })
			*made++ // rules of an area never run at the same time
			p.Report(p.Object.Field(), "%s at %d of %s", p.Object.Name, n, p.Rule.Area)
			p.Omit("reason "+p.Rule.Area, p.Object.Name)
			if n++; n%3 == 0 {
				panic("stumbles")
			}
		}}})
	}
	return rules
}

// TestLanes proves that rules which run at the same time give what they give one after the other, in the same order.
func TestLanes(t *testing.T) {
	t.Parallel()
	var objects []*manifests.Object
	for i := range 60 {
		kind := []string{"ConfigMap", "Secret", "Service"}[i%3]
		o, err := manifests.NewObject(fmt.Appendf(nil, "apiVersion: v1\nkind: %s\nmetadata: {name: o%d}\n", kind, i))
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	view := NewRootView(manifests.Root{Path: "x"}, objects)
	stage := func(most int) scene {
		return scene{view: view, index: NewIndex(objects), policy: DefaultPolicy(), most: most, omitted: &omissions{}}
	}
	heard := func(lanes func([]*hearing)) (all []string) {
		var hearings []*hearing
		var omitted [4]omissions
		for i := range omitted {
			s := stage(10_000)
			s.omitted = &omitted[i]
			hearings = append(hearings, newHearing(s, new(atomic.Int64)))
		}
		lanes(hearings)
		for _, h := range hearings {
			drafts, failures, full := h.told(noisyRules(), h.most)
			if full {
				t.Fatal("there are not too many")
			}
			for _, d := range drafts {
				all = append(all, d.rule.ID+" "+d.message)
			}
			all = slices.Concat(all, failures, h.omitted.notes())
		}
		return all
	}
	rules := noisyRules()
	first := heard(func(hearings []*hearing) {
		for _, h := range hearings {
			h.run(rules, everyRule(rules))
		}
	})
	for range 5 {
		rules := noisyRules()
		again := heard(func(hearings []*hearing) {
			if lanes := lanesOf(rules, hearings); len(lanes) != 4 {
				t.Errorf("%d lanes for four areas", len(lanes))
			}
			hear(rules, hearings)
		})
		if len(first) < 4000 || !slices.Equal(first, again) {
			t.Fatalf("one after the other:\n%q\nat the same time:\n%q", first, again)
		}
	}
	for range 5 {
		drafts, _, stopped := evaluate(noisyRules(), stage(100))
		if len(drafts) != 100 || !stopped || drafts[99].rule.ID != "rule-1" {
			t.Fatalf("of at most 100: %d, %v, the last by %s", len(drafts), stopped, drafts[len(drafts)-1].rule.ID)
		}
	}
}
