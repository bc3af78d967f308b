package kustomize

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// flatDepth is the nesting that a file may have before it is parsed to see whether it may be handed on.
const flatDepth = 100

// separatorLine is what kyaml splits a stream at; it must be the same here, so that nothing hides between the two.
var separatorLine = regexp.MustCompile(`\n---.*\n`)

// checkYAML refuses YAML that grows or nests beyond the limits of package manifests. kyaml copies what an alias
// names and walks recursively, without limits of its own. An ordinary file is judged by its bytes alone.
func checkYAML(data []byte) error {
	if !suspicious(data) {
		return nil
	}
	for _, doc := range splitStream(data) {
		_, err := manifests.ParseYAML(doc.Data)
		if errors.Is(err, manifests.ErrYAMLDepth) || errors.Is(err, manifests.ErrYAMLSize) {
			return err
		}
	}
	return nil
}

// splitStream cuts a stream into documents as kyaml does: CRLF become LF, lines that start with "---" separate.
// Unlike kyaml it keeps what it cannot use; lines stay what they are in the file.
func splitStream(data []byte) []manifests.Document {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	var docs []manifests.Document
	start, line := 0, 1
	for _, at := range separatorLine.FindAllIndex(data, -1) {
		chunk := data[start : at[0]+1]
		docs = append(docs, manifests.Document{Line: line, Data: chunk})
		line += bytes.Count(data[start:at[1]], []byte("\n"))
		start = at[1]
	}
	return append(docs, manifests.Document{Line: line, Data: data[start:]})
}

// suspicious reports whether data may hold aliases, or nest deeper than flatDepth: it counts, per line, the
// columns before the first character that opens no block, and the brackets of the whole.
func suspicious(data []byte) bool {
	brackets, prefix, leading := 0, 0, true
	for i, c := range data {
		switch c {
		case '\n', '\r':
			prefix, leading = 0, true
			continue
		case '{', '[':
			brackets++
		case '*':
			if i+1 < len(data) && startsAlias(data, i) {
				return true
			}
		}
		if !leading {
			continue
		}
		if leading = c == ' ' || c == '-' || c == '?' || c == ':' || c == '\t'; leading {
			prefix++
		}
		if prefix+brackets > flatDepth {
			return true
		}
	}
	return brackets > flatDepth
}

// startsAlias reports whether the '*' at i may begin an alias: after a blank or an indicator, before a name.
func startsAlias(data []byte, i int) bool {
	switch next := data[i+1]; next {
	case ' ', '\t', '\n', '\r', '\'', '"', '*', ',', ']', '}':
		return false
	}
	if i == 0 {
		return true
	}
	switch data[i-1] {
	case ' ', '\t', '\n', '\r', '[', ',', '{', ':', '-', '?':
		return true
	}
	return false
}
