package images

import (
	"regexp"
	"strings"
)

// Regexp returns the pattern as a regular expression in the syntax of RE2, anchored at both ends, for programs that know no
// patterns of ours: it matches exactly the names that Match does.
func (p Pattern) Regexp() string {
	var b strings.Builder
	b.WriteByte('^')
	for i, s := range p.segments {
		if s.many {
			b.WriteString("(?:/[^/]*)*")
			continue
		}
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s.regexp())
	}
	b.WriteByte('$')
	return b.String()
}

func (s segment) regexp() string {
	star := "[^/]*"
	switch {
	case s.host:
		star = "[^./]*"
	case s.text == "*":
		return "[^/]+"
	}
	words := strings.Split(s.text, "*")
	for i, word := range words {
		words[i] = regexp.QuoteMeta(word)
	}
	return strings.Join(words, star)
}
