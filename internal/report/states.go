package report

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review/policy"
)

// Besides what a review found there are the states in which there is none, or none yet. Each is said on every check run
// that the policy asks for, so that none of them is waited for in vain.

// outcome is a state without a review.
type outcome struct {
	conclusion string // "" while it is under way
	title      string // plain text
	text       []string
	actions    []Action
}

func (o outcome) checks(names []string) []Check {
	var all []Check
	for i, name := range names {
		c := Check{Name: name, Conclusion: o.conclusion, Title: title(o.title), Summary: Limit(paragraphs(o.text...), maxBody)}
		if i == 0 {
			c.Actions = o.actions
		}
		all = append(all, c)
	}
	return all
}

// InProgress is the state of checks whose review has begun. It has no conclusion yet.
func InProgress(names []string) []Check {
	return outcome{title: "Reviewing", text: []string{"The change is being rendered and reviewed."}}.checks(names)
}

// Superseded is the state of checks on a commit behind which a newer one came.
func Superseded(names []string, newer string) []Check {
	return outcome{conclusion: Cancelled, title: "Superseded by " + shortCommit(newer),
		text: []string{fmt.Sprintf("A newer commit, %s, is reviewed instead.", code(shortCommit(newer)))}}.checks(names)
}

// Gone is the state of checks on what was closed, or taken out of the merge queue, before its review was done.
func Gone(names []string) []Check {
	return outcome{conclusion: Cancelled, title: "Closed before the review was done",
		text: []string{"There is nothing left to be reviewed. Opened again, it is reviewed again."}}.checks(names)
}

// Unreviewed is the state of checks whose review failed by no fault of the change. What happened and what to do are plain
// sentences; review names it in the server's log.
func Unreviewed(names []string, happened, do, review string) []Check {
	o := outcome{conclusion: Failure, title: "Could not be reviewed: " + shorten(happened, maxReason), actions: []Action{rerun()}}
	o.text = []string{"The change **could not be reviewed**, so nobody knows what it does. The check fails until somebody does.",
		"What happened: " + markdownText(shorten(happened, 4*maxReason)), "What to do: " + markdownText(shorten(do, 4*maxReason))}
	if review != "" {
		o.text = append(o.text, "The server's log calls this review "+code(shorten(review, maxCell))+".")
	}
	return o.checks(names)
}

// TooLarge is the state of checks on a change that is more than is reviewed at once: what there is too much of, as
// "5,012 files", and how much is reviewed.
func TooLarge(names []string, is, most string) []Check {
	return outcome{conclusion: Failure, title: fmt.Sprintf("Too large to be reviewed: %s, at most %s", is, most),
		text: []string{fmt.Sprintf("The change has %s. At most %s are reviewed at once, and a part of them would say nothing of the rest.", markdownText(is), markdownText(most)),
			"What to do: split it, so that every part is reviewed as a whole."}}.checks(names)
}

// UnreadablePolicy is the state of checks under a policy that cannot be read. The error is that of policy.Load;
// address makes a link to a place in a policy file, "" for none, and may be nil.
func UnreadablePolicy(names []string, err error, address func(file string, line int) string) []Check {
	mistakes := mistakesOf(err)
	rows := list(mistakes, "mistake", func(m *policy.Mistake) string {
		place := code(shorten(m.Place(), maxCell))
		if address != nil && address(m.File, m.Line) != "" {
			place = link(place, address(m.File, m.Line))
		}
		return fmt.Sprintf("- %s: %s\n", place, markdownText(shorten(m.Reason, maxReason)))
	})
	return outcome{conclusion: ActionRequired, title: "The policy cannot be read: " + shorten(mistakes[0].Error(), maxReason), actions: []Action{rerun()},
		text: []string{"The policy **cannot be read**, and without it nothing is reviewed:", strings.TrimSpace(rows),
			"What to do: correct it where the lines above say, on the branch that this is to be merged into, and press Re-run. " +
				"The policy is read from there and not from this change, so that nobody can loosen their own review."}}.checks(names)
}

// NothingToReview is the state of checks on a change that touches no manifests, and of which nothing had to be rendered.
func NothingToReview(names []string, files int) []Check {
	return outcome{conclusion: Success, title: "Passed: no manifest among " + Plural(files, "changed file"),
		text: []string{"The check passes: the change affects nothing that is rendered."}}.checks(names)
}

// shortCommit is the beginning of a commit's id.
func shortCommit(id string) string { return id[:min(len(id), 7)] }
