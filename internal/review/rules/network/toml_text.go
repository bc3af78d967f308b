package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// tomlValue is a string in a TOML text, alone or in a list, with the keys that lead to it.
type tomlValue struct {
	keys []string
	text string
	line int // from 1
}

// readTOML reads the strings of a TOML text that stand in tables, and in lists that may go over several lines. Inline
// tables and strings of several lines are passed over. It takes time in proportion to the text, however that is nested.
func readTOML(text string) (all []tomlValue) {
	var table, key []string
	list, long := false, "" // within a list; within a string that ends in long
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case long != "":
			if strings.Contains(line, long) {
				long = ""
			}
			continue
		case line == "" || line[0] == '#':
			continue
		case list:
		case line[0] == '[':
			header, _, _ := strings.Cut(line, "]")
			table = tomlKey(strings.TrimLeft(header, "["))
			continue
		default:
			name, value, _ := strings.Cut(line, "=")
			key, line = slices.Concat(table, tomlKey(name)), strings.TrimSpace(value)
			list = strings.HasPrefix(line, "[")
			if long = longQuote(line); long != "" || strings.HasPrefix(line, "{") {
				continue
			}
		}
		texts, closed := tomlStrings(line)
		list = list && !closed
		for _, text := range texts {
			all = append(all, tomlValue{key, text, n + 1})
		}
	}
	return all
}

// maxKey bounds the keys that lead to a value.
const maxKey = 32

// tomlKey parts a dotted key.
func tomlKey(text string) []string {
	parts := strings.SplitN(text, ".", maxKey)
	for i := range parts {
		parts[i] = strings.Trim(strings.TrimSpace(parts[i]), `"'`)
	}
	return parts
}

// longQuote is the quote of a string that goes on on the next line; "" for other values.
func longQuote(value string) string {
	for _, quote := range []string{`"""`, `'''`} {
		if strings.HasPrefix(value, quote) && strings.Count(value, quote) == 1 {
			return quote
		}
	}
	return ""
}

// tomlStrings returns the quoted strings of a line up to a comment, and whether it closes a list.
func tomlStrings(line string) (texts []string, closed bool) {
	for line != "" {
		switch c := line[0]; c {
		case '#':
			return texts, closed
		case '"', '\'':
			end := strings.IndexByte(line[1:], c)
			if end < 0 {
				return texts, closed
			}
			texts = append(texts, line[1:end+1])
			line = line[end+2:]
			continue
		case ']':
			closed = true
		}
		line = line[1:]
	}
	return texts, closed
}

// traefikKeys are the keys of Traefik's configuration in TOML, in lower case.
var traefikKeys = map[string]settingKind{"minversion": oldestVersion, "maxversion": newestVersion, "ciphersuites": cipherList}

// traefikSettings finds the settings in a text that is Traefik's configuration in TOML, of version 1 or later: those of
// entry points and of options of TLS.
func traefikSettings(f manifests.Field) (all []tlsSetting) {
	text := f.Text()
	if len(text) > maxConfig || !strings.Contains(text, "inVersion") && !strings.Contains(text, "ipherSuites") {
		return nil
	}
	for _, v := range readTOML(text) {
		name := v.keys[len(v.keys)-1]
		kind, known := traefikKeys[strings.ToLower(name)]
		if known && slices.ContainsFunc(v.keys, func(part string) bool { return strings.EqualFold(part, "tls") }) {
			all = append(all, tlsSetting{kind: kind, at: f, name: name, value: v.text, line: v.line, fixed: true})
		}
	}
	return all
}
