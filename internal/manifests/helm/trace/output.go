package trace

import (
	"bytes"
	"reflect"
)

// output is text in the making, with the origin of its parts.
type output struct {
	buf    []byte
	pieces []piece
}

// write appends text of one piece.
func (o *output) write(text string, p piece) {
	if text == "" {
		return
	}
	o.buf = append(o.buf, text...)
	p.end = len(o.buf)
	o.pieces = append(o.pieces, p)
}

// note remembers that an empty text was written here.
func (o *output) note(m *mark) { o.pieces = append(o.pieces, piece{len(o.buf), m, -1}) }

// value makes the output a value.
func (o *output) value() value {
	v := value{rv: reflect.ValueOf(string(o.buf))}
	if len(o.pieces) > 0 {
		v.prov = &prov{text: &text{o.pieces}}
	}
	return v
}

// cut removes every occurrence of a word.
func (o *output) cut(word string) {
	if !bytes.Contains(o.buf, []byte(word)) {
		return
	}
	kept := &output{}
	t := &text{o.pieces}
	rest := o.buf
	start := 0
	for {
		i := bytes.Index(rest, []byte(word))
		end := len(rest)
		if i >= 0 {
			end = i
		}
		kept.append(rest[:end], t.cut(start, start+end))
		if i < 0 {
			break
		}
		start += end + len(word)
		rest = rest[end+len(word):]
	}
	*o = *kept
}

// append adds text with its pieces.
func (o *output) append(part []byte, t *text) {
	at := len(o.buf)
	o.buf = append(o.buf, part...)
	all := &text{o.pieces}
	all.add(at, t)
	o.pieces = all.pieces
}
