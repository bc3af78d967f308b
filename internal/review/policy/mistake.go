package policy

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// Mistake is what is wrong in a policy file, and where.
type Mistake struct {
	File   string
	Line   int // 0 when unknown
	Column int // 0 where the line says enough
	Reason string
}

// Error returns "file:line: reason".
func (m *Mistake) Error() string { return m.Place() + ": " + m.Reason }

// Place returns "file:line" or "file:line:column", as far as it is known.
func (m *Mistake) Place() string {
	if m.Line == 0 {
		return m.File
	}
	if m.Column > 0 {
		return fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column)
	}
	return fmt.Sprintf("%s:%d", m.File, m.Line)
}

// notYAML puts the YAML library's error into ours, with its line where it has one.
func notYAML(file string, err error) *Mistake {
	line, reason := manifests.YAMLPlace(err)
	reason, _, _ = strings.Cut(reason, "\n")
	return &Mistake{File: file, Line: line, Reason: "is no valid YAML: " + reason}
}

// suggestion is ` (did you mean "word"?)`, or nothing.
func suggestion(word string, words []string) string {
	if near := kubeapi.NearestWithin(word, words, 3); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
