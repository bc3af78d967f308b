package images

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern names a set of repositories, identities or paths. Without a wildcard it is exactly what is written; "*"
// stands for any run of characters within one path segment, or within one label of the host; "**" stands for one
// or more whole segments. It matches whole names, never parts of them.
type Pattern struct {
	text     string
	segments []segment
}

// segment is one part between slashes: words that stand between its wildcards, or, for the rest of "**", any
// number of segments.
type segment struct {
	text string
	host bool // wildcards do not cross dots
	many bool // zero or more whole segments
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// ParsePattern reads a pattern of repositories: "ghcr.io/acme/**", "docker.io/library/nginx", "**/*-debug". The
// host is folded as in references. A pattern that could be read in two ways is refused with the reason.
func ParsePattern(s string) (Pattern, error) {
	if s == "**" {
		return Pattern{s, deep()}, nil
	}
	if strings.Contains(s, "://") {
		return Pattern{}, refuse(s, "has a scheme, which images do not have")
	}
	host, path, hasPath := strings.Cut(s, "/")
	if !hasPath {
		return Pattern{}, refuse(s, "names no repository; write HOST/** for everything there, or "+DockerHub+"/library/NAME for an official image")
	}
	if err := checkRepositoryPattern(s, path); err != nil {
		return Pattern{}, err
	}
	if host == "**" {
		return Pattern{s, append(deep(), pathSegments(path)...)}, nil
	}
	host, err := patternHost(s, host)
	if err != nil {
		return Pattern{}, err
	}
	if host == DockerHub && !strings.Contains(path, "/") && path != "**" {
		if strings.Contains(path, "*") {
			return Pattern{}, refuse(s, "is ambiguous; write "+DockerHub+"/library/* for the official images or "+DockerHub+"/** for all")
		}
		path = "library/" + path
	}
	return Pattern{s, append([]segment{{text: host, host: true}}, pathSegments(path)...)}, nil
}

// ParseNamePattern reads a pattern of identities or paths: "https://github.com/acme/*/x@refs/heads/main",
// "github.com/acme/*", "clusters/**". After a scheme, the host keeps to the rules of repository patterns.
func ParseNamePattern(s string) (Pattern, error) {
	if s == "" {
		return Pattern{}, refuse(s, "is empty")
	}
	if err := checkStars(s, s); err != nil {
		return Pattern{}, err
	}
	scheme, rest, hasScheme := strings.Cut(s, "://")
	if !hasScheme {
		return Pattern{s, pathSegments(s)}, nil
	}
	if strings.Contains(scheme, "*") {
		return Pattern{}, refuse(s, "has a wildcard in its scheme")
	}
	host, path, hasPath := strings.Cut(rest, "/")
	if err := checkHostPattern(s, host); err != nil {
		return Pattern{}, err
	}
	segments := []segment{{text: scheme + ":"}, {}, {text: host, host: true}}
	if hasPath {
		segments = append(segments, pathSegments(path)...)
	}
	return Pattern{s, segments}, nil
}

// deep is "**": one segment, and any number more.
func deep() []segment { return []segment{{text: "*"}, {many: true}} }

func pathSegments(path string) []segment {
	var segments []segment
	for _, text := range strings.Split(path, "/") {
		if text == "**" {
			segments = append(segments, deep()...)
		} else {
			segments = append(segments, segment{text: text})
		}
	}
	return segments
}

func checkRepositoryPattern(whole, path string) error {
	switch {
	case strings.ContainsAny(path, ":@"):
		return refuse(whole, "has a tag or a digest; patterns name repositories")
	case strings.ToLower(path) != path:
		return refuse(whole, "has upper-case letters, which no repository has")
	}
	for _, text := range strings.Split(path, "/") {
		if text == "" || text == "." || text == ".." {
			return refuse(whole, "has an empty or dotted segment")
		}
	}
	return checkStars(whole, path)
}

func checkStars(whole, path string) error {
	for _, text := range strings.Split(path, "/") {
		if strings.Contains(text, "**") && text != "**" {
			return refuse(whole, "has a ** that is not a whole segment")
		}
	}
	return nil
}

// patternHost checks a pattern's host and folds it as a reference's.
func patternHost(whole, host string) (string, error) {
	if !strings.ContainsAny(host, ".:*") && host != "localhost" {
		return "", refuse(whole, "does not begin with a host; Docker Hub's images begin with "+DockerHub+"/")
	}
	if err := checkHostPattern(whole, host); err != nil {
		return "", err
	}
	folded, err := normalHost(strings.ReplaceAll(host, "*", "x"))
	if err != nil {
		return "", refuse(whole, "has a host that is not valid")
	}
	if strings.Contains(host, "*") {
		return strings.TrimSuffix(strings.ToLower(host), ":443"), nil
	}
	return folded, nil
}

// checkHostPattern refuses wildcards where they would let in hosts of strangers.
func checkHostPattern(whole, host string) error {
	switch {
	case host == "":
		return refuse(whole, "has no host")
	case strings.ContainsFunc(host, func(r rune) bool { return !strings.ContainsRune(hostRunes, r) }):
		return refuse(whole, "has characters that no host has")
	}
	name, port, _ := strings.Cut(host, ":")
	if strings.Contains(port, "*") && !strings.HasPrefix(host, "[") {
		return refuse(whole, "has a wildcard in its port")
	}
	labels := strings.Split(name, ".")
	for _, label := range labels {
		if strings.Contains(label, "**") {
			return refuse(whole, "has a ** in its host; ** stands for whole segments")
		}
	}
	if strings.Contains(strings.Join(labels[max(len(labels)-2, 0):], "."), "*") {
		return refuse(whole, "has a wildcard in the last two labels of its host; write **/… for any host")
	}
	return nil
}

const hostRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]*"

func refuse(pattern, reason string) error { return fmt.Errorf("pattern %q %s", pattern, reason) }

// Match reports whether the pattern covers name: for repositories that is Reference.Name.
func (p Pattern) Match(name string) bool {
	return glob(p.segments, strings.Split(name, "/"),
		func(s segment) bool { return s.many }, segment.matches)
}

// matches reports whether the segment covers text.
func (s segment) matches(text string) bool {
	if !s.host {
		return text != "" && matchText(s.text, text) || s.text == text
	}
	return slices.EqualFunc(strings.Split(s.text, "."), strings.Split(text, "."), matchText)
}

func matchText(pattern, text string) bool {
	return glob([]byte(pattern), []byte(text),
		func(b byte) bool { return b == '*' }, func(p, t byte) bool { return p == t })
}

// glob matches a pattern with elements that stand for any number of items, going back to the last of those only,
// so that its time is at worst the product of the lengths.
func glob[P, T any](pattern []P, items []T, many func(P) bool, match func(P, T) bool) bool {
	p, i, star, from := 0, 0, -1, 0
	for i < len(items) {
		switch {
		case p < len(pattern) && many(pattern[p]):
			star, from = p, i
			p++
		case p < len(pattern) && match(pattern[p], items[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	for p < len(pattern) && many(pattern[p]) {
		p++
	}
	return p == len(pattern)
}
