package gitops

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/source"
)

// glob lists the files that a pattern matches, in which "**" stands for directories: those of a directory before those
// below it, sorted by name (Argo CD, user guide, Helm, "Recursive matching with **").
func (w *World) glob(pattern string) (files []string, err error) {
	fixed := path.Dir(pattern[:strings.IndexAny(pattern, "*?[")] + "x")
	if !w.isDir(fixed) {
		return nil, nil
	}
	parts := strings.Split(pattern, "/")
	err = w.walk(fixed, cost(pattern), func(f source.Info) error {
		if f.Kind == source.File && matchPath(parts, strings.Split(f.Path, "/")) {
			files = append(files, f.Path)
		}
		return nil
	})
	slices.SortFunc(files, filesFirst)
	if err != nil {
		return nil, fmt.Errorf("the values files %s cannot be found: %w", pattern, err)
	}
	return files, nil
}

// filesFirst compares paths by their parts, files of a directory before the directories in it.
func filesFirst(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	for i := range min(len(x), len(y)) {
		switch {
		case x[i] == y[i]:
		case (i == len(x)-1) != (i == len(y)-1):
			return len(x) - len(y)
		default:
			return strings.Compare(x[i], y[i])
		}
	}
	return len(x) - len(y)
}

// matchPath reports whether a pattern matches a path, by their parts. It takes time in the product of their lengths, however
// many "**" there are.
func matchPath(pattern, p []string) bool {
	reach := make([]bool, len(p)+1) // up to which part the pattern so far matches
	reach[0] = true
	for _, part := range pattern {
		next := make([]bool, len(p)+1)
		for i := range next {
			switch {
			case part == "**":
				next[i] = reach[i] || i > 0 && next[i-1]
			case i > 0 && reach[i-1]:
				ok, err := path.Match(part, p[i-1])
				next[i] = ok && err == nil
			}
		}
		reach = next
	}
	return reach[len(p)]
}

// matchText reports whether a pattern matches a text, in which "*" stands for whatever there is, slashes too. It takes time
// in the product of their lengths, however many "*" there are.
func matchText(pattern, text string) bool {
	reach := make([]bool, len(text)+1) // up to which byte the pattern so far matches
	reach[0] = true
	for pattern != "" {
		next := make([]bool, len(text)+1)
		if pattern[0] == '*' {
			reached := false
			for i := range next {
				reached = reached || reach[i]
				next[i] = reached
			}
			pattern, reach = strings.TrimLeft(pattern, "*"), next
			continue
		}
		one, rest := firstGlob(pattern)
		for i := range text {
			if reach[i] {
				next[i+1] = one == "?" || one == text[i:i+1] || len(one) > 1 && matchByte(one, text[i:i+1])
			}
		}
		pattern, reach = rest, next
	}
	return reach[len(text)]
}

// firstGlob cuts off what stands for one byte: a byte, "?", one behind a backslash, or a class in brackets.
func firstGlob(pattern string) (one, rest string) {
	switch end := strings.IndexByte(pattern, ']'); {
	case pattern[0] == '\\' && len(pattern) > 1:
		return pattern[:2], pattern[2:]
	case pattern[0] == '[' && end > 1:
		return strings.Replace(pattern[:end+1], "[!", "[^", 1), pattern[end+1:]
	}
	return pattern[:1], pattern[1:]
}

// matchByte reports whether a class or an escaped byte stands for a byte. A slash is one like others.
func matchByte(one, b string) bool {
	if one[0] == '\\' {
		return one[1:] == b
	}
	if b == "/" {
		one, b = strings.ReplaceAll(one, "/", "\x00"), "\x00"
	}
	ok, err := path.Match(one, b)
	return ok && err == nil
}

// Limits of what one pattern with braces stands for.
const (
	maxBraces     = 1000      // patterns
	maxBraceBytes = 256 << 10 // of all of them
)

// errBraces is a pattern that stands for more than that.
var errBraces = fmt.Errorf("a pattern stands for more than %d patterns, or %d KiB of them, by its braces: name less", maxBraces, maxBraceBytes>>10)

// braces are the patterns that one with alternatives in braces stands for. Braces that are not closed stay as they are. The
// error is errBraces.
func braces(pattern string) ([]string, error) {
	all, size := []string{pattern}, len(pattern)
	for i := 0; i < len(all); {
		before, options, after, ok := cutBraces(all[i])
		if !ok {
			i++
			continue
		}
		size += len(options) * (len(before) + len(after)) // before it is made: of one pattern comes its square
		if len(all)+len(options) > maxBraces || size > maxBraceBytes {
			return nil, errBraces
		}
		for j := range options {
			options[j] = before + options[j] + after
		}
		all = slices.Replace(all, i, i+1, options...)
	}
	return all, nil
}

// cutBraces cuts a pattern at its first braces, and what is in them at its commas.
func cutBraces(pattern string) (before string, options []string, after string, ok bool) {
	open := strings.IndexByte(pattern, '{')
	if open < 0 {
		return pattern, nil, "", false
	}
	depth, last := 0, open+1
	for i := open; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '{':
			depth++
		case c == ',' && depth == 1:
			options, last = append(options, pattern[last:i]), i+1
		case c == '}':
			if depth--; depth == 0 {
				return pattern[:open], append(options, pattern[last:i]), pattern[i+1:], true
			}
		}
	}
	return pattern, nil, "", false
}

// matchesAny reports whether one of the patterns matches a text.
func matchesAny(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchText(p, text) })
}
