package protection

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// guard is one thing that an object protects from, by its effect: whatever the object is called and wherever it is written.
type guard struct {
	key    string // equal for what has the same effect, but for grades, scope and limit
	does   string // what it is, for sentences: "rule require-tag"
	grades []grade
	scope
	limit *limit
	at    manifests.Field
	idle  bool         // it is there and protects from nothing: nobody misses it
	mild  review.Level // of what its loss is reported as at most; 0 for the rule's level
}

// grade is how strictly something is done.
type grade struct {
	n    int // more is stricter
	name string
	at   manifests.Field
}

// limit is how much of something is allowed at most.
type limit struct {
	most float64
	text string
}

// slack is how many times as much a limit may become before it counts as none: limits follow what is needed.
const slack = 10

// weakness is what a guard of head lacks of what one of base did.
type weakness struct {
	at   manifests.Field // of head
	says string          // completes a sentence whose subject is what the guard does
	mild bool
}

// weaker says in what a guard of head falls short of g, one of base.
func (g *guard) weaker(now *guard) (weakness, bool) {
	for i, was := range g.grades {
		if i < len(now.grades) && now.grades[i].n < was.n {
			return weakness{at: now.grades[i].at, says: fmt.Sprintf("goes from %s to %s", was.name, now.grades[i].name)}, true
		}
	}
	if g.limit != nil && now.limit != nil && now.limit.most > slack*g.limit.most {
		return weakness{at: now.at, says: fmt.Sprintf("goes from %s to %s", g.limit.text, now.limit.text), mild: true}, true
	}
	return g.narrower(&now.scope)
}

// best returns what of several guards of head falls least short of g: nothing when one of them does all that g did.
func (g *guard) best(now []*guard) (least weakness, weak bool) {
	for i, n := range now {
		found, weaker := g.weaker(n)
		if !weaker {
			return weakness{}, false
		}
		if i == 0 {
			least, weak = found, true
		}
	}
	return least, weak
}
