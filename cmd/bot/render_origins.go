package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// writeOrigins writes the members of the JSON object of origins: there are as many as fields, so it takes no detour.
func (p *objectPrinter) writeOrigins(text *bytes.Buffer, o *manifests.Object) {
	n := 0
	o.Walk(func(f manifests.Field) {
		if n > 0 {
			text.WriteByte(',')
		}
		var best manifests.Frame
		if n < len(o.Origins) {
			if frame := o.Origins[n].Best(); frame != nil {
				best = *frame
			}
		}
		n++
		text.Write(p.quoted(f.Path()))
		text.WriteString(`:{"file":`)
		text.Write(p.quotedFile(best.Span.File))
		text.WriteString(`,"line":`)
		text.Write(strconv.AppendInt(text.AvailableBuffer(), int64(best.Span.Line), 10))
		text.WriteString(`,"precision":"`)
		text.WriteString(best.Precision.String())
		text.WriteString(`"}`)
	})
}

// quotedFile is a file's name as JSON, as the reader of the command line knows it.
func (p *objectPrinter) quotedFile(file string) []byte {
	quoted, ok := p.files[file]
	if !ok {
		if p.files == nil {
			p.files = make(map[string][]byte)
		}
		name := file
		if file != "" {
			name = p.shown(file)
		}
		quoted = slices.Clone(p.quoted(name))
		p.files[file] = quoted
	}
	return quoted
}

// quoted returns a string as JSON, good until the next call.
func (p *objectPrinter) quoted(s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := json.Marshal(s) // strings always have one
			return text
		}
	}
	p.buffer = append(append(append(p.buffer[:0], '"'), s...), '"')
	return p.buffer
}
