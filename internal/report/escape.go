package report

import (
	"regexp"
	"strings"
	"unicode"
)

// Everything that comes from a repository goes through one of the functions here before it is written. They make it
// harmless for one format each, and leave ordinary names as they are.

// plain makes text one line that is harmless on a terminal: line ends become spaces, other control characters and the
// marks that hide or reorder text become visible. What a GitHub runner would take for a command within a line
// ("##[") is broken up.
func plain(text string) string {
	return calm(strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case hidden(r):
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

// Line makes text from the repository one line that is harmless on a terminal.
func Line(text string) string { return plain(text) }

// hidden reports whether a character has no shape of its own, or changes how others are shown.
func hidden(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0, unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return true
	case r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0': // fillers of Hangul: letters that show nothing
		return true
	}
	return false
}

// calm breaks up the older form of workflow commands, which a runner finds anywhere in a line.
func calm(text string) string { return strings.ReplaceAll(text, "##[", "# #[") }

// atLineStart is plain text that may begin a line: a runner would take "::" there for a command.
func atLineStart(text string) string {
	text = plain(text)
	if strings.HasPrefix(strings.TrimSpace(text), "::") {
		return "./" + strings.TrimSpace(text)
	}
	return text
}

// Safe makes text of several lines harmless on a terminal and in the log of a GitHub runner. The lines stay lines.
func Safe(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = atLineStart(strings.ReplaceAll(strings.TrimSuffix(line, "\r"), "\t", "    "))
	}
	return strings.Join(lines, "\n")
}

// oneLine is plain text with runs of spaces folded.
func oneLine(text string) string { return plain(strings.Join(strings.Fields(text), " ")) }

// visible is what plain is for texts whose lines stay, as in a difference.
func visible(text string) string {
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && hidden(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
	return calm(commandAtStart.ReplaceAllString(text, "$1: :"))
}

// commandAtStart finds what a runner takes for a command: "::" as the first thing on a line.
var commandAtStart = regexp.MustCompile(`(?m)^([\s\pZ]*)::`)

// shorten cuts a text to at most so many characters, and says so.
func shorten(text string, most int) string {
	if len(text) <= most {
		return text
	}
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// noBreak is put where Markdown on GitHub would find a mention or a reference; nobody sees it.
const noBreak = "\u200b"

var (
	reference  = regexp.MustCompile(`(?i)(#|\bgh-)([0-9])`)                              // #12 and GH-12 become links to issues
	emoji      = regexp.MustCompile(`:((?:[0-9]*[A-Za-z_+-][A-Za-z0-9_+-]*|100|1234):)`) // not the numbers of lines
	webAddress = regexp.MustCompile(`(?i)(www)\.`)
	listNumber = regexp.MustCompile(`^([0-9]+)\.`)
)

// unlinked breaks up what GitHub makes links and pictures of by itself, in any text.
func unlinked(text string) string {
	text = reference.ReplaceAllString(oneLine(text), "$1"+noBreak+"$2")
	text = webAddress.ReplaceAllString(text, "$1"+noBreak+".")
	for range 2 { // of ":a:b:" the first match takes the colon that the second begins with
		text = emoji.ReplaceAllString(text, ":"+noBreak+"$1")
	}
	return text
}

// markdownText escapes text so that Markdown shows it as it is: no markup, HTML, links, mentions, references, table
// cells or blocks, wherever on a line it stands.
func markdownText(text string) string {
	text = unlinked(text)
	var b strings.Builder
	for i, r := range text {
		switch r {
		case '\\', '`', '*', '_', '{', '}', '[', ']', '(', ')', '#', '+', '!', '|', '~', '$':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '-', '=':
			if i == 0 { // a list, a line, a heading
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '&':
			b.WriteString("&amp;")
		case '@':
			b.WriteString("@" + noBreak)
		case ':':
			if strings.HasPrefix(text[i:], "://") { // no address
				b.WriteString("&colon;")
			} else {
				b.WriteByte(':')
			}
		default:
			b.WriteRune(r)
		}
	}
	return listNumber.ReplaceAllString(b.String(), `$1\.`)
}

// MarkdownText makes text from elsewhere one line of Markdown that shows it as it is.
func MarkdownText(text string) string { return markdownText(text) }

// code writes text as inline code of Markdown, whatever it holds, fit for a table cell. Backticks and bars have no
// escape in Markdown's own inline code, so a text with them is written as HTML.
func code(text string) string {
	text = oneLine(text)
	switch {
	case text == "":
		return ""
	case strings.ContainsAny(text, "`|"):
		return "<code>" + markdownText(text) + "</code>"
	}
	return "`" + text + "`"
}

// htmlText escapes text for the inside of an HTML element in Markdown.
func htmlText(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "@"+noBreak, "`", "&grave;", `"`, "&quot;", "://", "&colon;//").Replace(unlinked(text))
}

// commandData escapes the message of a workflow command.
func commandData(text string) string {
	return strings.ReplaceAll(plain(text), "%", "%25")
}

// commandProperty escapes a property of a workflow command.
func commandProperty(text string) string {
	return strings.NewReplacer("%", "%25", ":", "%3A", ",", "%2C").Replace(plain(text))
}

// sarifText is one line of text that SARIF reads as it is: what looks like an embedded link (2.1.0, 3.11.6) is
// escaped.
func sarifText(text string) string {
	text = oneLine(text)
	if !strings.Contains(text, "](") {
		return text
	}
	return strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`).Replace(text)
}
