package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/report"
)

// post is a new comment, and the older ones on the same findings that it takes the place of.
type post struct {
	report.Comment
	replaces []shown
}

// reconcile decides about each comment. It is a function of what is wanted and what is shown: when nothing has
// changed, nothing is to be done.
//
//   - A comment that stands where it is wanted stays, with its text brought up to date, shown again if we hid it.
//   - One that is wanted elsewhere is posted there, and the old one hidden as outdated; but where a person answered and
//     the thread still stands on a line, the conversation stays where it is.
//   - One whose findings are gone is hidden as resolved, unless a person answered.
//   - One whose findings stand and which is not wanted (too many comments, a draft) stays as it is; so does every one
//     when not all could be checked.
func reconcile(wanted report.Publication, head string, have []shown) (posts []post, tidy []mutation) {
	r := reconciler{have: have, used: make([]bool, len(have)), head: head}
	places := make([]int, len(wanted.Comments))
	for i, w := range wanted.Comments {
		places[i] = r.inPlace(w)
	}
	for i, w := range wanted.Comments {
		if places[i] < 0 {
			places[i] = r.conversation(w)
		}
		if places[i] >= 0 {
			tidy = append(tidy, keep(have[places[i]], w)...)
		}
	}
	for i, w := range wanted.Comments {
		if places[i] < 0 {
			posts = append(posts, post{w, r.replaced(w)})
		}
	}
	return posts, append(tidy, r.rest(wanted)...)
}

type reconciler struct {
	have []shown
	used []bool // has been decided about
	head string
}

// inPlace takes the comment that stands where one is wanted: a visible one before a hidden one, one that was answered
// before one that was not.
func (r *reconciler) inPlace(w report.Comment) int {
	best, bestRank := -1, -1
	for i, s := range r.have {
		if r.used[i] || !meet(s.fingerprints, w.Fingerprints) || !s.standsAt(w, r.head) {
			continue
		}
		rank := 0
		if s.answered {
			rank++
		}
		if !s.hidden {
			rank += 2
		}
		if rank > bestRank {
			best, bestRank = i, rank
		}
	}
	return r.take(best)
}

// conversation takes a comment elsewhere that a person answered and that still stands on a line, or that a person hid.
func (r *reconciler) conversation(w report.Comment) int {
	for i, s := range r.have {
		stays := s.answered && !s.hidden && !s.outdated || s.byPerson()
		if !r.used[i] && stays && s.file == w.File && meet(s.fingerprints, w.Fingerprints) {
			return r.take(i)
		}
	}
	return -1
}

func (r *reconciler) take(i int) int {
	if i >= 0 {
		r.used[i] = true
	}
	return i
}

// replaced takes the visible comments on the same findings that a new one takes the place of. Those that a person
// answered stay.
func (r *reconciler) replaced(w report.Comment) []shown {
	var all []shown
	for i, s := range r.have {
		if !r.used[i] && meet(s.fingerprints, w.Fingerprints) {
			r.used[i] = true
			if !s.hidden && !s.answered {
				all = append(all, s)
			}
		}
	}
	return all
}

// keep brings a comment that stays up to date.
func keep(s shown, w report.Comment) (tidy []mutation) {
	if s.byPerson() {
		return nil
	}
	if s.hidden {
		tidy = append(tidy, unminimize(s.node))
	}
	body := w.Body
	if s.whole && w.Line > 0 {
		body = onFile(w, placedHead(s.body))
	}
	if !same(s.body, body) {
		tidy = append(tidy, editInline(s.node, body))
	}
	return tidy
}

// rest decides about the comments that nothing was decided about.
func (r *reconciler) rest(wanted report.Publication) (tidy []mutation) {
	var commented []string
	for _, w := range wanted.Comments {
		commented = append(commented, w.Fingerprints...)
	}
	slices.Sort(commented)
	standing := slices.Sorted(slices.Values(wanted.Standing))
	for i, s := range r.have {
		switch {
		case r.used[i] || s.hidden || s.answered:
		case meetSorted(s.fingerprints, commented): // shown by another comment
			tidy = append(tidy, minimize(s.node, "OUTDATED"))
		case wanted.Incomplete || meetSorted(s.fingerprints, standing):
		default:
			tidy = append(tidy, minimize(s.node, "RESOLVED"))
		}
	}
	return tidy
}

// standsAt reports whether a comment stands where one is wanted. One that GitHub would not take on its line stands on
// the file instead, for as long as the head is the same; at another head the line is tried again.
func (s shown) standsAt(w report.Comment, head string) bool {
	switch {
	case s.file != w.File:
		return false
	case s.whole:
		return w.Line == 0 || placedHead(s.body) == head && placedLine(s.body) == w.Line
	}
	return !s.outdated && s.line == w.Line && startOf(s.startLine, s.line) == startOf(w.StartLine, w.Line)
}

// startOf is the first line of a range that may be one line.
func startOf(start, line int) int {
	if start == 0 {
		return line
	}
	return start
}

// placed begins a comment on a file that was meant for a line; the last line is the marker's.
var placed = regexp.MustCompile(`^<!-- landwaiter placed line=([0-9]{1,9}) head=([0-9a-f]{40,64}) -->\n`)

func placedLine(body string) (line int) {
	if m := placed.FindStringSubmatch(stored(body)); m != nil {
		_, _ = fmt.Sscan(m[1], &line)
	}
	return line
}

func placedHead(body string) string {
	if m := placed.FindStringSubmatch(stored(body)); m != nil {
		return m[2]
	}
	return ""
}

// onFile is the text of a comment on a file that was meant for a line: it says which line, and a suggestion, which
// needs a line, becomes a plain block.
func onFile(w report.Comment, head string) string {
	body := strings.ReplaceAll(w.Body, "```suggestion", "```yaml")
	return fmt.Sprintf("<!-- landwaiter placed line=%d head=%s -->\n\nLine %d:\n\n%s", w.Line, head, w.Line, body)
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(f string) bool { return slices.Contains(b, f) })
}

func meetSorted(a, sorted []string) bool {
	return slices.ContainsFunc(a, func(f string) bool {
		_, ok := slices.BinarySearch(sorted, f)
		return ok
	})
}
