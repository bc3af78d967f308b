package manifests

import (
	"regexp"
	"strconv"
)

// What the YAML parser puts before its messages; those messages that count lines from 0, which its grammar has and its
// scanner has not; and those that stand at a place at all, which is the first line where no other is named.
var (
	yamlPosition = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line (\d+): )?`)
	yamlGrammar  = regexp.MustCompile(`did not find expected (?:key|node content|'-' indicator|<document start>|',' or)`)
	yamlPlaced   = regexp.MustCompile(`^(?:found|did not find|could not find|while|mapping values|mapping keys|block (?:sequence|mapping)|control characters|invalid (?:leading|trailing|Unicode))`)
)

// YAMLPlace parts an error of the YAML parser into the line, 0 when there is none, and the message, without the values
// that it quotes.
func YAMLPlace(err error) (line int, reason string) {
	text := err.Error()
	found := yamlPosition.FindStringSubmatch(text)
	reason = Discreet(text[len(found[0]):])
	line, _ = strconv.Atoi(found[1])
	switch {
	case line > 0 && yamlGrammar.MatchString(reason):
		line++
	case line == 0 && yamlPlaced.MatchString(reason):
		line = 1
	}
	return line, reason
}

// quotedValues matches where the messages of YAML parsers quote values: they may be a Secret's.
var quotedValues = []*regexp.Regexp{
	regexp.MustCompile(`(unknown anchor|anchor) '.*?'( referenced| value contains itself)`),
	regexp.MustCompile("(cannot (?:decode|unmarshal) !!\\w+) `(?s:.*?)`()"),
	regexp.MustCompile(`(invalid map key|unsupported map key)\b(?s:.*)()`),
}

// Discreet returns the message of a YAML parser without the values that it quotes: a password that begins with "*" is
// an unknown anchor to it.
func Discreet(message string) string {
	for _, quoted := range quotedValues {
		message = quoted.ReplaceAllString(message, "$1$2")
	}
	return message
}
