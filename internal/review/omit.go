package review

import (
	"fmt"
	"slices"
	"strings"
)

// omissions are what rules could not look at, by the reason.
type omissions struct {
	reasons []string
	things  map[string][]string
}

// Omit says in the notes of the review that the rule could not look at something, and why. However often it is said, a
// thing is named once.
func (p *Pass) Omit(reason, thing string) {
	if p.omitted == nil || slices.Contains(p.omitted.things[reason], thing) {
		return // base itself is judged, of which nobody reads
	}
	if p.omitted.things == nil {
		p.omitted.things = map[string][]string{}
	}
	if p.omitted.things[reason] == nil {
		p.omitted.reasons = append(p.omitted.reasons, reason)
	}
	p.omitted.things[reason] = append(p.omitted.things[reason], shorten(thing))
}

// notes returns a note for each reason.
func (o *omissions) notes() (notes []string) {
	const most = 30
	for _, reason := range o.reasons {
		things := o.things[reason]
		slices.Sort(things)
		more := ""
		if len(things) > most {
			more = fmt.Sprintf(" and %d more", len(things)-most)
			things = things[:most]
		}
		notes = append(notes, reason+": "+strings.Join(things, ", ")+more)
	}
	return notes
}
