package review

import (
	"context"
	"fmt"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// A kustomization that gathers others does not render when one of them does not. The others are then reviewed by
// themselves, without what the gathering one makes of them, so that one failure does not hide the rest of a repository.

const (
	maxParts      = 500 // of all roots
	maxPartLevels = 10  // of kustomizations that gather kustomizations
)

// parts renders what roots that fail at head gather, level by level: of what fails there in turn its own parts. A part
// that is read by a root which renders is left to that.
func (e *Engine) parts(ctx context.Context, r *run, plan *Plan, pairs []*pair) (all []*pair, err error) {
	seen := make(map[string]bool)
	for _, p := range pairs {
		if p.Head == nil || p.head.err != nil {
			continue
		}
		for _, dir := range manifests.Kustomizations(p.head.reads) {
			seen[dir] = true
		}
	}
	failed := r.fallenApart(pairs)
	for level := 0; level < maxPartLevels && len(failed) > 0; level++ {
		var next []RootPair
		for _, p := range failed {
			next = append(next, plan.partsOf(p, seen)...)
		}
		now := next[:min(len(next), maxParts-len(all))]
		r.partsLeft += len(next) - len(now)
		rendered, err := e.renderPairs(ctx, r, now)
		if err != nil {
			return nil, err
		}
		all, failed = append(all, rendered...), r.fallenApart(rendered)
	}
	return withoutEchoes(all, pairs), nil
}

// partsBefore renders at base what roots gather that fail there and render at head. What these parts show by themselves
// was there to be seen before, in a review as well: it is not what a repair brings. What no part shows nobody has judged.
func (e *Engine) partsBefore(ctx context.Context, r *run, plan *Plan, pairs []*pair) (found []*pair, err error) {
	seen := make(map[string]bool)
	failed := slices.DeleteFunc(slices.Clone(pairs), func(p *pair) bool {
		return p.Base == nil || p.base.err == nil || p.Head == nil || p.head.err != nil || !p.affected(r.change)
	})
	for level := 0; level < maxPartLevels && len(failed) > 0; level++ {
		var next []RootPair
		for _, p := range failed {
			for _, part := range plan.base.Parts(*p.Base) {
				if !seen[part.Path] {
					seen[part.Path] = true
					next = append(next, RootPair{Base: &part})
				}
			}
		}
		rendered, err := e.renderPairs(ctx, r, next[:min(len(next), maxParts-len(found))])
		if err != nil {
			return nil, err
		}
		found = append(found, rendered...)
		failed = slices.DeleteFunc(slices.Clone(rendered), func(p *pair) bool { return p.base.err == nil })
	}
	return found, nil
}

// withoutEchoes leaves out parts that fail for the reason that a whole fails for.
func withoutEchoes(parts, wholes []*pair) []*pair {
	said := make(map[string]bool)
	for _, p := range wholes {
		if p.head.err != nil {
			said[p.head.err.Error()] = true
		}
	}
	return slices.DeleteFunc(parts, func(p *pair) bool { return p.head.err != nil && said[p.head.err.Error()] })
}

// fallenApart are the affected roots that do not render at head, though they might, were they smaller.
func (r *run) fallenApart(pairs []*pair) []*pair {
	return slices.DeleteFunc(slices.Clone(pairs), func(p *pair) bool {
		return p.Head == nil || p.head.err == nil || p.head.err.Elsewhere || p.givenUp || !p.affected(r.change)
	})
}

// partsOf pairs the parts of a root that were not seen yet, and says that they are looked at.
func (plan *Plan) partsOf(p *pair, seen map[string]bool) (parts []RootPair) {
	before := make(map[string]*manifests.Root)
	if p.Base != nil {
		for _, part := range plan.base.Parts(*p.Base) {
			before[part.Path] = &part
		}
	}
	for _, part := range plan.found.Parts(*p.Head) {
		if !seen[part.Path] {
			seen[part.Path] = true
			parts = append(parts, RootPair{Base: before[part.Path], Head: &part, partOf: firstOf(p.partOf, p.path())})
		}
	}
	return parts
}

// countParts counts the parts that the change affects among the roots, and says of which ones they are, and how many were left
// out.
func (result *Result) countParts(pairs []*pair, left int) {
	parts, of := 0, make(map[string]bool)
	for _, p := range pairs {
		if p.partOf != "" {
			result.Total++
			parts++
			of[p.partOf] = true
		}
	}
	if parts == 0 {
		return
	}
	var whole []string
	for _, p := range pairs {
		if p.partOf == "" && of[p.path()] {
			whole = append(whole, p.path())
		}
	}
	result.Notes = append(result.Notes, fmt.Sprintf("not rendered as a whole: %s; what is taken from other kustomizations there, %d of them, is reviewed by itself, as it is before what takes it changes it", shortList(whole), parts))
	if left > 0 {
		result.Notes = append(result.Notes, fmt.Sprintf("not reviewed: %d more kustomizations there, beyond the %d that are rendered by themselves when what takes them does not render", left, maxParts))
	}
}
