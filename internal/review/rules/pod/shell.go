package pod

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// invocation is one program that a container's command line or script starts.
type invocation struct {
	at     manifests.Field
	words  []string // program and arguments, without assignments and words such as exec and then
	asRoot bool     // by way of sudo
	feeds  []string // the programs that get what it prints, through pipes or as part of their command line
}

func (i invocation) program() string {
	if len(i.words) == 0 || i.words[0] == "" {
		return ""
	}
	return path.Base(i.words[0])
}

// argument returns the first argument that is no flag, "" when there is none.
func (i invocation) argument() string {
	for n := 1; n < len(i.words); n++ {
		switch word := i.words[n]; {
		case slices.Contains([]string{"-o", "-c", "-t", "-C", "-X", "--repository", "--root", "--prefix", "--cwd"}, word):
			n++
		case !strings.HasPrefix(word, "-"):
			return word
		}
	}
	return ""
}

// invocations lists what a container starts: its command and args, an Argo script, and what runs after it started.
func invocations(c review.Container) []invocation {
	items := append(c.Get("command").Items(), c.Get("args").Items()...)
	found := commandLine(items)
	if source := c.Get("source"); source.IsSet() && isShell(c.Get("command").At(0).Text()) {
		found = append(found, script(source)...)
	}
	return append(found, commandLine(c.Get("lifecycle", "postStart", "exec", "command").Items())...)
}

// commandLine reads a list of words. Where it hands a script to a shell, that is what counts.
func commandLine(items []manifests.Field) []invocation {
	words := make([]string, len(items))
	for i, item := range items {
		words[i] = item.Text()
	}
	for i, word := range words {
		if n := scriptAfter(words, i); isShell(word) && n > 0 {
			return script(items[n])
		}
	}
	if len(items) == 0 {
		return nil
	}
	return []invocation{newInvocation(items[0], words)}
}

func isShell(word string) bool {
	return slices.Contains([]string{"sh", "bash", "ash", "dash", "zsh", "ksh", "busybox"}, path.Base(word))
}

// scriptAfter returns where in a command line the script stands that the shell at position shell is given by -c, 0
// when there is none.
func scriptAfter(words []string, shell int) int {
	for i := shell + 1; i < len(words); i++ {
		flag := words[i]
		switch {
		case flag == "sh" || flag == "ash": // busybox sh
		case !strings.HasPrefix(flag, "-") && !strings.HasPrefix(flag, "+"):
			return 0
		case !strings.HasPrefix(flag, "--") && strings.Contains(flag, "c"):
			if i+1 < len(words) {
				return i + 1
			}
			return 0
		case !strings.HasPrefix(flag, "--") && strings.HasSuffix(flag, "o"):
			i++ // the option's name
		}
	}
	return 0
}

// script reads a shell script.
func script(at manifests.Field) []invocation {
	var found []invocation
	for _, command := range splitScript(at.Text()) {
		i := newInvocation(at, command.words)
		i.feeds = command.feeds
		if len(i.words) > 0 {
			found = append(found, i)
		}
	}
	return found
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\+?=`)

// prefixes are words before a program that start it all the same.
var prefixes = []string{"exec", "command", "builtin", "time", "nohup", "then", "do", "else", "elif", "if", "while", "until", "!", "env"}

// maxPrefixes is how many words before a program are passed over.
const maxPrefixes = 32

func newInvocation(at manifests.Field, words []string) invocation {
	i := invocation{at: at, words: words}
	for n := 0; len(i.words) > 0 && n < maxPrefixes; n++ {
		word := path.Base(i.words[0])
		switch {
		case word == "sudo":
			i.asRoot, i.words = true, i.words[1:]
			for len(i.words) > 0 && strings.HasPrefix(i.words[0], "-") {
				i.words = i.words[1:]
			}
		case slices.Contains(prefixes, word), assignment.MatchString(i.words[0]):
			i.words = i.words[1:]
		default:
			return i
		}
	}
	return i
}
