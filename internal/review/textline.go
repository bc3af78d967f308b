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

// textLines are the lines of the text and of the files that were looked at last: what is found in one text comes one after the
// other, and may be thousands of drafts on thousands of lines.
type textLines struct {
	object *manifests.Object
	path   string
	want   []string
	files  map[sideFile][]string
}

// sideFile names a file of base or head.
type sideFile struct {
	base bool
	file string
}

// of returns the lines of the text of a draft.
func (t *textLines) of(d *Draft) []string {
	if t.object != d.object || t.path != d.path || t.want == nil {
		t.object, t.path, t.want = d.object, d.path, trimmedLines(d.text())
	}
	return t.want
}

// in returns the lines of a file, none of one that cannot be read.
func (t *textLines) in(change *source.Change, f sideFile) []string {
	const most = 8 // files: those of one text's Origin
	lines, known := t.files[f]
	if known {
		return lines
	}
	if t.files == nil || len(t.files) == most {
		t.files = make(map[sideFile][]string)
	}
	side := change.Head
	if f.base {
		side = change.Base
	}
	if data, err := side.ReadFile(f.file); err == nil {
		lines = trimmedLines(string(data))
	}
	t.files[f] = lines
	return lines
}

// locate places a draft: on the field's line, or on that line of its text which is at fault.
func (t *textLines) locate(change *source.Change, origin manifests.Origin, d *Draft) Location {
	for _, base := range []bool{false, true} {
		if d.line == 0 && d.part == "" || base && change.Base == nil {
			break
		}
		if frame := t.frame(change, base, origin, d); frame != nil {
			return location(*frame, touched(change, *frame))
		}
	}
	if d.named || d.path == "metadata.name" {
		origin = whoseName(change.Head, d.object, origin, d.object.Lookup(d.path).Text())
	}
	at := locate(change, origin, d.atFault())
	if d.onKey {
		at = keyOf(change, at, d.path)
	}
	return at
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

// frame finds the draft's line of a text in a side's source; nil when it is not there. A block scalar begins below its key, a file that a generator reads
// with its first line; anything else has the whole text on one line, on which the finding then stands.
func (t *textLines) frame(change *source.Change, base bool, origin manifests.Origin, d *Draft) *manifests.Frame {
	want, n := t.of(d), d.line
	if n == 0 {
		n = lineWith(want, d.part)
	}
	if n == 0 || n > len(want) || want[n-1] == "" {
		return nil
	}
	for _, frame := range origin {
		if frame.Precision != manifests.Exact {
			continue
		}
		lines := t.in(change, sideFile{base, frame.Span.File})
		for _, line := range []int{frame.Span.Line + n, frame.Span.Line + n - 1} {
			if sameLines(lines, line, want, n) {
				at := frame
				at.Span.Line, at.Span.EndLine, at.Span.Column, at.Span.EndColumn = line, line, 1, 0
				return &at
			}
		}
	}
	return nil
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
	if plain, ok := FromBase64(text); encoded && ok {
		return plain
	}
	return text
}

// FromBase64 decodes a text as the API has it in Secrets, be it broken into lines (RFC 4648, 4). ok is false for one that is not
// encoded, as what is filled in later.
func FromBase64(text string) (plain string, ok bool) {
	decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	return string(decoded), err == nil
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
