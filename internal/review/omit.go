package review

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// omissions are what rules could not look at, by the reason.
type omissions struct {
	reasons []string
	things  map[string]map[string]bool
}

// Omit says in the notes of the review that the rule could not look at something, and why. However often it is said, a
// thing is named once.
func (p *Pass) Omit(reason, thing string) {
	if p.omitted != nil { // else base itself is judged, of which nobody reads
		p.omitted.add(reason, shorten(thing))
	}
}

func (o *omissions) add(reason, thing string) {
	if o.things == nil {
		o.things = map[string]map[string]bool{}
	}
	if o.things[reason] == nil {
		o.reasons = append(o.reasons, reason)
		o.things[reason] = map[string]bool{}
	}
	o.things[reason][thing] = true
}

// take adds all that others hold.
func (o *omissions) take(others *omissions) {
	for _, reason := range others.reasons {
		for thing := range others.things[reason] {
			o.add(reason, thing)
		}
	}
}

// notes returns a note for each reason.
func (o *omissions) notes() (notes []string) {
	const most = 30
	for _, reason := range o.reasons {
		things := slices.Sorted(maps.Keys(o.things[reason]))
		more := ""
		if len(things) > most {
			more = fmt.Sprintf(" and %d more", len(things)-most)
			things = things[:most]
		}
		notes = append(notes, reason+": "+strings.Join(things, ", ")+more)
	}
	return notes
}
