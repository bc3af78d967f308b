package review

import (
	"fmt"
	"slices"
)

// judged is all that is judged: the affected roots, and what they were held against.
type judged struct {
	pairs, witnesses []*pair
	plan             *Plan
	base, head       *side
}

// judgeRoots runs the rules over both sides of every root, and notes what else there is to say of each. It returns which
// root at head is which at base.
func (r *run) judgeRoots(all *judged, result *Result) (origin map[string]string) {
	var beside *across
	var baseIndex *Index
	base, head, origin := all.base, all.head, origins(all.pairs)
	if r.change.Base != nil {
		baseIndex, beside = base.index(all.plan.BaseContext), newAcross(base, head, origin, all.plan.headPlain)
	}
	headIndex := head.index(all.plan.HeadContext)
	var omitted omissions
	for _, p := range all.pairs {
		before, after := base.viewOf(p.Base), head.viewOf(p.Head)
		r.evaluate(base, scene{view: before, tree: r.change.Base, index: baseIndex, kube: r.kube, policy: r.policy, known: r.evidence})
		at := scene{view: after, tree: r.change.Head, base: before, index: headIndex, before: baseIndex, across: beside, omitted: &omitted, kube: r.kube, policy: r.policy, because: p.because, known: r.evidence}
		problems, stopped := r.evaluate(head, at.withRemoved())
		if result.Notes = append(result.Notes, problems...); stopped {
			p.head.err = tooManyViolations()
		}
		result.Findings = append(result.Findings, r.renderFailures(p)...)
		if p.Head != nil && p.head.err != nil && p.head.err.Elsewhere {
			result.Notes = append(result.Notes, fmt.Sprintf("%s is not rendered: %v", p.path(), p.head.err))
		}
		result.Findings = append(result.Findings, r.chartFindings(p)...)
		result.Findings = append(result.Findings, r.fetchedFindings(p)...)
		result.Findings = append(result.Findings, r.suppliedFindings(p)...)
		result.Notes = append(result.Notes, r.fetchedNotes(p)...)
		if f, ok := r.helmLineDiffers(p); ok {
			result.Findings = append(result.Findings, f)
		}
		if !p.kind().Renders() {
			result.Modules++
			continue
		}
		result.ImageChanges = append(result.ImageChanges, imageChanges(before, after)...)
		diff := p.diff()
		result.Roots = append(result.Roots, p.result(len(diff)))
		result.Diff = append(result.Diff, diff...)
		if reach, ok := p.reach(diff); ok {
			result.Reaches = append(result.Reaches, reach)
		}
	}
	result.Notes = slices.Concat(result.Notes, refused(all.pairs), omitted.notes())
	r.testify(base, all.witnesses, baseIndex)
	return origin
}

// judge turns rendered roots into findings and differences.
func (r *run) judge(all *judged, result *Result) {
	base, head, origin := all.base, all.head, r.judgeRoots(all, result)
	conceal(result.Diff, base, head)
	result.Findings = append(result.Findings, r.blastRadius(all.pairs, result.Diff)...)
	result.Findings = append(result.Findings, r.policyWeakened()...)
	pairOf := func(headRoot string) string { return origin[headRoot] }
	compare(r.change, base, head, pairOf)
	blame(r.change, base, head, pairOf)
	r.soften(head.candidates)
	head.candidates = append(head.candidates, head.removed...)

	r.exemptCandidates(head.candidates)
	r.bindEffects(base.candidates)
	r.bindEffects(head.candidates)
	result.Findings = append(result.Findings, r.leftOutFailures()...)
	r.exemptFindings(result.Findings)
	result.Findings = joinFailures(result.Findings)
	result.Findings = append(result.Findings, findings(r.change, head.candidates, (*candidate).status)...)
	result.Findings = append(result.Findings, findings(r.change, base.unmatched(), func(*candidate) Status { return Fixed })...)
	if r.file != "" {
		result.Findings = slices.DeleteFunc(result.Findings, func(f Finding) bool { return f.Location.File != r.file })
	}
	distinguish(result.Findings)
	r.accept(result.Findings)
	sortFindings(result.Findings)
	result.Images = append(r.imagesOf(head.all()), r.chartResults(all.pairs)...)
	result.Summary = Count(result.Findings)
	result.Verdict = Judge(r.policy.Gate, result.Findings)
	if r.failUnrendered && slices.ContainsFunc(all.pairs, (*pair).breaks) {
		result.Verdict = Fails
	}
}

// origins maps roots at head to the same roots at base.
func origins(pairs []*pair) map[string]string {
	origin := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if p.Head != nil && p.Base != nil {
			origin[rootKey(*p.Head)] = rootKey(*p.Base)
		}
	}
	return origin
}

// sides makes the views of all roots. Base is left out where head does not render: nothing can be compared there.
func (r *run) sides(pairs []*pair) (base, head *side) {
	base, head = newSide(), newSide()
	for _, p := range pairs {
		if p.Base != nil && p.head.err == nil {
			base.add(*p.Base, p.base, r.policy)
		}
		if p.Head != nil {
			head.add(*p.Head, p.head, r.policy)
		}
	}
	return base, head
}

// evaluate runs the rules over a view, if there is one, and places what they found. When a side has too many violations
// the rest is not looked for.
func (r *run) evaluate(s *side, at scene) (problems []string, stopped bool) {
	if at.view == nil {
		return nil, false
	}
	if at.most = min(maxRootDrafts, maxDrafts-len(s.candidates)); at.most <= 0 {
		return nil, true
	}
	drafts, problems, stopped := evaluate(r.active, at)
	locator := newGoneLocator(r.change, at.because)
	for _, c := range place(r.change, drafts) {
		if c.gone {
			c.location, c.source = locator.locate(c.object)
			s.removed = append(s.removed, c)
		} else {
			s.candidates = append(s.candidates, c)
		}
	}
	return problems, stopped
}
