package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// GitHub's limits. Its documentation counts characters; of a check run's texts it refuses what has more bytes ("exceeds
// a maximum bytesize of 65535"). A text has at least as many bytes as characters, however those are counted, so that
// bytes hold for both.
const (
	maxBody    = 65_535 // a check run's summary and text, a comment
	maxMessage = 60_000 // an annotation's message: "64 KB"
	maxTitle   = 255    // a title

	maxActions     = 3 // buttons of a check run, whose texts are counted in characters
	maxLabel       = 20
	maxDescription = 40
	maxIdentifier  = 20
)

// Limit cuts Markdown that this package wrote to at most so many bytes, and says that lines are left out. It cuts behind
// a whole line where neither a fence nor <details> is open and no table loses its rows. It returns "" when not even
// what it says fits.
func Limit(text string, most int) string {
	if len(text) <= most {
		return text
	}
	note := leftOut(strings.Count(text, "\n") + 1)
	if len(note) > most {
		return ""
	}
	end := safeEnd(text, most-len(note))
	return text[:end] + leftOut(lineCount(text[end:]))
}

func leftOut(lines int) string { return fmt.Sprintf("\n*%s left out here.*\n", Plural(lines, "line")) }

// lineCount counts lines; what stands behind the last line end is one too.
func lineCount(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && !strings.HasSuffix(text, "\n") {
		n++
	}
	return n
}

// safeEnd returns the last place within the first bytes of a text at which it can end.
func safeEnd(text string, most int) int {
	var open openBlocks
	best, at := 0, 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		if at += len(line); at > most {
			break
		}
		open.take(strings.TrimRight(line, "\r\n"))
		if open.none() {
			best = at
		}
	}
	return best
}

// openBlocks is what a line of our Markdown stands within. Names from a repository are escaped before they get there,
// so that only our own lines begin with what opens and closes blocks.
type openBlocks struct {
	fence   string // the one that closes it
	details int
	rows    int // of a table, its head and the line below that counted
}

func (o *openBlocks) none() bool {
	return o.fence == "" && o.details == 0 && o.rows != 1 && o.rows != 2
}

func (o *openBlocks) take(line string) {
	bare := strings.TrimLeft(line, " ")
	ticks := len(bare) - len(strings.TrimLeft(bare, "`"))
	switch {
	case o.fence != "":
		if strings.HasPrefix(bare, o.fence) && strings.Trim(bare, "` ") == "" {
			o.fence = ""
		}
		return
	case ticks >= 3:
		o.fence = bare[:ticks]
	case strings.HasPrefix(line, "<details>"):
		o.details++
	case strings.HasPrefix(line, "</details>"):
		o.details = max(o.details-1, 0)
	}
	if strings.HasPrefix(line, "|") {
		o.rows++
	} else {
		o.rows = 0
	}
}

// clip cuts plain text to at most so many bytes, between characters, and says so.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	const mark = "…"
	end := max(most-len(mark), 0)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if most < len(mark) {
		return ""
	}
	return text[:end] + mark
}
