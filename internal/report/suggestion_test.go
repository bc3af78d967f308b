package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/review"
)

// numbered is a file of so many lines.
func numbered(lines int) string {
	var b strings.Builder
	for i := range lines {
		fmt.Fprintf(&b, "k%d: v\n", i+1)
	}
	return b.String()
}

// fixAt is a finding on a line with a fix of edits.
func fixAt(line int, edits ...review.Edit) review.Finding {
	for i := range edits {
		if edits[i].File == "" {
			edits[i].File = "a.yaml"
		}
	}
	return review.Finding{Rule: "r", Level: review.Error, Status: review.New, Fingerprint: fingerprintOf(fmt.Sprintf("%x", line%16)),
		Location: review.Location{File: "a.yaml", Line: line, EndLine: line, Column: 1, Precision: "exact"},
		Fix:      &review.Fix{Title: "fix", Safe: true, Edits: edits}}
}

// suggested writes what is suggested for findings in a file, "" for nothing.
func suggested(text string, within hunk, findings ...review.Finding) string {
	s := newShown(&Report{Result: &review.Result{}, Source: func(string) []byte { return []byte(text) }}).suggest(findings, within)
	if s == nil {
		return ""
	}
	return fmt.Sprintf("%d-%d %q", s.from, s.to, s.text)
}

func TestSuggestion(t *testing.T) {
	t.Parallel()
	all := hunk{1, 40}
	for _, test := range []struct {
		name    string
		finding review.Finding
		within  hunk
		want    string
	}{
		{"the line itself", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "k5: w\n"}), all, `5-5 "k5: w\n"`},
		{"two lines for it", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "a: 1\nb: 2\n"}), all, `5-5 "a: 1\nb: 2\n"`},
		{"taken out", fixAt(5, review.Edit{Line: 5, EndLine: 6}), all, `5-6 ""`},
		{"inserted behind it", fixAt(5, review.Edit{Line: 6, EndLine: 5, NewText: "n: 1\n"}), all, `5-5 "k5: v\nn: 1\n"`},
		{"inserted before it", fixAt(5, review.Edit{Line: 5, EndLine: 4, NewText: "n: 1\n"}), all, `5-5 "n: 1\nk5: v\n"`},
		{"inserted further below", fixAt(5, review.Edit{Line: 8, EndLine: 7, NewText: "n: 1\n"}), all, `5-7 "k5: v\nk6: v\nk7: v\nn: 1\n"`},
		{"inserted further above", fixAt(5, review.Edit{Line: 3, EndLine: 2, NewText: "n: 1\n"}), all, `3-5 "n: 1\nk3: v\nk4: v\nk5: v\n"`},
		{"inserted at the end", fixAt(40, review.Edit{Line: 41, EndLine: 40, NewText: "n: 1\n"}), all, `40-40 "k40: v\nn: 1\n"`},
		{"two places", fixAt(5, review.Edit{Line: 4, EndLine: 4, NewText: "a: 1\n"}, review.Edit{Line: 7, EndLine: 7}), all, `4-7 "a: 1\nk5: v\nk6: v\n"`},
		{"windows lines", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "a: 1\r\nb: 2\r\n"}), all, `5-5 "a: 1\nb: 2\n"`},
		{"backticks", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "a: '```'\n"}), all, "5-5 \"a: '```'\\n\""},
		{"a switch that is called like a secret", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "automountServiceAccountToken: false # off\n"}), all, `5-5 "automountServiceAccountToken: false # off\n"`},

		{"nothing changes", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "k5: v\n"}), all, ""},
		{"only the line's end changes", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "k5: v\r\n"}), all, ""},
		{"beyond the hunk", fixAt(5, review.Edit{Line: 9, EndLine: 9}), hunk{2, 8}, ""},
		{"before the hunk", fixAt(5, review.Edit{Line: 1, EndLine: 1}), hunk{2, 8}, ""},
		{"another file", fixAt(5, review.Edit{File: "b.yaml", Line: 5, EndLine: 5}), all, ""},
		{"too many lines", fixAt(1, review.Edit{Line: 31, EndLine: 31, NewText: "x: 1\n"}), all, ""},
		{"beyond the file", fixAt(40, review.Edit{Line: 41, EndLine: 41, NewText: "x: 1\n"}), hunk{1, 50}, ""},
		{"edits that overlap", fixAt(5, review.Edit{Line: 5, EndLine: 6}, review.Edit{Line: 6, EndLine: 7}), all, ""},
		{"edits out of order", fixAt(5, review.Edit{Line: 7, EndLine: 7}, review.Edit{Line: 5, EndLine: 5}), all, `5-7 "k6: v\n"`},
		{"no line", fixAt(5, review.Edit{Line: 0, EndLine: 0}), all, ""},
		{"a secret", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "env: [{name: X, password: hunter2}]\n"}), all, ""},
		{"a token by its shape", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "x: ghp_0123456789abcdefABCDEF0123456789\n"}), all, ""},
		{"a character that hides", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "x: \u202egnp\n"}), all, ""},
		{"no text", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "x: \xff\n"}), all, ""},
		{"too long", fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: strings.Repeat("x ", 8000) + "\n"}), all, ""},
	} {
		if got := suggested(numbered(40), test.within, test.finding); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  k: v\n"
	if got := suggested(secret, all, fixAt(3, review.Edit{Line: 3, EndLine: 3, NewText: "metadata: {name: b}\n"})); got != "" {
		t.Errorf("of a Secret %s is suggested", got)
	}
	windows := strings.ReplaceAll(numbered(9), "\n", "\r\n")
	if got := suggested(windows, hunk{1, 9}, fixAt(5, review.Edit{Line: 6, EndLine: 5, NewText: "n: 1\r\n"})); got != `5-5 "k5: v\nn: 1\n"` {
		t.Errorf("in a file with the line ends of Windows %s is suggested", got)
	}
	if got := suggested("k1: v\nk2: v", hunk{1, 2}, fixAt(2, review.Edit{Line: 2, EndLine: 2, NewText: "k2: w\n"})); got != `2-2 "k2: w\n"` {
		t.Errorf("of a last line without an end %s is suggested", got)
	}
}

// TestSuggestionTogether holds which fixes of several findings on a line are suggested at once.
func TestSuggestionTogether(t *testing.T) {
	t.Parallel()
	insert := func(text string) review.Finding { return fixAt(5, review.Edit{Line: 6, EndLine: 5, NewText: text}) }
	unsafe := insert("b: 1\n")
	unsafe.Fix.Safe = false
	for _, test := range []struct {
		name     string
		findings []review.Finding
		want     string
	}{
		{"two keys", []review.Finding{insert("a: 1\n"), insert("b: 1\n")}, `5-5 "k5: v\na: 1\nb: 1\n"`},
		{"one key above both", []review.Finding{insert("s:\n  a: 1\n"), insert("s:\n  b: 1\n"), insert("s:\n  c:\n    d: 1\n")}, `5-5 "k5: v\ns:\n  a: 1\n  b: 1\n  c:\n    d: 1\n"`},
		{"the same", []review.Finding{insert("a: 1\n"), insert("a: 1\n")}, `5-5 "k5: v\na: 1\n"`},
		{"one key twice", []review.Finding{insert("s: {a: 1}\n"), insert("s: {b: 1}\n"), insert("t: 1\n")}, `5-5 "k5: v\ns: {a: 1}\nt: 1\n"`},
		{"the same line", []review.Finding{fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "x: 1\n"}), fixAt(5, review.Edit{Line: 5, EndLine: 5, NewText: "y: 1\n"})}, `5-5 "x: 1\n"`},
		{"lines apart", []review.Finding{fixAt(5, review.Edit{Line: 7, EndLine: 7, NewText: "x: 1\n"}), fixAt(5, review.Edit{Line: 4, EndLine: 4, NewText: "y: 1\n"})}, `4-7 "y: 1\nk5: v\nk6: v\nx: 1\n"`},
		{"an unsafe one after a safe one", []review.Finding{insert("a: 1\n"), unsafe}, `5-5 "k5: v\na: 1\n"`},
		{"an unsafe one alone", []review.Finding{unsafe, insert("a: 1\n")}, `5-5 "k5: v\nb: 1\na: 1\n"`},
		{"the worst cannot be", []review.Finding{fixAt(5, review.Edit{Line: 90, EndLine: 90}), insert("a: 1\n")}, `5-5 "k5: v\na: 1\n"`},
	} {
		if got := suggested(numbered(40), hunk{1, 40}, test.findings...); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	template := "k1: {{ .Values.x }}\n" + numbered(8)
	if got := suggested(template, hunk{1, 9}, insert("a: 1\n"), insert("b: 1\n")); got != `5-5 "k4: v\na: 1\n"` {
		t.Errorf("in what is no YAML %s is suggested", got)
	}
}

// FuzzSuggestion holds that no edits make it panic, and that what is suggested stays within the hunk.
func FuzzSuggestion(f *testing.F) {
	f.Add(5, 5, 5, 7, 6, "x: 1\n", 3, 9)
	f.Fuzz(func(t *testing.T, line, from, to, from2, to2 int, text string, first, last int) {
		finding := fixAt(line, review.Edit{Line: from, EndLine: to, NewText: text}, review.Edit{Line: from2, EndLine: to2, NewText: text})
		within := hunk{max(first, 1), min(last, 20)}
		if line < within.from || line > within.to {
			return
		}
		r := &Report{Result: &review.Result{}, Source: func(string) []byte { return []byte(numbered(20)) }}
		s := newShown(r).suggest([]review.Finding{finding, fixAt(line, review.Edit{Line: from2, EndLine: to2, NewText: text})}, within)
		if s != nil && (s.from < within.from || s.to > within.to || s.from > line || s.to < line) {
			t.Errorf("%+v is not within %+v around %d", s, within, line)
		}
	})
}
