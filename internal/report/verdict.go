package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// The conclusions of a check run. GitHub lets a required check pass with Neutral too, which is for what nobody should
// require: see Advise.
const (
	Success        = "success"
	Failure        = "failure"
	ActionRequired = "action_required" // a person has to act before the check can pass
	Cancelled      = "cancelled"
	Neutral        = "neutral"
)

// policy returns the policy that the review followed.
func (r *Report) policy() *review.Policy {
	if r.Policy != nil {
		return r.Policy
	}
	p := review.DefaultPolicy()
	p.Gate.FailOn = r.FailOn
	return p
}

// failOn is the level of new findings that fails the check.
func (r *Report) failOn() review.Level {
	for _, level := range []review.Level{r.FailOn, r.policy().Gate.FailOn} {
		if level > 0 {
			return level
		}
	}
	return review.Error
}

// stopping returns the findings that fail the check and that a person may accept, and how many others fail it.
func (r *Report) stopping() (waiting []review.Finding, others int) {
	policy, gate := r.policy(), review.Gate{FailOn: r.failOn()}
	acceptable := make(map[string]bool)
	for i := range r.Findings {
		f := &r.Findings[i]
		if !gate.Stops(f) {
			continue
		}
		if _, known := acceptable[f.Rule]; !known {
			acceptable[f.Rule] = len(policy.Acknowledging(f.Rule)) > 0
		}
		if acceptable[f.Rule] {
			waiting = append(waiting, *f)
		} else {
			others++
		}
	}
	return waiting, others
}

// onlyWaits returns how many findings wait for somebody to accept them, where that is all that keeps the check from
// passing.
func (r *Report) onlyWaits() int {
	waiting, others := r.stopping()
	if r.Verdict != review.Fails || others > 0 || r.PolicyChange.breaks() {
		return 0
	}
	return len(waiting)
}

// conclusion is the check run's.
func (r *Report) conclusion() string {
	switch {
	case r.onlyWaits() > 0:
		return ActionRequired
	case r.Verdict == review.Fails, r.PolicyChange.breaks():
		return Failure
	}
	return Success
}

// verdict says whether the check passes, and what decides it.
func (r *Report) verdict() string {
	gate := "new findings of level " + r.failOn().String()
	if r.failOn() < review.Error {
		gate += " or worse"
	}
	waiting, others := r.stopping()
	switch n := r.onlyWaits(); {
	case n > 0:
		return fmt.Sprintf("The check **waits** for a person's word on %s.", Plural(n, "new finding"))
	case r.Verdict == review.Fails && len(waiting) > 0 && others > 0:
		return fmt.Sprintf("The check **fails**: there are %s. A person may accept %d of them.", gate, len(waiting))
	case r.Verdict == review.Fails:
		return "The check **fails**: there are " + gate + "."
	case r.PolicyChange.breaks():
		return "The check **fails**: the policy that this change brings cannot be used."
	}
	return "The check passes. It fails on " + gate + "."
}

// toAccept lists the findings that wait for a person, with who that is and what to write.
func toAccept(r *Report) string {
	waiting, _ := r.stopping()
	if len(waiting) == 0 {
		return ""
	}
	return "### To be accepted, or corrected\n\n" + list(worstFirst(waiting), "finding", func(f review.Finding) string {
		return fmt.Sprintf("- %s %s: %s.\n", r.ruleLink(f), r.placeLink(f.Location), acceptance(r.policy(), f))
	})
}

// acceptance says who may accept a finding, and how.
func acceptance(policy *review.Policy, f review.Finding) string {
	return fmt.Sprintf("%s may accept it by the comment %s", Acceptors(policy.Acknowledging(f.Rule)), code("/landwaiter accept "+f.Fingerprint+" REASON"))
}

// Acceptors names in Markdown the people and teams that may accept, without calling them.
func Acceptors(entries []review.Acknowledge) string {
	var names []string
	anyway := make(map[string]bool) // also what they opened themselves
	for _, a := range entries {
		for _, name := range a.By {
			if !slices.Contains(names, code(name)) {
				names = append(names, code(name))
			}
			anyway[code(name)] = anyway[code(name)] || !a.NotAuthor
		}
	}
	others := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return anyway[name] })
	text := strings.Join(names, " or ")
	switch {
	case len(others) == 0:
		return text
	case len(others) == len(names):
		return text + ", but not who opened the pull request,"
	}
	return fmt.Sprintf("%s (of %s not who opened the pull request)", text, strings.Join(others, " or "))
}

// accepted lists what people accepted in the pull request, with who and why.
func accepted(r *Report) string {
	all := slices.DeleteFunc(r.Shown(review.Exempt), func(f review.Finding) bool { return !f.Accepted() })
	if len(all) == 0 {
		return ""
	}
	return "### Accepted\n\n" + list(worstFirst(all), "finding", func(f review.Finding) string {
		return fmt.Sprintf("- %s %s: %s. Accepted by %s: %s\n", r.ruleLink(f), r.placeLink(f.Location),
			markdownText(shorten(f.Message, maxCell)), code(f.Exemption.By), markdownText(shorten(f.Exemption.Reason, maxReason)))
	})
}
