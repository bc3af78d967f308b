package review

import "github.com/landwaiter/landwaiter/internal/manifests"

// spot is a rule at a field of one object.
type spot struct {
	object *manifests.Object
	path   string
	rule   string
}

// coverage says which violations are named beside a more specific one at the same field, instead of by themselves.
type coverage map[spot][]*candidate

// newCoverage finds out which of the candidates others stand in for, and marks them.
func newCoverage(candidates []*candidate) coverage {
	v := make(coverage, len(candidates))
	for _, c := range candidates {
		at := spot{c.object, c.path, c.rule.ID}
		v[at] = append(v[at], c)
	}
	for _, c := range candidates {
		for _, other := range v.below(c) {
			other.covered = true
		}
	}
	return v
}

// below returns the violations that c says more specifically. It stands in for none that is worse or newer, which would
// then be lost to the gate, or below the level that is shown. An exemption of c is one of all that it stands for: to the
// reader they are one finding.
func (v coverage) below(c *candidate) (covered []*candidate) {
	for _, general := range c.rule.Covers {
		for _, other := range v[spot{c.object, c.path, general}] {
			if other.level <= c.level && (other.outcome() == Existing || c.outcome() == New) {
				covered = append(covered, other)
			}
		}
	}
	return covered
}

// also returns the rules that c stands in for, directly or through others.
func (v coverage) also(c *candidate) (rules []string) {
	seen := map[*candidate]bool{c: true}
	for queue := v.below(c); len(queue) > 0; queue = queue[1:] {
		if other := queue[0]; !seen[other] {
			seen[other] = true
			rules = append(rules, other.rule.ID)
			queue = append(queue, v.below(other)...)
		}
	}
	return rules
}
