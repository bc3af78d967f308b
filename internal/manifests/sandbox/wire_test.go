package sandbox

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// fill sets every exported field below v to something that is not zero, so that a field which the protocol forgets
// is missed. Fields that somebody adds later are among them.
func fill(t *testing.T, v reflect.Value, seed *int) {
	t.Helper()
	*seed++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("s%d", *seed))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*seed))
	case reflect.Uint8:
		v.SetUint(1 + uint64(*seed%2))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(t, v.Index(i), seed)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(t, v.Field(i), seed)
			}
		}
	case reflect.Pointer: // a Deployment, which the parent takes apart: no child sees one
	case reflect.Interface:
		v.Set(reflect.ValueOf(&remoteError{text: fmt.Sprint("e", *seed), known: []error{source.ErrLFS}}))
	default:
		t.Fatalf("the protocol cannot carry a field of kind %s; extend it", v.Kind())
	}
}

func filled[T any](t *testing.T) T {
	t.Helper()
	var v T
	seed := 0
	fill(t, reflect.ValueOf(&v).Elem(), &seed)
	return v
}

// payload takes a frame apart as a reader would.
func payload(t *testing.T, e *encoder) *decoder {
	t.Helper()
	var pipe bytes.Buffer
	if err := writeFrame(&pipe, e); err != nil {
		t.Fatal(err)
	}
	kind, d, err := readFrame(bufio.NewReader(&pipe), maxAnswer)
	if err != nil || kind != frameKind(e.buf[0]) {
		t.Fatalf("kind %d, %v", kind, err)
	}
	return d
}

func TestJobsArriveWhole(t *testing.T) {
	t.Parallel()
	sent := &job{tree: 7, root: filled[manifests.Root](t), settings: filled[manifests.Settings](t)}
	sent.listing = &listing{
		dir: "a", at: "b", err: nil,
		entries: []entry{{info: filled[source.Info](t), described: true}, {info: filled[source.Info](t)}},
		absent:  []absence{{"none", &remoteError{text: "x", known: []error{source.ErrNotExist}}}},
		files:   []file{{stat: stat{info: filled[source.Info](t)}, data: []byte("x")}, {err: &remoteError{text: "y"}, data: []byte{}}},
	}
	got, err := decodeJob(payload(t, encodeJob(sent)))
	if err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, sent)
	}
}

func TestResultsArriveWhole(t *testing.T) {
	t.Parallel()
	object := func() *manifests.Object {
		o := &manifests.Object{Identity: filled[manifests.Identity](t), Raw: []byte("raw"), Hook: "test"}
		o.Origins = []manifests.Origin{nil, {filled[manifests.Frame](t)}, {filled[manifests.Frame](t)}, {}, {filled[manifests.Frame](t), filled[manifests.Frame](t)}}
		for _, origin := range o.Origins {
			for i := range origin {
				origin[i].Role = manifests.RoleTemplate
				origin[i].From = "" // only the parent knows what is from elsewhere
			}
		}
		return o
	}
	if n := reflect.TypeFor[manifests.Rendering]().NumField(); n != 5 {
		t.Errorf("a Rendering has %d fields, of which the protocol knows 4, and 1 is not for children to say", n)
	}
	limits := Limits{}.withDefaults()
	refused := filled[manifests.RenderError](t)
	refused.Elsewhere = false // no child excuses a root: only the parent knows what lies elsewhere
	for _, sent := range []*result{
		{rendering: &manifests.Rendering{Objects: []*manifests.Object{object(), object(), {}}, Notes: []string{"n"}, Failed: []*manifests.RenderError{&refused}}},
		{refusal: &refused, retire: true},
		{failure: &remoteError{text: "no", known: []error{context.Canceled}}},
	} {
		sent.reads = source.ReadSet{{Path: "../up"}, {Path: "a", Is: "fx", Lists: "y"}}
		sent.cpu = time.Second
		got, err := decodeResult(payload(t, encodeResult(sent, manifests.Root{}, limits)), limits)
		if err != nil {
			t.Fatal(err)
		}
		wantSameResult(t, got, sent)
	}
}

func wantSameResult(t *testing.T, got, want *result) {
	t.Helper()
	if got.rendering != nil {
		for i, o := range got.rendering.Objects {
			w := want.rendering.Objects[i]
			if o.Identity != w.Identity || string(o.Raw) != string(w.Raw) || o.Hook != w.Hook ||
				fmt.Sprint(o.Origins) != fmt.Sprint(w.Origins) {
				t.Errorf("got %+v\nwant %+v", o, w)
			}
		}
		if !reflect.DeepEqual(got.rendering.Notes, want.rendering.Notes) ||
			!reflect.DeepEqual(got.rendering.Failed, want.rendering.Failed) {
			t.Errorf("got notes %q and failures %v", got.rendering.Notes, got.rendering.Failed)
		}
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestOddPathsOfARendererAreNoLie(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"a/b": "a/b", "./a//b/../c": "a/c", "/etc/passwd": "", "../x": "", "a/../../x": "", "": "", "a\x00b": "",
		strings.Repeat("a", maxPath+1): "", "weird\nname": "weird\nname", "\xff": "\xff",
	} {
		e := newFrame(frameResult)
		for range 2 {
			putSpan(e, source.Span{File: written, Line: -1, Column: 5})
		}
		d := payload(t, e)
		for range 2 {
			if got := takeSpan(d); d.err != nil || got != (source.Span{File: want, Column: 5}) {
				t.Errorf("%.50q: got %+v, %v", written, got, d.err)
			}
		}
	}
}

func TestExcessIsNamed(t *testing.T) {
	t.Parallel()
	limits := Limits{Output: 10, Objects: 2}.withDefaults()
	object := func(raw string, origins ...manifests.Origin) *manifests.Object {
		return &manifests.Object{Raw: []byte(raw), Origins: origins}
	}
	for want, objects := range map[string][]*manifests.Object{
		"web renders 3 objects, more than the limit of 2":                      {object(""), object(""), object("")},
		"web renders 11 bytes of YAML, more than the limit of 10 bytes":        {object("12345"), object("123456")},
		"web renders more fields than can be traced to source lines (2000000)": {object("x", make([]manifests.Origin, maxNodes+1)...)},
	} {
		sent := &result{rendering: &manifests.Rendering{Objects: objects}}
		got, err := decodeResult(payload(t, encodeResult(sent, manifests.Root{Dir: "web"}, limits)), limits)
		if err != nil || got.refusal == nil || got.refusal.Reason != want || !got.retire {
			t.Errorf("got %+v, %v; want %s", got, err, want)
		}
	}
	long := &result{rendering: &manifests.Rendering{Objects: []*manifests.Object{object("x", make(manifests.Origin, 1000))}}}
	got, err := decodeResult(payload(t, encodeResult(long, manifests.Root{}, limits)), limits)
	if err != nil || len(got.rendering.Objects[0].Origins[0]) != maxStack {
		t.Errorf("a long stack: %v", err)
	}
}

func TestReadersBelieveNoLength(t *testing.T) {
	t.Parallel()
	limits := Limits{Output: 100, Objects: 10}.withDefaults()
	prefix := func(put func(*encoder)) *encoder {
		e := newFrame(frameResult)
		e.flag(false)
		e.uint(0)
		putReads(e, nil)
		e.flag(false)
		putError(e, nil)
		put(e)
		return e
	}
	for want, e := range map[string]*encoder{
		"notes: 1001 is more than 1000": prefix(func(e *encoder) { e.count(1001) }),
		"objects: 11 is more than 10":   prefix(func(e *encoder) { e.count(0); e.count(0); e.count(11) }),
		"objects: 10 announced":         prefix(func(e *encoder) { e.count(0); e.count(0); e.count(10); e.text("short") }),
		"object: 101 is more than 100":  prefix(func(e *encoder) { putObject(e, 101, nil) }),
		"fields: 50 announced":          prefix(func(e *encoder) { putObject(e, 1, func() { e.count(50) }) }),
		"fields: 2000001 is more":       prefix(func(e *encoder) { putObject(e, 1, func() { e.count(maxNodes + 1) }) }),
		"places: 9 announced":           prefix(func(e *encoder) { putObject(e, 1, func() { e.count(1); e.count(9) }) }),
		"more places than announced": prefix(func(e *encoder) {
			putObject(e, 1, func() { e.count(1); e.count(0); e.count(2); e.count(0) })
		}),
		"name: 5 is more than 0": prefix(func(e *encoder) { e.count(0); e.count(0); e.count(1); e.uint(5); e.text("padding") }),
		"bytes too many":         prefix(func(e *encoder) { e.count(0); e.count(0); e.count(0); e.count(0) }),
	} {
		_, err := decodeResult(payload(t, e), limits)
		if !errors.Is(err, errProtocol) || !strings.Contains(err.Error(), strings.TrimPrefix(want, "name: ")) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// putObject writes the beginning of a rendering with one object of size bytes, and what follows it.
func putObject(e *encoder, size int, then func()) {
	e.count(0)
	e.count(0)
	e.count(1)
	for range 3 {
		e.name("")
	}
	e.text("")
	e.name("")
	e.bytes(make([]byte, size))
	if then != nil {
		then()
	}
}

func TestManyNotesAreCounted(t *testing.T) {
	t.Parallel()
	limits := Limits{}.withDefaults()
	sent := &result{rendering: &manifests.Rendering{Notes: make([]string, 2500)}}
	got, err := decodeResult(payload(t, encodeResult(sent, manifests.Root{}, limits)), limits)
	if err != nil || len(got.rendering.Notes) != maxNotes || got.rendering.Notes[maxNotes-1] != "and 1501 more notes" {
		t.Errorf("got %d notes, %v", len(got.rendering.Notes), err)
	}
}

func TestBlobCacheForgetsTheOldest(t *testing.T) {
	t.Parallel()
	c := newBlobCache(10)
	for _, id := range []string{"a", "b"} {
		c.add(blob{id, []byte("1234")})
	}
	_, _ = c.get("a")
	c.add(blob{"c", []byte("1234")})
	c.add(blob{"huge", make([]byte, 11)})
	c.add(blob{"", []byte("nameless")})
	for id, want := range map[string]bool{"a": true, "b": false, "c": true, "huge": false, "": false} {
		if _, ok := c.get(id); ok != want {
			t.Errorf("%q is kept: %t", id, ok)
		}
	}
	if c.size != 8 {
		t.Errorf("size %d", c.size)
	}
}

func TestGrowth(t *testing.T) {
	t.Parallel()
	for live, want := range map[uint64]int{0: 400, 10 << 20: 400, 40 << 20: 240, 64 << 20: 150, 1 << 30: 150} {
		if got := growth(live); got != want {
			t.Errorf("%d bytes may grow by %d %%, want %d", live, got, want)
		}
	}
}

func FuzzResult(f *testing.F) {
	limits := Limits{Output: 1 << 16, Objects: 100}.withDefaults()
	o, _ := echoFile(tree(content{"a": configMap("a")}), "a")
	for _, r := range []*result{
		{rendering: &manifests.Rendering{Objects: []*manifests.Object{o, o}, Notes: []string{"note"}}},
		{refusal: &manifests.RenderError{Reason: "r", Span: source.Span{File: "f", Line: 1}, Cause: source.ErrLFS}},
		{failure: source.ErrDepth, reads: source.ReadSet{{Path: "a", Is: "f", Lists: "l"}}},
	} {
		f.Add(encodeResult(r, manifests.Root{}, limits).buf[frameHeader:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeResult(&decoder{data: data}, limits)
		if err != nil {
			return
		}
		if r.rendering != nil && limits.excess(r) != "" {
			t.Fatalf("beyond the limits: %s", limits.excess(r))
		}
		again, err := decodeResult(&decoder{data: encodeResult(r, manifests.Root{}, limits).buf[frameHeader:]}, limits)
		if err != nil {
			t.Fatal(err)
		}
		wantSameResult(t, again, r)
	})
}

func FuzzLookup(f *testing.F) {
	in := tree(content{"a/b.yaml": "x", "c": "-> a"})
	for _, ask := range []question{askStat, askDir, askFile} {
		f.Add(encodeLookup(ask, "a/b.yaml", true).buf[frameHeader:])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if answer, err := newLibrarian().answer(in, 1, &decoder{data: data}); err == nil && len(answer.buf) > maxSmall {
			t.Fatalf("an answer of %d bytes", len(answer.buf))
		}
	})
}

func FuzzHello(f *testing.F) {
	f.Add(encodeHello(Report{Limits: true, Landlock: 7, Missing: "x"}, nil).buf[frameHeader:])
	f.Add(encodeHello(Report{}, source.ErrDepth).buf[frameHeader:])
	f.Fuzz(func(_ *testing.T, data []byte) {
		if r, err := decodeHello(&decoder{data: data}); err == nil {
			_ = r.Warning()
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{1, 2, 0, 0, 0, 'x', 'y'})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0, 'x'})
	f.Fuzz(func(t *testing.T, data []byte) {
		_, d, err := readFrame(bufio.NewReader(bytes.NewReader(data)), 16<<20)
		if err == nil && len(d.data) != len(data)-frameHeader && len(d.data) > len(data) {
			t.Fatalf("%d bytes out of %d", len(d.data), len(data))
		}
	})
}
