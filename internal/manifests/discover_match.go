package manifests

import (
	"path"
	"strings"
)

// matchAbove reports whether one of the patterns matches p or a directory above it. So "apps" and "apps/**" are
// the same: all that lies in apps.
func matchAbove(patterns []string, p string) bool {
	for _, pattern := range patterns {
		segments := strings.Split(strings.TrimSuffix(path.Clean(pattern), "/**"), "/")
		for at := path.Clean(p); ; at = path.Dir(at) {
			if matchSegments(segments, strings.Split(at, "/")) {
				return true
			}
			if at == "." || at == "/" {
				break
			}
		}
	}
	return false
}

// matchSegments matches a path against a pattern, both cut at "/": "**" stands for one or more segments,
// "*" for any characters within one.
func matchSegments(pattern, segments []string) bool {
	// matched[j] tells whether the pattern read so far matches the first j segments.
	matched := make([]bool, len(segments)+1)
	matched[0] = true
	for _, p := range pattern {
		next := make([]bool, len(segments)+1)
		for j := range next {
			switch {
			case p == "**":
				next[j] = j > 0 && (matched[j-1] || next[j-1])
			case j > 0:
				next[j] = matched[j-1] && matchStars(p, segments[j-1])
			}
		}
		matched = next
	}
	return matched[len(segments)]
}

// matchStars matches one segment against a pattern in which "*" stands for any characters.
func matchStars(pattern, s string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	if !strings.HasPrefix(s, first) {
		return false
	}
	s = s[len(first):]
	for {
		part, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], more
	}
}
