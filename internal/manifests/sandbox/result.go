package sandbox

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// What a result may hold besides what Limits says. They bound what a lying child makes the parent allocate.
const (
	maxNodes      = 2_000_000 // Origins of all objects
	maxFrames     = 3_000_000 // Frames of all Origins
	maxStack      = 256       // Frames of one Origin
	maxIdentity   = 2048      // bytes of an object's API version, kind, namespace and name
	maxNotes      = 1000
	maxNote       = 16 << 10 // bytes of a note
	maxRole       = 32       // bytes of a role
	resultRoom    = 64 << 20 // bytes of a result besides the YAML
	maxLine       = math.MaxInt32
	frameSize     = 7 // bytes that a Frame takes at least
	objectSize    = 8 // bytes that an object takes at least
	errorSize     = 8 // bytes that a RenderError takes at least
	unlimitedText = math.MaxInt32
)

// result is what a child says about a job.
type result struct {
	rendering *manifests.Rendering
	refusal   *manifests.RenderError // the root is at fault
	failure   error                  // the bot is at fault
	reads     source.ReadSet
	cpu       time.Duration // what the child has used up to now
	retire    bool          // the child asks to be replaced: a limit was reached
}

// resultLimit returns how many bytes a result may have.
func (l Limits) resultLimit() int64 { return min(l.Output+resultRoom, math.MaxUint32) }

// encodeResult makes the frame of a result. What is beyond the limits becomes a refusal of root that says so.
func encodeResult(r *result, root manifests.Root, limits Limits) *encoder {
	excess := limits.excess(r)
	if excess == "" {
		e := putResult(r)
		if int64(len(e.buf)) <= limits.resultLimit() {
			return e
		}
		excess = fmt.Sprintf("renders more than can be handed over (%s)", byteCount(limits.resultLimit()))
	}
	small := &result{refusal: refusal(root, excess), cpu: r.cpu, retire: true}
	if len(r.reads) <= maxReads {
		small.reads = r.reads
	}
	return putResult(small)
}

func putResult(r *result) *encoder {
	e := newFrame(frameResult)
	e.flag(r.retire)
	e.uint(uint64(max(r.cpu, 0)))
	putReads(e, r.reads)
	e.flag(r.refusal != nil)
	if r.refusal != nil {
		putRenderError(e, r.refusal)
		return e
	}
	putError(e, r.failure)
	if r.failure == nil {
		putRendering(e, r.rendering)
	}
	return e
}

// decodeResult reads a result frame and checks everything in it.
func decodeResult(d *decoder, limits Limits) (*result, error) {
	r := &result{retire: d.flag(), cpu: time.Duration(d.uint() & math.MaxInt64), reads: takeReads(d)}
	if d.flag() {
		r.refusal = takeRenderError(d)
		return r, d.finish()
	}
	if r.failure = takeError(d); r.failure == nil && d.err == nil {
		r.rendering = takeRendering(d, limits)
	}
	return r, d.finish()
}

// excess says which limit a result is beyond, "" for none.
func (l Limits) excess(r *result) string {
	if len(r.reads) > maxReads {
		return fmt.Sprintf("reads more than the limit of %d paths", maxReads)
	}
	if r.rendering == nil {
		return ""
	}
	size, nodes, frames := int64(0), 0, 0
	for _, o := range r.rendering.Objects {
		if name := len(o.APIVersion) + len(o.Kind) + len(o.Namespace) + len(o.Name); name > maxIdentity {
			return fmt.Sprintf("renders an object whose kind and name have %d characters, more than Kubernetes takes", name)
		}
		size += int64(len(o.Raw))
		nodes += len(o.Origins)
		for _, origin := range o.Origins {
			frames += len(cut(origin))
		}
	}
	switch {
	case len(r.rendering.Objects) > l.Objects:
		return fmt.Sprintf("renders %d objects, more than the limit of %d", len(r.rendering.Objects), l.Objects)
	case len(r.rendering.Failed) > l.Objects:
		return fmt.Sprintf("has %d documents that fail, more than the limit of %d", len(r.rendering.Failed), l.Objects)
	case size > l.Output:
		return fmt.Sprintf("renders %s of YAML, more than the limit of %s", byteCount(size), byteCount(l.Output))
	case nodes > maxNodes || frames > maxFrames:
		return fmt.Sprintf("renders more fields than can be traced to source lines (%d)", maxNodes)
	}
	return ""
}

func putRendering(e *encoder, r *manifests.Rendering) {
	notes := r.Notes
	if len(notes) > maxNotes {
		notes = append(notes[:maxNotes-1:maxNotes-1], fmt.Sprintf("and %d more notes", len(notes)-maxNotes+1))
	}
	e.count(len(notes))
	for _, note := range notes {
		e.text(note[:min(len(note), maxNote)])
	}
	e.count(len(r.Failed))
	for _, failed := range r.Failed {
		putRenderError(e, failed)
	}
	e.count(len(r.Objects))
	for _, o := range r.Objects {
		e.name(o.APIVersion)
		e.name(o.Kind)
		e.name(o.Namespace)
		e.text(o.Name)
		e.name(o.Hook)
		e.bytes(o.Raw)
		putOrigins(e, o.Origins)
	}
}

func takeRendering(d *decoder, limits Limits) *manifests.Rendering {
	r := &manifests.Rendering{}
	for range d.count("notes", maxNotes, 1) {
		r.Notes = append(r.Notes, d.text("note", maxNote))
	}
	for range d.count("failures", limits.Objects, errorSize) {
		r.Failed = append(r.Failed, takeRenderError(d))
	}
	n := d.count("objects", limits.Objects, objectSize)
	r.Objects = make([]*manifests.Object, 0, n)
	left := budget{output: limits.Output, nodes: maxNodes, frames: maxFrames}
	for range n {
		o := &manifests.Object{}
		o.APIVersion = d.name("apiVersion", unlimitedText)
		o.Kind = d.name("kind", unlimitedText)
		o.Namespace = d.name("namespace", unlimitedText)
		o.Name = d.text("name", unlimitedText)
		o.Hook = d.name("hook", unlimitedText)
		o.Raw = d.bytes("object", int(left.output))
		left.output -= int64(len(o.Raw))
		o.Origins = takeOrigins(d, &left)
		if d.err != nil {
			return nil
		}
		r.Objects = append(r.Objects, o)
	}
	return r
}

// budget is what is left of the limits while a rendering is read.
type budget struct {
	output        int64
	nodes, frames int
}

// putOrigins writes the origins of an object: their number, the number of frames, then each. Neighbours often
// share their origin; such a one is written as 0.
func putOrigins(e *encoder, origins []manifests.Origin) {
	e.count(len(origins))
	if len(origins) == 0 {
		return
	}
	frames := 0
	for i, origin := range origins {
		if !repeats(origins, i) {
			frames += len(cut(origin))
		}
	}
	e.count(frames)
	for i, origin := range origins {
		if repeats(origins, i) {
			e.uint(0)
			continue
		}
		origin = cut(origin)
		e.count(len(origin) + 1)
		for j := range origin {
			putSpan(e, origin[j].Span)
			e.name(string(origin[j].Role))
			e.uint(uint64(origin[j].Precision))
		}
	}
}

// cut leaves the innermost places of a stack that is too long to be read by anyone.
func cut(origin manifests.Origin) manifests.Origin { return origin[:min(len(origin), maxStack)] }

func repeats(origins []manifests.Origin, i int) bool {
	return i > 0 && slices.Equal(origins[i], origins[i-1])
}

func takeOrigins(d *decoder, left *budget) []manifests.Origin {
	n := d.count("fields", left.nodes, 1)
	if n == 0 {
		return nil
	}
	left.nodes -= n
	total := d.count("places", left.frames, frameSize)
	left.frames -= total
	frames := make([]manifests.Frame, 0, total)
	origins := make([]manifests.Origin, n)
	for i := range origins {
		length := d.number("places of a field", maxStack+1)
		if length == 0 && i > 0 {
			origins[i] = origins[i-1]
			continue
		}
		start := len(frames)
		for range length - 1 {
			if len(frames) == total {
				d.fail("more places than announced")
				return nil
			}
			frames = append(frames, takeFrame(d))
		}
		origins[i] = manifests.Origin(frames[start:len(frames):len(frames)])
	}
	return origins
}

func takeFrame(d *decoder) manifests.Frame {
	f := manifests.Frame{Span: takeSpan(d), Role: manifests.Role(d.name("role", maxRole))}
	f.Precision = manifests.Precision(d.number("precision", int(manifests.Exact)))
	if strings.IndexFunc(string(f.Role), func(r rune) bool { return (r < 'a' || r > 'z') && r != '-' }) >= 0 {
		d.fail("role %q", f.Role)
	}
	return f
}

func putSpan(e *encoder, s source.Span) {
	e.file(s.File)
	for _, n := range [...]int{s.Line, s.EndLine, s.Column, s.EndColumn} {
		e.uint(uint64(min(max(n, 0), maxLine)))
	}
}

func takeSpan(d *decoder) source.Span {
	s := source.Span{File: d.file()}
	s.Line = d.number("line", maxLine)
	s.EndLine = d.number("line", maxLine)
	s.Column = d.number("column", maxLine)
	s.EndColumn = d.number("column", maxLine)
	return s
}

// byteCount writes a number of bytes for people.
func byteCount(n int64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
