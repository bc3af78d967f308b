package review

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// spot is a rule at a field of one object.
type spot struct {
	object *manifests.Object
	path   string
	rule   string
}

// SameAs names a field of another object of the root: a violation there of a rule that covers this one says the same,
// as a pod without network policy does of its namespace without any. It may be called several times.
func (d *Draft) SameAs(o *manifests.Object, at manifests.Field) *Draft {
	d.same = append(d.same, spot{o, at.Path(), d.rule.ID})
	return d
}

// coverage says which violations are named beside a more specific one at the same field, or at one that SameAs named,
// instead of by themselves.
type coverage struct{ at, same map[spot][]*candidate }

// newCoverage finds out which of the candidates others stand in for, and marks them.
func newCoverage(candidates []*candidate) coverage {
	v := coverage{make(map[spot][]*candidate, len(candidates)), make(map[spot][]*candidate)}
	for _, c := range candidates {
		at := spot{c.object, c.path, c.rule.ID}
		v.at[at] = append(v.at[at], c)
		for _, at := range c.same {
			v.same[at] = append(v.same[at], c)
		}
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
// reader they are one finding. But one of an object does not excuse others of its namespace.
func (v coverage) below(c *candidate) (covered []*candidate) {
	for _, general := range c.rule.Covers {
		at := spot{c.object, c.path, general}
		others := v.at[at]
		if c.accepted == nil {
			others = append(slices.Clip(others), v.same[at]...)
		}
		for _, other := range others {
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
