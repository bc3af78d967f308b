package sandbox

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A frame is one message on a pipe: a byte for its kind, four for the length of its payload, the payload.
type frameKind byte

const (
	frameSetup  frameKind = iota + 1 // to the child: its limits
	frameHello                       // from the child: it is confined
	frameJob                         // to the child: render this
	frameLookup                      // from the child: a question about the tree
	frameAnswer                      // to the child: the answer
	frameResult                      // from the child: the rendering, or why there is none
)

const (
	frameHeader = 5
	maxPath     = 4096     // bytes of a path; what Linux allows
	maxSmall    = 64 << 10 // bytes of a frame that holds no content: hello, lookup
	maxAnswer   = 1 << 30  // bytes of a frame from the parent; its trees have limits of their own
	firstRead   = 1 << 20  // bytes that a reader allocates on the word of a frame's length
)

// errProtocol is the cause of every complaint about what the other side sent.
var errProtocol = errors.New("protocol violation")

// newFrame begins an encoder that becomes a frame of a kind.
func newFrame(kind frameKind) *encoder {
	return &encoder{buf: append(make([]byte, 0, 256), byte(kind), 0, 0, 0, 0)}
}

// writeFrame sends what an encoder of newFrame holds.
func writeFrame(w io.Writer, e *encoder) error {
	binary.LittleEndian.PutUint32(e.buf[1:], uint32(len(e.buf)-frameHeader))
	_, err := w.Write(e.buf)
	return err
}

// readFrame reads one frame of at most limit bytes. It allocates as bytes arrive, not as they are announced.
func readFrame(r *bufio.Reader, limit int64) (frameKind, *decoder, error) {
	var header [frameHeader]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	length := int64(binary.LittleEndian.Uint32(header[1:]))
	if length > limit {
		return 0, nil, fmt.Errorf("%w: a message of %d bytes where %d are allowed", errProtocol, length, limit)
	}
	data := make([]byte, 0, min(length, firstRead))
	for int64(len(data)) < length {
		if len(data) == cap(data) {
			data = append(make([]byte, 0, min(2*int64(cap(data)), length)), data...)
		}
		n, err := io.ReadFull(r, data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err != nil {
			return 0, nil, err
		}
	}
	return frameKind(header[0]), &decoder{data: data}, nil
}

// encoder appends values to a buffer.
type encoder struct {
	buf   []byte
	names table
	files table
}

func (e *encoder) uint(v uint64) { e.buf = binary.AppendUvarint(e.buf, v) }
func (e *encoder) int(v int64)   { e.buf = binary.AppendVarint(e.buf, v) }
func (e *encoder) count(n int)   { e.uint(uint64(n)) }

func (e *encoder) flag(v bool) {
	b := byte(0)
	if v {
		b = 1
	}
	e.buf = append(e.buf, b)
}

func (e *encoder) bytes(b []byte) {
	e.count(len(b))
	e.buf = append(e.buf, b...)
}

func (e *encoder) text(s string) {
	e.count(len(s))
	e.buf = append(e.buf, s...)
}

// table numbers the strings that come again. The last one comes again at once most often.
type table struct {
	numbers map[string]uint64
	last    string
	number  uint64 // of last; 0 for none
}

// find returns the number of s, adding s to the table when it is not there.
func (t *table) find(s string) (number uint64, known bool) {
	if t.number != 0 && t.last == s {
		return t.number, true
	}
	if t.numbers == nil {
		t.numbers = map[string]uint64{}
	}
	number, known = t.numbers[s]
	if !known {
		number = uint64(len(t.numbers) + 1)
		t.numbers[s] = number
	}
	t.last, t.number = s, number
	return number, known
}

// name writes a string that comes again: in full the first time, as its number from then on.
func (e *encoder) name(s string) { e.again(&e.names, s, func() string { return s }) }

// file writes the path of a file as name does. What is no path inside a tree becomes "".
func (e *encoder) file(s string) {
	e.again(&e.files, s, func() string {
		if cleaned := path.Clean(s); s != "" && plainPath(cleaned) && len(cleaned) <= maxPath {
			return cleaned
		}
		return ""
	})
}

func (e *encoder) again(t *table, s string, written func() string) {
	if number, known := t.find(s); known {
		e.uint(number)
		return
	}
	e.uint(0)
	e.text(written())
}

// decoder takes values from a buffer that may hold anything. After the first failure it gives only zero values,
// so that callers check err once.
type decoder struct {
	data  []byte
	names []string
	files []string
	err   error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errProtocol, fmt.Sprintf(format, args...))
	}
	d.data = nil
}

// finish returns the first failure; a payload with something left over is one too.
func (d *decoder) finish() error {
	if d.err == nil && len(d.data) > 0 {
		d.fail("%d bytes too many", len(d.data))
	}
	return d.err
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.data)
	if n <= 0 {
		d.fail("no number")
		return 0
	}
	d.data = d.data[n:]
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.data)
	if n <= 0 {
		d.fail("no number")
		return 0
	}
	d.data = d.data[n:]
	return v
}

// number takes a number of at most limit.
func (d *decoder) number(what string, limit int) int {
	v := d.uint()
	if v > uint64(limit) {
		d.fail("%s: %d is more than %d", what, v, limit)
		return 0
	}
	return int(v)
}

// count takes a number of things that follow, each of at least size bytes: what cannot follow is refused before
// anything is allocated for it.
func (d *decoder) count(what string, limit, size int) int {
	n := d.number(what, limit)
	if n > len(d.data)/size {
		d.fail("%s: %d announced, but the message ends", what, n)
		return 0
	}
	return n
}

func (d *decoder) flag() bool { return d.number("flag", 1) == 1 }

// bytes takes a run of bytes of at most limit. The result shares the buffer.
func (d *decoder) bytes(what string, limit int) []byte {
	n := d.count(what, limit, 1)
	b := d.data[:n:n]
	d.data = d.data[n:]
	return b
}

func (d *decoder) text(what string, limit int) string { return string(d.bytes(what, limit)) }

// name takes a string that encoder.name wrote.
func (d *decoder) name(what string, limit int) string {
	number := d.number(what, len(d.names))
	if number > 0 {
		return d.names[number-1]
	}
	s := d.text(what, limit)
	if d.err == nil {
		d.names = append(d.names, s)
	}
	return s
}

// file takes a path that encoder.file wrote. Each is checked once.
func (d *decoder) file() string {
	number := d.number("file", len(d.files))
	if number > 0 {
		return d.files[number-1]
	}
	s := d.text("file", maxPath)
	if !plainPath(s) {
		d.fail("file %q", s)
	}
	if d.err == nil {
		d.files = append(d.files, s)
	}
	return s
}

// plainPath reports whether p is a path as trees write it, or "": relative, clean, inside.
func plainPath(p string) bool {
	switch {
	case p == "":
		return true
	case p[0] == '/', p == "..", strings.HasPrefix(p, "../"), strings.IndexByte(p, 0) >= 0:
		return false
	}
	return path.Clean(p) == p
}
