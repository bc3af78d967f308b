package review

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Acceptance is the word of a person, given in a pull request, that a finding is meant. It is bound to the finding's
// fingerprint, which for the rules that can be accepted holds the effect, and the roots that show it. Whether the
// person may accept is for the caller to find out, by Policy.Acknowledging.
type Acceptance struct {
	Fingerprint string
	By          string // the person's login, as "@alice"
	Reason      string
	At          time.Time
}

// byFingerprint finds acceptances; of two of one finding the later one counts.
func byFingerprint(all []Acceptance) map[string]Acceptance {
	found := make(map[string]Acceptance, len(all))
	for _, a := range all {
		if had, ok := found[a.Fingerprint]; !ok || !a.At.Before(had.At) {
			found[a.Fingerprint] = a
		}
	}
	return found
}

// accept exempts the new findings that were accepted, as far as the policy lets findings of their rules be.
func (r *run) accept(all []Finding) {
	for i := range all {
		f := &all[i]
		a, ok := r.accepted[f.Fingerprint]
		if !ok || f.Status != New || len(r.policy.Acknowledging(f.Rule)) == 0 {
			continue
		}
		f.Status, f.Exemption = Exempt, &Exemption{Reason: a.Reason, By: a.By}
	}
}

// bindEffects gives the candidates whose fingerprints are to hold their effect what that is: those that their rules say
// one of, and all of the rules whose findings can be accepted. Values of secrets are left out: what is short could be
// guessed from a hash.
func (r *run) bindEffects(candidates []*candidate) {
	acknowledged := make(map[string]bool)
	for _, a := range r.active {
		acknowledged[a.ID] = len(r.policy.Acknowledging(a.ID)) > 0
	}
	values := make(map[spot]string) // each field is written once, however many violations it has
	for _, c := range candidates {
		if c.bound = c.effect; c.bound != "" || !acknowledged[c.rule.ID] {
			continue
		}
		at := spot{object: c.object, path: c.path}
		if _, ok := values[at]; !ok && c.object.Kind != "Secret" && c.rule.Area != "secret" {
			values[at] = fingerprint(c.value())
		}
		c.bound = fingerprint(strings.Join([]string{c.message, c.uncut, values[at]}, "|"))
	}
}

// value writes what the field holds, all of a mapping or list, in a form that does not depend on how it is written.
func (c *candidate) value() string {
	var value any
	field := c.object.Lookup(c.path)
	if !field.IsSet() {
		return ""
	}
	if err := field.Decode(&value); err != nil {
		return field.Text()
	}
	return fmt.Sprintf("%#v", value) // which writes mappings in the order of their keys
}

// bindTo makes the fingerprint one of the finding's effects in all its roots, where there are any.
func (f *Finding) bindTo(effects []string) {
	if len(effects) == 0 {
		return
	}
	slices.Sort(effects)
	f.Fingerprint = fingerprint(strings.Join(slices.Compact(effects), "\n"))
}
