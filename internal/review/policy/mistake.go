package policy

import (
	"fmt"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
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

// nearest returns the word that was probably meant, "" when none is close.
func nearest(word string, words []string) string {
	best, distance := "", 3
	for _, w := range words {
		if d := editDistance(strings.ToLower(word), strings.ToLower(w), distance); d < distance {
			best, distance = w, d
		}
	}
	return best
}

// editDistance counts the letters to add, drop, change or swap with the next one between two words; most when they are
// too long to be held against each other.
func editDistance(a, b string, most int) int {
	if len(a) > 64 || len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	cost := make([][]int, len(a)+1)
	for i := range cost {
		cost[i] = make([]int, len(b)+1)
		for j := range cost[i] {
			cost[i][j] = max(i, j) // right where one word is empty
			if i == 0 || j == 0 {
				continue
			}
			change := cost[i-1][j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			cost[i][j] = min(change, cost[i-1][j]+1, cost[i][j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cost[i][j] = min(cost[i][j], cost[i-2][j-2]+1)
			}
		}
	}
	return cost[len(a)][len(b)]
}

// suggestion is ` (did you mean "word"?)`, or nothing.
func suggestion(word string, words []string) string {
	if near := nearest(word, words); near != "" {
		return fmt.Sprintf(" (did you mean %q?)", near)
	}
	return ""
}
