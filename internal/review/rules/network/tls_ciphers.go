package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var tlsCiphersRule = review.Rule{
	ID: "tls-ciphers", Level: review.Error, Guidelines: []string{"G19"},
	Summary: "A server takes cipher suites outside Mozilla's list",
	Kinds:   tlsKinds,
	Params:  defaultTLS,
	Check:   checkTLSCiphers,
}

func checkTLSCiphers(p *review.Pass) {
	name := review.Params[tlsParams](p).Profile
	for _, s := range tlsSettings(p) {
		if s.kind != cipherList {
			continue
		}
		kept, outside := s.ciphers(tlsProfiles[string(name)])
		if len(outside) == 0 {
			continue
		}
		d := p.Report(s.at, "%s takes %s, outside Mozilla's %s list", s.name, few(outside), name).Line(s.line).
			Detail("The list (version %s) has only suites with forward secrecy and authenticated encryption. With the others, recorded traffic can be read once the key is known, or altered.", profileVersion)
		s.fixCiphers(d, kept)
	}
}

// fixCiphers offers to leave out the suites that are not kept, as long as there are others.
func (s tlsSetting) fixCiphers(d *review.Draft, kept []string) {
	const title = "leave out the weak suites"
	separator, ok := s.separator()
	positive := slices.ContainsFunc(kept, func(word string) bool { return !strings.ContainsAny(word[:1], "!-@+") })
	switch {
	case s.fixed:
	case s.item:
		d.Fix(title, review.Remove(s.at)).Unsafe()
	case ok && positive:
		d.Fix(title, review.Set(s.at, strings.Join(kept, separator))).Unsafe()
	}
}

// ciphers parts the setting's suites by whether the profile has them. What is excluded, or filled in later, is kept.
func (s tlsSetting) ciphers(profile tlsProfile) (kept, outside []string) {
	for _, word := range strings.FieldsFunc(s.value, func(r rune) bool { return strings.ContainsRune(":,; \t\r\n|[]\"'", r) }) {
		switch {
		case strings.ContainsAny(word[:1], "!-@$+") || strings.ContainsAny(word, "${}%<>"), profile.has(word):
			kept = append(kept, word)
		default:
			outside = append(outside, word)
		}
	}
	return kept, outside
}

// separator returns what stands between the suites of a value that is just their list.
func (s tlsSetting) separator() (string, bool) {
	if s.at.Text() != s.value || strings.ContainsAny(s.value, "|[]\"' \n") {
		return "", false
	}
	if strings.Contains(s.value, ",") {
		return ",", !strings.Contains(s.value, ":")
	}
	return ":", true
}

// few names the first of several.
func few(names []string) string {
	if len(names) <= 2 {
		return strings.Join(names, " and ")
	}
	return strings.Join(names[:2], ", ") + " and others"
}
