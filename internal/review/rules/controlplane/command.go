package controlplane

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// word is one word of a command line: an item of command or args, or a part of a script in one.
type word struct {
	text string
	at   manifests.Field
	line int // of the script, from 1; 0 when the word is the whole item
}

func (w word) place(owner *manifests.Object) place {
	return place{owner: owner, field: w.at, line: w.line}
}

// setter writes another value behind prefix; nil within a script.
func (w word) setter(prefix string) func(any) []review.Op {
	if w.line > 0 {
		return nil
	}
	return func(value any) []review.Op { return []review.Op{review.Set(w.at, prefix+fmt.Sprint(value))} }
}

// removal takes the word out; nothing within a script.
func (w word) removal() []review.Op {
	if w.line > 0 {
		return nil
	}
	return []review.Op{review.Remove(w.at)}
}

// commandLine is how a container starts a component.
type commandLine struct {
	program string
	words   []word // behind the program
	open    bool   // some of the arguments come from variables
}

// programLine finds the component that a container runs: by its command, by the script that a shell is given, or by the
// image when there are only arguments.
func programLine(c review.Container) (commandLine, bool) {
	var words []word
	for _, key := range []string{"command", "args"} {
		for _, item := range c.Get(key).Items() {
			words = append(words, word{text: item.Text(), at: item})
		}
	}
	for i, w := range words {
		if isShell(w.text) && i+2 < len(words) && isScriptFlag(words[i+1].text) {
			return scriptLine(words[i+2])
		}
	}
	if line, ok := startOf(words); ok {
		return line, true
	}
	program := imageProgram(c.Get("image").Text())
	if program == "" || len(words) == 0 || !strings.HasPrefix(words[0].text, "-") {
		return commandLine{}, false
	}
	return commandLine{program: program, words: words, open: isOpen(words)}, true
}

func isShell(text string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash"}, path.Base(text))
}

func isScriptFlag(text string) bool {
	return strings.HasPrefix(text, "-") && !strings.HasPrefix(text, "--") && strings.HasSuffix(text, "c")
}

// scriptLine finds the component that a script starts.
func scriptLine(script word) (commandLine, bool) {
	for _, command := range splitScript(script.text) {
		for i := range command {
			command[i].at = script.at
		}
		if line, ok := startOf(command); ok {
			return line, true
		}
	}
	return commandLine{}, false
}

// starters are programs that run the one that is named behind them.
var starters = []string{"exec", "nice", "nohup", "go-runner", "tini", "dumb-init", "env", "hyperkube", "--", "sudo", "time", "command"}

// startOf reads a command line that starts a component, whatever stands before its name.
func startOf(words []word) (commandLine, bool) {
	for i, w := range words {
		base := path.Base(w.text)
		if i > 0 && path.Base(words[i-1].text) == "hyperkube" && base != kubelet && !strings.HasPrefix(base, "kube-") {
			base = "kube-" + base // as it was called up to 1.16
		}
		if _, known := binaryDefaults[base]; known {
			rest := words[i+1:]
			return commandLine{program: base, words: rest, open: isOpen(rest)}, true
		}
		if !slices.Contains(starters, base) && !strings.HasPrefix(w.text, "-") && !strings.Contains(w.text, "=") {
			break
		}
	}
	return commandLine{}, false
}

// isOpen reports whether a word of its own is a variable, which may be any flags.
func isOpen(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return strings.HasPrefix(w.text, "$") })
}

// imageProgram returns the component that an image is of, "" for none.
func imageProgram(image string) string {
	name, _, _ := strings.Cut(path.Base(image), "@")
	name, _, _ = strings.Cut(name, ":")
	for _, arch := range []string{"-amd64", "-arm64"} {
		name = strings.TrimSuffix(name, arch)
	}
	if _, known := binaryDefaults[name]; known {
		return name
	}
	return ""
}

// splitScript cuts a shell script into its commands and their words. It knows quotes, comments and lines that go on;
// it expands nothing.
func splitScript(text string) [][]word {
	s := splitter{line: 1}
	runes := []rune(text)
	for i := 0; i < len(runes); i++ {
		if r := runes[i]; r == '#' && !s.begun && s.quote == 0 {
			for i+1 < len(runes) && runes[i+1] != '\n' {
				i++
			}
		} else if r == '\\' && s.quote != '\'' && i+1 < len(runes) {
			i++
			s.escaped(runes[i])
		} else {
			s.take(r)
		}
		if runes[i] == '\n' {
			s.line++
		}
	}
	s.endCommand()
	return s.commands
}

// splitter is a script being cut.
type splitter struct {
	commands [][]word
	command  []word
	current  strings.Builder
	begun    bool // a word has begun, be it an empty one in quotes
	quote    rune // ', " or 0
	line     int
}

func (s *splitter) take(r rune) {
	switch {
	case s.quote != 0 && r == s.quote:
		s.quote = 0
	case s.quote != 0:
		s.current.WriteRune(r)
	case r == '\'' || r == '"':
		s.quote, s.begun = r, true
	case r == ' ' || r == '\t' || r == '\r':
		s.endWord()
	case strings.ContainsRune("\n;&|", r):
		s.endCommand()
	default:
		s.current.WriteRune(r)
		s.begun = true
	}
}

// escaped takes a character behind a backslash; a line that ends in one goes on.
func (s *splitter) escaped(r rune) {
	if r == '\n' {
		return
	}
	s.current.WriteRune(r)
	s.begun = true
}

func (s *splitter) endWord() {
	if s.begun {
		s.command = append(s.command, word{text: s.current.String(), line: s.line})
	}
	s.current.Reset()
	s.begun = false
}

func (s *splitter) endCommand() {
	if s.endWord(); len(s.command) > 0 {
		s.commands, s.command = append(s.commands, s.command), nil
	}
}
