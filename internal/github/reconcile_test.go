package github

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/report"
)

const (
	head      = "1111111111111111111111111111111111111111"
	otherHead = "2222222222222222222222222222222222222222"
)

// marked is a body with a marker in the form that these tests read.
func marked(text string, fingerprints ...string) string {
	return text + "\n<!-- fp " + strings.Join(fingerprints, ",") + " -->"
}

// readMarker is the counterpart of marked.
func readMarker(body string) ([]string, bool) {
	_, rest, ok := strings.Cut(body, "<!-- fp ")
	if !ok {
		return nil, false
	}
	list, _, ok := strings.Cut(rest, " -->")
	return strings.Split(list, ","), ok && list != ""
}

func comment(line int, text string, fingerprints ...string) report.Comment {
	return report.Comment{File: "app.yaml", Line: line, Body: marked(text, fingerprints...), Fingerprints: fingerprints}
}

func showing(line int, text string, fingerprints ...string) shown {
	return shown{node: fmt.Sprintf("%s@%d", strings.Join(fingerprints, ""), line), file: "app.yaml", line: line,
		body: marked(text, fingerprints...), fingerprints: fingerprints}
}

func (s shown) with(change func(*shown)) shown {
	change(&s)
	return s
}

func answered(s *shown) { s.answered = true }
func outdated(s *shown) { s.outdated, s.line = true, 0 }
func hiddenAs(reason string) func(*shown) {
	return func(s *shown) { s.hidden, s.reason = true, reason }
}

// planned writes a plan as words.
func planned(posts []post, tidy []mutation) string {
	var words []string
	for _, p := range posts {
		word := fmt.Sprintf("post %d", p.Line)
		for _, s := range p.replaces {
			word += " for " + s.node
		}
		words = append(words, word)
	}
	for _, m := range tidy {
		switch m.field {
		case "minimizeComment":
			words = append(words, fmt.Sprintf("%s %s", m.value["classifier"], m.value["subjectId"]))
		case "unminimizeComment":
			words = append(words, fmt.Sprintf("show %s", m.value["subjectId"]))
		default:
			words = append(words, fmt.Sprintf("edit %s", m.value["pullRequestReviewCommentId"]))
		}
	}
	return strings.Join(words, "; ")
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	fileComment := report.Comment{File: "app.yaml", Body: marked("x", "a"), Fingerprints: []string{"a"}}
	onTheFile := func(body string) shown {
		return shown{node: "file", file: "app.yaml", whole: true, body: body, fingerprints: []string{"a"}}
	}
	tests := []struct {
		name   string
		wanted report.Publication
		have   []shown
		want   string
	}{
		{"new", report.Publication{Comments: []report.Comment{comment(3, "x", "a"), comment(5, "y", "b")}}, nil, "post 3; post 5"},
		{"same", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}}, []shown{showing(3, "x", "a")}, ""},
		{"same but for line ends", report.Publication{Comments: []report.Comment{comment(3, "x\ny", "a")}}, []shown{showing(3, "x\r\ny", "a")}, ""},
		{"other text", report.Publication{Comments: []report.Comment{comment(3, "new", "a")}}, []shown{showing(3, "x", "a")}, "edit a@3"},
		{"one of two fixed", report.Publication{Comments: []report.Comment{comment(3, "x", "b")}}, []shown{showing(3, "x", "a", "b")}, "edit ab@3"},
		{"fixed", report.Publication{}, []shown{showing(3, "x", "a")}, "RESOLVED a@3"},
		{"fixed, hidden already", report.Publication{}, []shown{showing(3, "x", "a").with(hiddenAs("resolved"))}, ""},
		{"fixed, answered", report.Publication{}, []shown{showing(3, "x", "a").with(answered)}, ""},
		{"not all checked", report.Publication{Incomplete: true}, []shown{showing(3, "x", "a")}, ""},
		{"stands without a comment", report.Publication{Standing: []string{"b", "a"}}, []shown{showing(3, "x", "a")}, ""},
		{"moved", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}}, []shown{showing(3, "x", "a")}, "post 9 for a@3"},
		{"moved, gone from the difference", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(outdated)}, "post 9 for a@3"},
		{"moved, answered", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(answered)}, ""},
		{"outdated, answered", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(answered).with(outdated)}, "post 9"},
		{"outdated, answered, followed before", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(answered).with(outdated), showing(9, "x", "a")}, ""},
		{"back", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{showing(3, "x", "a").with(hiddenAs("RESOLVED"))}, "show a@3"},
		{"back elsewhere", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(hiddenAs("resolved"))}, "post 9"},
		{"hidden by a person", report.Publication{Comments: []report.Comment{comment(3, "new", "a")}},
			[]shown{showing(3, "x", "a").with(hiddenAs("off-topic"))}, ""},
		{"hidden by a person, moved", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a").with(hiddenAs("spam"))}, ""},
		{"posted twice by a crash", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{showing(3, "x", "a"), showing(3, "x", "a").with(func(s *shown) { s.node = "second" })}, "OUTDATED second"},
		{"crashed before the old one was hidden", report.Publication{Comments: []report.Comment{comment(9, "x", "a")}},
			[]shown{showing(3, "x", "a"), showing(9, "x", "a")}, "OUTDATED a@3"},
		{"two became one", report.Publication{Comments: []report.Comment{comment(3, "x", "a", "b")}},
			[]shown{showing(3, "x", "a"), showing(4, "x", "b")}, "edit a@3; OUTDATED b@4"},
		{"one became two", report.Publication{Comments: []report.Comment{comment(3, "x", "a"), comment(4, "y", "b")}},
			[]shown{showing(3, "x", "a", "b")}, "post 4; edit ab@3"},
		{"another file", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{showing(3, "x", "a").with(func(s *shown) { s.file = "old.yaml" })}, "post 3 for a@3"},
		{"another range", report.Publication{Comments: []report.Comment{{File: "app.yaml", StartLine: 2, Line: 3, Body: marked("x", "a"), Fingerprints: []string{"a"}}}},
			[]shown{showing(3, "x", "a")}, "post 3 for a@3"},
		{"on the file", report.Publication{Comments: []report.Comment{fileComment}}, []shown{onTheFile(marked("x", "a"))}, ""},
		{"was put on the file, same head", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{onTheFile(onFile(comment(3, "x", "a"), head))}, ""},
		{"was put on the file, another head", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{onTheFile(onFile(comment(3, "x", "a"), otherHead))}, "post 3 for file"},
		{"was put on the file, another line", report.Publication{Comments: []report.Comment{comment(4, "x", "a")}},
			[]shown{onTheFile(onFile(comment(3, "x", "a"), head))}, "post 4 for file"},
		{"was on the file, has a line now", report.Publication{Comments: []report.Comment{comment(3, "x", "a")}},
			[]shown{onTheFile(marked("x", "a"))}, "post 3 for file"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := planned(reconcile(test.wanted, head, test.have)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// page plays GitHub: it does what a plan says.
func page(have []shown, posts []post, tidy []mutation, made *int) []shown {
	have = slices.Clone(have)
	change := func(node any, f func(*shown)) {
		for i := range have {
			if have[i].node == node {
				f(&have[i])
			}
		}
	}
	for _, p := range posts {
		*made++
		fingerprints, _ := readMarker(p.Body)
		have = append(have, shown{node: fmt.Sprintf("made %d", *made), file: p.File, line: p.Line, startLine: p.StartLine, whole: p.Line == 0,
			body: p.Body, fingerprints: fingerprints})
		for _, s := range p.replaces {
			change(s.node, hiddenAs("outdated"))
		}
	}
	for _, m := range tidy {
		switch m.field {
		case "minimizeComment":
			change(m.value["subjectId"], hiddenAs(strings.ToLower(m.value["classifier"].(string))))
		case "unminimizeComment":
			change(m.value["subjectId"], func(s *shown) { s.hidden, s.reason = false, "" })
		default:
			change(m.value["pullRequestReviewCommentId"], func(s *shown) {
				s.body = m.value["body"].(string)
				s.fingerprints, _ = readMarker(s.body)
			})
		}
	}
	return have
}

// TestReconcileSettles plays random histories of findings, answers and moves, and holds after each run: another run
// has nothing to do, what is wanted is shown once, no conversation is hidden, and what is gone is hidden.
func TestReconcileSettles(t *testing.T) {
	t.Parallel()
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 7))
		var have []shown
		made := 0
		for range 8 {
			wanted := randomWanted(random)
			posts, tidy := reconcile(wanted, head, have)
			next := page(have, posts, tidy, &made)
			if again := planned(reconcile(wanted, head, next)); again != "" {
				t.Fatalf("seed %d: another run would %s", seed, again)
			}
			holds(t, seed, wanted, have, next)
			have = disturb(random, next)
		}
	}
}

func randomWanted(random *rand.Rand) report.Publication {
	p := report.Publication{Incomplete: random.IntN(6) == 0}
	names := []string{"a", "b", "c", "d", "e"}
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for line := 1; len(names) > 0; line++ {
		n := min(1+random.IntN(2), len(names))
		fingerprints := slices.Sorted(slices.Values(names[:n]))
		names = names[n:]
		switch random.IntN(4) {
		case 0: // fixed
		case 1:
			p.Standing = append(p.Standing, fingerprints...)
		default:
			p.Standing = append(p.Standing, fingerprints...)
			p.Comments = append(p.Comments, comment(line%4, fmt.Sprint("text ", random.IntN(2)), fingerprints...))
		}
	}
	return p
}

// disturb is what people and pushes do between two runs.
func disturb(random *rand.Rand, have []shown) []shown {
	for i := range have {
		switch random.IntN(8) {
		case 0:
			have[i].answered = true
		case 1:
			if !have[i].whole {
				outdated(&have[i])
			}
		case 2:
			if !have[i].outdated && !have[i].whole {
				have[i].line++
			}
		case 3:
			if random.IntN(4) == 0 {
				hiddenAs("spam")(&have[i])
			}
		}
	}
	return have
}

func holds(t *testing.T, seed uint64, wanted report.Publication, before, after []shown) {
	t.Helper()
	for i, s := range before {
		if s.answered && !s.hidden && after[i].hidden {
			t.Fatalf("seed %d: a conversation was hidden: %+v", seed, s)
		}
		if s.byPerson() && !after[i].hidden {
			t.Fatalf("seed %d: what a person hid is shown again: %+v", seed, s)
		}
	}
	var commented []string
	for _, w := range wanted.Comments {
		commented = append(commented, w.Fingerprints...)
		if !slices.ContainsFunc(after, func(s shown) bool {
			return meet(s.fingerprints, w.Fingerprints) && (!s.hidden || s.byPerson())
		}) {
			t.Fatalf("seed %d: %v is not shown", seed, w.Fingerprints)
		}
	}
	for _, f := range append(slices.Clone(commented), "a", "b", "c", "d", "e") {
		visible := 0
		for _, s := range after {
			if !s.hidden && !s.answered && slices.Contains(s.fingerprints, f) {
				visible++
			}
		}
		stands := wanted.Incomplete || slices.Contains(wanted.Standing, f)
		if visible > 1 && slices.Contains(commented, f) || visible > 0 && !stands && !sharedByAny(after, f, wanted.Standing) {
			t.Fatalf("seed %d: %s is shown %d times, stands: %v", seed, f, visible, stands)
		}
	}
}

// sharedByAny reports whether every visible comment on a finding is also on one that stands.
func sharedByAny(all []shown, f string, standing []string) bool {
	return !slices.ContainsFunc(all, func(s shown) bool {
		return !s.hidden && !s.answered && slices.Contains(s.fingerprints, f) && !meet(s.fingerprints, standing)
	})
}
