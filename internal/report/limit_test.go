package report

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
	"unicode/utf8"
)

// blockText writes Markdown of the kinds of blocks that we write, in an order that seed decides.
func blockText(seed int64) string {
	r := rand.New(rand.NewSource(seed))
	var b strings.Builder
	words := func() string { return strings.Repeat("wörd 漢字 ", r.Intn(12)) + "end" }
	for range r.Intn(12) {
		switch r.Intn(6) {
		case 0:
			fmt.Fprintf(&b, "### %s\n\n", words())
		case 1:
			b.WriteString("| a | b |\n|---|---|\n")
			for range r.Intn(6) {
				fmt.Fprintf(&b, "| %s | %s |\n", words(), words())
			}
			b.WriteString("\n")
		case 2:
			fence := strings.Repeat("`", 3+r.Intn(4))
			fmt.Fprintf(&b, "<details><summary>%s</summary>\n\n%sdiff\n", words(), fence)
			for range r.Intn(8) {
				b.WriteString([]string{"+ text\n", fence[1:] + "\n", "<details>\n", "</details>\n", "| a |\n", "- x\n"}[r.Intn(6)])
			}
			fmt.Fprintf(&b, "%s\n\n</details>\n\n", fence)
		case 3:
			for range r.Intn(5) {
				fmt.Fprintf(&b, "- %s\n  %s\n", words(), words())
			}
			b.WriteString("\n")
		case 4:
			fmt.Fprintf(&b, "````suggestion\n%s\n```\n````\n\n", words())
		default:
			fmt.Fprintf(&b, "`<details>` %s\n\n", words())
		}
	}
	return b.String()
}

// checkLimit holds what is true of every cut text: it is short enough, begins as the whole does, is closed, says that
// something is left out, and holds no half of a character.
func checkLimit(t testing.TB, text string, most int) {
	t.Helper()
	cut := Limit(text, most)
	if len(cut) > max(most, 0) {
		t.Errorf("%d bytes, at most %d", len(cut), most)
	}
	if len(text) <= most && cut != text || !utf8.ValidString(cut) {
		t.Errorf("a text that fits was changed, or a character cut:\n%s", cut)
	}
	if cut == text || cut == "" {
		return
	}
	kept, _, said := strings.Cut(cut, "\n*")
	if at := strings.LastIndex(cut, "\n*"); at >= 0 {
		kept = cut[:at]
	}
	if !said || !strings.HasSuffix(cut, "left out here.*\n") || !strings.HasPrefix(text, kept) || kept != "" && !strings.HasSuffix(kept, "\n") {
		t.Errorf("the cut text is no beginning of lines, or does not say so:\n%s", cut)
	}
	checkRendered(t, "the cut text", cut)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for seed := range int64(300) {
		text := blockText(seed)
		for _, most := range []int{-1, 0, 10, 40, 90, len(text) / 3, len(text) / 2, len(text) - 1, len(text)} {
			checkLimit(t, text, most)
		}
	}
	table := "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"
	for most := range len(table) + 40 {
		if cut := Limit(table+strings.Repeat("x", 200), most); strings.HasPrefix(cut, "|") && strings.Count(cut, "|\n") < 3 {
			t.Errorf("a table without rows is left at %d:\n%s", most, cut)
		}
	}
	if got := Limit("one\n\ntwo\n\n"+strings.Repeat("three ", 50), 60); got != "one\n\ntwo\n\n\n*1 line left out here.*\n" {
		t.Errorf("%q", got)
	}
}

func FuzzLimit(f *testing.F) {
	f.Add(int64(1), 100)
	f.Fuzz(func(t *testing.T, seed int64, most int) { checkLimit(t, blockText(seed), most%5000) })
}

func FuzzClip(f *testing.F) {
	f.Add("漢字", 4)
	f.Add("title", 255)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = max(most%1000, 0)
		cut := clip(text, most)
		if len(cut) > most || utf8.ValidString(text) && !utf8.ValidString(cut) || len(text) <= most && cut != text {
			t.Errorf("clip(%q, %d) = %q", text, most, cut)
		}
		if cut != text && !strings.HasPrefix(text, strings.TrimSuffix(cut, "…")) {
			t.Errorf("clip(%q, %d) = %q is no beginning", text, most, cut)
		}
	})
}
