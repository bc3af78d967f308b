package report

import (
	"regexp"
	"strconv"
	"strings"
)

// Concealed returns a unified difference of one file, whose texts are before and after, without the lines of documents
// that hold Secrets, and those of kubeadm's documents that may be tokens: they are "…".
func Concealed(difference, before, after string) string {
	old, now := textOf(before), textOf(after)
	holds := func(text string) bool { return secretKind.MatchString(text) || tokenKind.MatchString(text) }
	if !holds(before) && !holds(after) {
		return difference
	}
	var b strings.Builder
	from, to := 0, 0 // lines of both texts that come next
	for line := range strings.Lines(difference) {
		if hunk := hunkHeader.FindStringSubmatch(line); hunk != nil {
			from, _ = strconv.Atoi(hunk[1])
			to, _ = strconv.Atoi(hunk[2])
			b.WriteString(line)
			continue
		}
		switch {
		case from == 0 && to == 0: // the names of the file
		case line[0] == '+':
			line = now.conceal(line, to)
			to++
		case line[0] == '-':
			line = old.conceal(line, from)
			from++
		case line[0] == ' ':
			line = now.conceal(line, to)
			from, to = from+1, to+1
		}
		b.WriteString(line)
	}
	return b.String()
}

// hunkHeader finds the first lines of a hunk in both texts.
var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// textOf is for questions about a text that is no report's.
func textOf(text string) *shown {
	return &shown{text: strings.Split(text, "\n")}
}

// conceal returns a line of a difference, which is line n of the text, as it may be shown.
func (s *shown) conceal(line string, n int) string {
	if n < 1 || n > len(s.text) || documentMark.MatchString(line[1:]) {
		return line
	}
	if d := s.around(n); !d.isSecret && (!d.hasTokens || !sensitiveKey.MatchString(line)) {
		return line
	}
	text := strings.TrimRight(line[1:], "\r\n")
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	return line[:1] + indent + "…" + line[1+len(text):]
}
