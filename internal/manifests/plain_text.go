package manifests

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// utf16Order returns the byte order of data that begins with a UTF-16 byte order mark, nil without one.
func utf16Order(data []byte) binary.ByteOrder {
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		return binary.BigEndian
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return binary.LittleEndian
	}
	return nil
}

// toUTF8 returns YAML text without byte order mark, and in UTF-8 where it is UTF-16 (YAML 1.2, section 5.2).
func toUTF8(data []byte) []byte {
	order := utf16Order(data)
	if order == nil {
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	}
	units := make([]uint16, 0, len(data)/2)
	for i := 2; i+1 < len(data); i += 2 {
		units = append(units, order.Uint16(data[i:]))
	}
	return []byte(string(utf16.Decode(units)))
}

// surrogates matches a pair of escaped UTF-16 surrogates, as JSON writes characters beyond U+FFFF.
var surrogates = regexp.MustCompile(`\\*\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}`)

// joinSurrogates writes escaped surrogate pairs as the character that they are: JSON has them, and YAML parsers
// refuse them.
func joinSurrogates(data []byte) []byte {
	return surrogates.ReplaceAllFunc(data, func(m []byte) []byte {
		slashes := len(m) - len(`\ud800\udc00`)
		if slashes%2 == 1 {
			return m // the backslash is escaped itself
		}
		pair := m[slashes:]
		high, _ := strconv.ParseUint(string(pair[2:6]), 16, 16)
		low, _ := strconv.ParseUint(string(pair[8:12]), 16, 16)
		return utf8.AppendRune(m[:slashes:slashes], utf16.DecodeRune(rune(high), rune(low)))
	})
}

// complexKey returns the first key of a mapping that is itself a mapping or a list: YAML has them, JSON and
// Kubernetes have not, and what people mean by one is mostly an unquoted "{{ template }}".
func complexKey(node *yaml.Node) *yaml.Node {
	if node == nil {
		return nil
	}
	for i, child := range node.Content {
		if node.Kind == yaml.MappingNode && i%2 == 0 && child.Kind != yaml.ScalarNode {
			return child
		}
		if found := complexKey(child); found != nil {
			return found
		}
	}
	return nil
}
