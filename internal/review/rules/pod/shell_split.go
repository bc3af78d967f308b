package pod

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// simpleCommand is one command of a script.
type simpleCommand struct {
	words []string
	feeds []string // the programs that get its output, through pipes or as part of their command line
	piped bool     // its input is the output of the command before
}

// splitter takes a script apart. It knows quotes, comments, here-documents and command substitutions, as far as they
// decide where a command begins and ends; it expands nothing.
type splitter struct {
	commands []simpleCommand
	current  simpleCommand
	word     strings.Builder
	started  bool        // a word has begun, be it an empty one in quotes
	quote    rune        // ', " or 0
	outer    []suspended // what substitutions stand in
}

// suspended is a command that waits for a substitution within it.
type suspended struct {
	command simpleCommand
	word    string
	quote   rune
	end     rune // what ends the substitution
}

var hereDocument = regexp.MustCompile(`<<-?\s*['"]?([A-Za-z_][A-Za-z0-9_]*)['"]?`)

// maxPipeline is how many programs of a pipeline one command is said to feed.
const maxPipeline = 16

// splitScript returns the simple commands of a script in the order in which they end.
func splitScript(text string) []simpleCommand {
	s := &splitter{}
	runes := []rune(withoutHereDocuments(text))
	for i := 0; i < len(runes); i++ {
		i += s.take(runes, i)
	}
	for len(s.outer) > 0 {
		s.resume()
	}
	s.endCommand()
	for i := len(s.commands) - 2; i >= 0; i-- {
		if next := s.commands[i+1]; next.piped {
			feeds := append([]string{next.program()}, next.feeds...)
			s.commands[i].feeds = append(s.commands[i].feeds, feeds[:min(len(feeds), maxPipeline)]...)
		}
	}
	return s.commands
}

func (c simpleCommand) program() string { return newInvocation(manifests.Field{}, c.words).program() }

// withoutHereDocuments leaves out the lines of here-documents, which are data.
func withoutHereDocuments(text string) string {
	var kept []string
	end := ""
	for _, line := range strings.Split(text, "\n") {
		if end != "" {
			if strings.TrimSpace(line) == end {
				end = ""
			}
			continue
		}
		kept = append(kept, line)
		if m := hereDocument.FindStringSubmatch(line); m != nil && !strings.Contains(line, "<<<") {
			end = m[1]
		}
	}
	return strings.Join(kept, "\n")
}

// take reads the character at i and returns how many further ones it used up.
func (s *splitter) take(text []rune, i int) int {
	r, next := text[i], rune(0)
	if i+1 < len(text) {
		next = text[i+1]
	}
	switch {
	case s.quote == '\'':
		s.inQuote(r)
	case r == '\\' && next == '\n':
		return 1
	case r == '\\' && next != 0:
		s.add(next)
		return 1
	case (r == '$' || (r == '<' || r == '>') && s.quote == 0) && next == '(':
		s.suspend(')')
		return 1
	case r == '`' && s.ends('`'), r == ')' && s.quote == 0 && s.ends(')'):
		s.resume()
	case r == '`':
		s.suspend('`')
	case s.quote != 0 || r == '\'' || r == '"':
		s.inQuote(r)
	case r == '#' && !s.started:
		return lineLength(text[i:])
	case r == '|' && next == '|':
		s.endCommand()
		return 1
	default:
		s.unquoted(r)
	}
	return 0
}

// lineLength returns how many characters there are before the line's end, without the first.
func lineLength(text []rune) int {
	for n, r := range text {
		if r == '\n' {
			return n - 1
		}
	}
	return len(text) - 1
}

func (s *splitter) inQuote(r rune) {
	switch {
	case s.quote == 0:
		s.quote, s.started = r, true
	case s.quote == r:
		s.quote = 0
	default:
		s.add(r)
	}
}

func (s *splitter) unquoted(r rune) {
	switch r {
	case ' ', '\t', '\r':
		s.endWord()
	case '|':
		s.endCommand()
		s.current.piped = len(s.commands) > 0
	case ';', '&', '\n', '(', ')', '{', '}':
		if s.started && (r == '{' || r == '}' || r == '&' && strings.HasSuffix(s.word.String(), ">")) {
			s.add(r) // ${name}, 2>&1
			return
		}
		s.endCommand()
	default:
		s.add(r)
	}
}

func (s *splitter) add(r rune) {
	s.started = true
	s.word.WriteRune(r)
}

func (s *splitter) endWord() {
	if s.started {
		s.current.words = append(s.current.words, s.word.String())
	}
	s.word.Reset()
	s.started = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.current.words) > 0 {
		s.commands = append(s.commands, s.current)
		s.current = simpleCommand{}
	}
}

func (s *splitter) ends(r rune) bool {
	return len(s.outer) > 0 && s.outer[len(s.outer)-1].end == r
}

// suspend begins a substitution, whose output becomes part of the command that it stands in.
func (s *splitter) suspend(end rune) {
	s.outer = append(s.outer, suspended{s.current, s.word.String(), s.quote, end})
	s.current, s.quote, s.started = simpleCommand{}, 0, false
	s.word.Reset()
}

// resume ends a substitution and goes on with the command that it stands in.
func (s *splitter) resume() {
	last := s.outer[len(s.outer)-1]
	s.outer = s.outer[:len(s.outer)-1]
	s.current.feeds = append(s.current.feeds, last.command.program())
	s.endCommand()
	s.current, s.quote, s.started = last.command, last.quote, true
	s.word.Reset()
	s.word.WriteString(last.word)
}
