package images

import (
	"regexp"
	"strings"
)

// Fault says what kind of mistake makes a reference invalid.
type Fault string

// The faults of references.
const (
	Empty      Fault = "empty"
	Unresolved Fault = "unresolved" // a variable or template expression that nothing has filled in
	Scheme     Fault = "scheme"     // "https://…", "oci://…"
	UserInfo   Fault = "userinfo"   // "user:password@host/…"; such a reference must not be shown
	Characters Fault = "characters" // blanks, control characters, or letters outside ASCII
	BadPath    Fault = "path"       // "..", empty segments, separators at an end
	UpperCase  Fault = "upper-case"
	BadHost    Fault = "host"
	BadTag     Fault = "tag"
	BadDigest  Fault = "digest"
	TooLong    Fault = "length"
	Disputed   Fault = "disputed" // parsers read it in different ways
	Malformed  Fault = "malformed"
)

// ReferenceError says why a reference is invalid. Its text never holds the reference, which may carry a password.
type ReferenceError struct {
	Fault  Fault
	Reason string // what follows "the image reference": "has a scheme"
}

// Error returns the reason as a phrase.
func (e *ReferenceError) Error() string { return "image reference " + e.Reason }

// unresolvedMark finds what templates, shells, kustomize, Flux and Kubernetes would have filled in, and words in
// capitals that stand for it ("IMAGE_URL").
var unresolvedMark = regexp.MustCompile(`\$[A-Za-z_{(]|\{\{|\}\}|<[^<>]*>|^[A-Z][A-Z0-9_]*$`)

// IsUnresolved reports whether text still holds a variable or template expression.
func IsUnresolved(text string) bool { return unresolvedMark.MatchString(text) }

// screen refuses what no parser needs to see, with the reason a reader understands.
func screen(s string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return &ReferenceError{Empty, "is empty"}
	case len(s) > maxReference:
		return &ReferenceError{TooLong, "is longer than any registry takes"}
	case IsUnresolved(s):
		return &ReferenceError{Unresolved, "holds a variable that nothing has filled in"}
	case strings.Contains(s, "://"):
		return &ReferenceError{Scheme, "begins with a scheme, which image references do not have"}
	case strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return &ReferenceError{Characters, "holds blanks, control characters or letters outside ASCII"}
	case isDigest(s):
		return &ReferenceError{BadDigest, "is a digest without a repository"}
	}
	return screenPath(s)
}

func screenPath(s string) error {
	rest, _, _ := strings.Cut(s, "@")
	if strings.Contains(s[len(rest):], "/") {
		return &ReferenceError{UserInfo, "has user information before its host"}
	}
	for i, segment := range strings.Split(rest, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return &ReferenceError{BadPath, "has an empty or dotted path segment"}
		}
		if i > 0 && strings.HasPrefix(segment, "-") {
			return &ReferenceError{BadPath, "has a path segment that begins with a separator"}
		}
	}
	return nil
}

// isDigest reports whether text is a digest of an algorithm that registries know, in lower case.
func isDigest(text string) bool {
	algorithm, hex, _ := strings.Cut(text, ":")
	length := map[string]int{"sha256": 64, "sha384": 96, "sha512": 128}[algorithm]
	return length > 0 && len(hex) == length && strings.Trim(hex, "0123456789abcdef") == ""
}

// isTag reports whether text is a tag: up to 128 letters, digits, "_", "." and "-", the last two not at its start.
func isTag(text string) bool {
	bad := func(r rune) bool { return r >= 0x80 || !strings.ContainsRune(tagRunes, r) }
	return text != "" && len(text) <= 128 && !strings.ContainsFunc(text, bad) && text[0] != '.' && text[0] != '-'
}

const tagRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// classify finds the reason why parsers refuse s. Their own words quote the reference, so they are left out.
func classify(s string) error {
	rest, digest, hasDigest := strings.Cut(s, "@")
	if hasDigest && !isDigest(digest) {
		return &ReferenceError{BadDigest, "has a malformed digest"}
	}
	last := rest[strings.LastIndexByte(rest, '/')+1:]
	name, tag, hasTag := strings.Cut(last, ":")
	if hasTag && !isTag(tag) {
		return &ReferenceError{BadTag, "has a malformed tag"}
	}
	path := rest[:len(rest)-len(last)] + name
	if strings.ToLower(path) != path {
		return &ReferenceError{UpperCase, "has upper-case letters in its repository"}
	}
	return &ReferenceError{Malformed, "does not follow the grammar of image references"}
}

// Shown returns an image as it was written, fit to be shown: user information before the host, in which a password may
// stand, is masked.
func Shown(s string) string {
	rest, digest := s, ""
	if i := strings.LastIndexByte(s, '@'); i >= 0 && isDigest(s[i+1:]) {
		rest, digest = s[:i], s[i:]
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 && (!strings.HasPrefix(rest[i:], "@sha") || strings.Contains(rest[i:], "/")) {
		return "***" + rest[i:] + digest
	}
	return s
}
