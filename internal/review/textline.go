package review

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Line says on which line of the field's text, from 1, the violation stands, where the text is a document or a script
// of its own: a kubelet's configuration in a ConfigMap, say.
func (d *Draft) Line(n int) *Draft {
	d.line = n
	return d
}

// locateDraft places a draft: on the field's line, or on that line of its text which is at fault.
func locateDraft(change *source.Change, origin manifests.Origin, d *Draft) Location {
	for _, tree := range []source.Tree{change.Head, change.Base} {
		if d.line == 0 && d.part == "" || tree == nil {
			break
		}
		if at, ok := locateText(change, tree, origin, d); ok {
			return at
		}
	}
	if d.named || d.path == "metadata.name" {
		origin = whoseName(change.Head, d.object, origin, d.object.Lookup(d.path).Text())
	}
	return locate(change, origin, d.atFault())
}

// atFault tells the lines that give the part of a value that a draft blames, and those of patches that take away what it
// misses: by the end of a JSON pointer (RFC 6901), or by a key with null. It is nil when any line will do.
func (d *Draft) atFault() func(line string) bool {
	if d.part != "" {
		return func(line string) bool { return strings.Contains(line, d.part) }
	}
	key := missingKey(d.object, d.path)
	if key == "" {
		return nil
	}
	return func(line string) bool {
		return strings.Contains(line, "/"+key) || strings.HasPrefix(strings.TrimLeft(line, " -"), key+":")
	}
}

// missingKey returns the first key that is missing on the way to a path, "" when nothing is.
func missingKey(o *manifests.Object, path string) string {
	if o.Lookup(path).Exists() {
		return ""
	}
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path[:i], '.') {
		if o.Lookup(path[:i]).Exists() {
			key, _, _ := strings.Cut(path[i+1:], ".")
			return key
		}
	}
	return ""
}

// locateText finds the draft's line of a text in a side's source. A block scalar begins below its key, a file that a generator reads
// with its first line; anything else has the whole text on one line, on which the finding then stands.
func locateText(change *source.Change, tree source.Tree, origin manifests.Origin, d *Draft) (Location, bool) {
	want, n := trimmedLines(d.text()), d.line
	if n == 0 {
		n = lineWith(want, d.part)
	}
	if n == 0 || n > len(want) || want[n-1] == "" {
		return Location{}, false
	}
	for _, frame := range origin {
		if frame.Precision != manifests.Exact {
			continue
		}
		data, err := tree.ReadFile(frame.Span.File)
		if err != nil {
			continue
		}
		lines := trimmedLines(string(data))
		for _, line := range []int{frame.Span.Line + n, frame.Span.Line + n - 1} {
			if sameLines(lines, line, want, n) {
				at := frame
				at.Span.Line, at.Span.EndLine, at.Span.Column, at.Span.EndColumn = line, line, 1, 0
				return location(at, touched(change, at)), true
			}
		}
	}
	return Location{}, false
}

// lineWith returns the first of several lines, from 1, that has the part which is at fault; 0 for none.
func lineWith(lines []string, part string) int {
	if part == "" || len(lines) < 2 {
		return 0
	}
	return 1 + slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, part) })
}

// text returns the text of the draft's field as its readers get it: what stands in Base64 is decoded.
func (d *Draft) text() string {
	text := d.object.Lookup(d.path).Text()
	encoded := d.object.Kind == "Secret" && strings.HasPrefix(d.path, "data") || d.object.Kind == "ConfigMap" && strings.HasPrefix(d.path, "binaryData")
	if plain, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); encoded && err == nil {
		return string(plain)
	}
	return text
}

// sameLines reports whether a line of the source is line n of the text. One that a template fills in is known by the
// line before it.
func sameLines(source []string, line int, text []string, n int) bool {
	if line < 1 || line > len(source) {
		return false
	}
	if source[line-1] == text[n-1] {
		return true
	}
	return strings.Contains(source[line-1], "{{") && n > 1 && line > 1 && source[line-2] == text[n-2]
}

func trimmedLines(text string) []string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return lines
}
