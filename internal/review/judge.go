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
	bystanders       bystanders
}

// judgeRoots runs the rules over both sides of every root, and notes what else there is to say of each. It returns which
// root at head is which at base.
func (r *run) judgeRoots(all *judged, result *Result) (origin map[string]string) {
	base, head, origin := all.base, all.head, origins(all.pairs)
	found, baseIndex := r.judgePairs(all, origin)
	var omitted omissions
	for i, p := range all.pairs {
		v := found[i]
		r.take(base, &v.base)
		if r.take(head, &v.head); v.head.stopped {
			p.head.err, v.diff = tooManyViolations(), nil
		}
		omitted.take(&v.head.omitted)
		result.Notes = append(result.Notes, v.head.problems...)
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
		result.ImageChanges = append(result.ImageChanges, v.images...)
		result.Roots = append(result.Roots, p.result(len(v.diff)))
		result.Diff = append(result.Diff, v.diff...)
		if reach, ok := p.reach(v.diff); ok {
			result.Reaches = append(result.Reaches, reach)
		}
	}
	result.Notes = slices.Concat(result.Notes, refused(all.pairs), omitted.notes(), all.bystanders.notes())
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
	r.blame(base, head, pairOf)
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
	base.deployed, head.deployed = wholly(pairs)
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
