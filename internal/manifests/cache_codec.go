package manifests

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"

	"github.com/landwaiter/landwaiter/internal/source"
)

// errCacheFile says that a file of the cache does not hold what the cache writes.
var errCacheFile = errors.New("not a file of the cache")

// encoder writes numbers as varints and each string once: later ones by their number.
type encoder struct {
	buf     []byte
	strings map[string]uint64
}

func (e *encoder) int(n int) { e.buf = binary.AppendVarint(e.buf, int64(n)) }

func (e *encoder) flag(set bool) {
	n := 0
	if set {
		n = 1
	}
	e.int(n)
}

func (e *encoder) bytes(b []byte) {
	e.int(len(b))
	e.buf = append(e.buf, b...)
}

func (e *encoder) string(s string) {
	if n, ok := e.strings[s]; ok {
		e.buf = binary.AppendUvarint(e.buf, n)
		return
	}
	if e.strings == nil {
		e.strings = map[string]uint64{}
	}
	e.strings[s] = uint64(len(e.strings)) + 1
	e.buf = binary.AppendUvarint(e.buf, 0)
	e.int(len(s))
	e.buf = append(e.buf, s...)
}

func (e *encoder) list(list []string) {
	e.int(len(list))
	for _, s := range list {
		e.string(s)
	}
}

// decoder reads what an encoder wrote. After its first error everything is zero.
type decoder struct {
	buf     []byte
	all     string // all of buf: then strings are parts of it, and cost nothing
	strings []string
	err     error
}

func (d *decoder) fail() { d.buf, d.err = nil, errCacheFile }

func (d *decoder) int() int {
	n, size := binary.Varint(d.buf)
	if size <= 0 || int64(int(n)) != n {
		d.fail()
		return 0
	}
	d.buf = d.buf[size:]
	return int(n)
}

// count reads the length of something of which each element takes at least a byte.
func (d *decoder) flag() bool { return d.int() == 1 }

func (d *decoder) count() int {
	n := d.int()
	if n < 0 || n > len(d.buf) {
		d.fail()
		return 0
	}
	return n
}

func (d *decoder) bytes() []byte {
	n := d.count()
	b := d.buf[:n:n]
	d.buf = d.buf[n:]
	return b
}

func (d *decoder) string() string {
	n, size := binary.Uvarint(d.buf)
	if size <= 0 || n > uint64(len(d.strings)) {
		d.fail()
		return ""
	}
	d.buf = d.buf[size:]
	if n > 0 {
		return d.strings[n-1]
	}
	raw := d.bytes()
	s := ""
	if end := len(d.all) - len(d.buf); d.all != "" && d.err == nil {
		s = d.all[end-len(raw) : end]
	} else {
		s = string(raw)
	}
	d.strings = append(d.strings, s)
	return s
}

func (d *decoder) list() []string {
	n := d.count()
	if n == 0 {
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = d.string()
	}
	return list
}

// end returns the error of the decoder, also when something is left over.
func (d *decoder) end() error {
	if len(d.buf) > 0 {
		d.fail()
	}
	return d.err
}

func encodeVariants(variants []variant) []byte {
	e := encoder{}
	e.int(len(variants))
	for _, v := range variants {
		e.string(v.body)
		e.int(len(v.reads))
		for _, r := range v.reads {
			e.string(r.Path)
			e.string(r.Is)
			e.string(r.Lists)
		}
	}
	return e.buf
}

func decodeVariants(data []byte) ([]variant, error) {
	d := decoder{buf: data}
	variants := make([]variant, min(d.count(), cacheVariants))
	for i := range variants {
		variants[i].body = d.string()
		variants[i].reads = make(source.ReadSet, d.count())
		for j := range variants[i].reads {
			variants[i].reads[j] = source.Read{Path: d.string(), Is: d.string(), Lists: d.string()}
		}
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	for _, v := range variants {
		if v.body != "" && !plainHex(v.body) {
			return nil, errCacheFile
		}
	}
	return variants, nil
}

// plainHex reports whether a name is one that hashName gives.
func plainHex(name string) bool {
	for _, c := range []byte(name) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(name) == 40
}

// maxRenderingBytes caps a rendering of the cache when it is unpacked.
const maxRenderingBytes = 512 << 20

func encodeRendering(r *Rendering) []byte {
	e := encoder{}
	e.list(r.Notes)
	supplied, _ := json.Marshal(r.Supplied) // nothing in it that JSON cannot write
	e.bytes(supplied)
	e.int(len(r.Failed))
	for _, f := range r.Failed {
		e.string(f.Reason)
		e.span(f.Span)
	}
	e.int(len(r.Objects))
	for _, o := range r.Objects {
		for _, s := range []string{o.APIVersion, o.Kind, o.Namespace, o.Name, o.Hook} {
			e.string(s)
		}
		e.bytes(o.Raw)
		e.origins(o.Origins)
	}
	packed := bytes.NewBufferString(cacheFormat)
	w, _ := flate.NewWriter(packed, flate.BestSpeed) // the level is a valid one
	_, _ = w.Write(e.buf)                            // a buffer takes everything
	_ = w.Close()
	return packed.Bytes()
}

func (e *encoder) span(s source.Span) {
	e.string(s.File)
	for _, n := range []int{s.Line, s.EndLine - s.Line, s.Column, s.EndColumn} {
		e.int(n)
	}
}

func (e *encoder) origins(origins []Origin) {
	e.int(len(origins))
	for _, o := range origins {
		e.int(len(o))
		for _, f := range o {
			e.span(f.Span)
			e.string(string(f.Role))
			e.int(int(f.Precision))
			e.string(f.From)
		}
	}
}

func decodeRendering(data []byte, root Root) (*Rendering, error) {
	packed, ok := bytes.CutPrefix(data, []byte(cacheFormat))
	if !ok {
		return nil, errCacheFile
	}
	plain, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxRenderingBytes))
	if err != nil {
		return nil, err
	}
	d := decoder{buf: plain}
	r := &Rendering{Root: root, Notes: d.list()}
	if err := json.Unmarshal(d.bytes(), &r.Supplied); err != nil {
		return nil, errCacheFile
	}
	for range d.count() {
		r.Failed = append(r.Failed, &RenderError{Reason: d.string(), Span: d.span()})
	}
	n := d.count()
	for range n {
		o := &Object{Identity: Identity{APIVersion: d.string(), Kind: d.string(), Namespace: d.string(), Name: d.string()}, Hook: d.string()}
		o.Raw = d.bytes()
		o.Origins = d.origins()
		r.Objects = append(r.Objects, o)
		if d.err != nil {
			break
		}
	}
	return r, d.end()
}

func (d *decoder) span() source.Span {
	s := source.Span{File: d.string(), Line: d.int()}
	s.EndLine = s.Line + d.int()
	s.Column, s.EndColumn = d.int(), d.int()
	return s
}

func (d *decoder) origins() []Origin {
	n := d.count()
	if n == 0 {
		return nil
	}
	origins := make([]Origin, n)
	for i := range origins {
		frames := d.count()
		for range frames {
			origins[i] = append(origins[i], Frame{Span: d.span(), Role: Role(d.string()), Precision: Precision(d.int()), From: d.string()})
			if d.err != nil {
				return nil
			}
		}
	}
	return origins
}
