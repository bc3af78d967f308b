package review

import (
	"regexp"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/edit"
)

// Pin makes an Op that puts a digest behind an image's tag, in whichever line the tag is written: behind the reference of a
// manifest or patch, behind the tag in a values file, beside the newTag of a kustomization.
func Pin(at manifests.Field, digest string) Op { return Op{Path: at.Path(), Value: digest, pin: true} }

// pinPlaces are the source places where the tag of an image may be written, the likeliest first: with the tag on its line
// and touched by the change, with the tag, and, of an image without one, the others.
func (f *fixer) pinPlaces(origin manifests.Origin, tag string) []manifests.Frame {
	var first, second []manifests.Frame
	for _, frame := range origin {
		if frame.Precision != manifests.Exact || frame.Role == manifests.RoleCall || f.madeElsewhere(frame.Span.File) {
			continue
		}
		switch has := tag == "" || strings.Contains(lineOf(f.change.Head, frame.Span), tag); {
		case has && touched(f.change, frame):
			first = append(first, frame)
		case has:
			second = append(second, frame)
		}
	}
	return append(first, second...)
}

// pin puts the digest where the tag is written. It tries one place after the other: an edit that would not read as it
// should is refused.
func (c *candidate) pin(fixer *fixer, op Op, texts *texts) error {
	whole, digest := c.object.Lookup(op.Path).Text(), op.Value.(string)
	tag, ok := tagOf(whole)
	if !ok {
		return errNoPlace
	}
	origin, _ := c.object.OriginAt(op.Path)
	for _, frame := range fixer.pinPlaces(origin, tag) {
		text, err := texts.read(frame.Span.File)
		if err != nil {
			continue
		}
		fixer.pay(frame.Span.File, frame.Span.Line)
		if out, err := pinAt(&fixer.editor, text, frame, whole, digest); err == nil {
			texts.now[frame.Span.File] = out
			return nil
		}
	}
	return errNoPlace
}

// tagOf returns the tag of what a field holds, "" where the reference in it has none; false where its end is no reference
// to which a digest could be added. An argument has the reference behind its flag.
func tagOf(whole string) (tag string, ok bool) {
	if strings.ContainsAny(whole, " \t\r\n") {
		return "", false
	}
	ref, err := images.ParseReference(whole[strings.LastIndexByte(whole, '=')+1:])
	return ref.Tag, err == nil && ref.Digest == ""
}

func pinAt(editor *edit.Editor, text []byte, frame manifests.Frame, whole, digest string) ([]byte, error) {
	at := edit.Place{Line: frame.Span.Line, Column: frame.Span.Column}
	switch frame.Role {
	case manifests.RoleResource, manifests.RolePatch, manifests.RoleValues:
		return editor.Behind(text, at, whole, "@"+digest)
	case manifests.RoleTransformer:
		for _, key := range []string{"newTag", "newName"} {
			at.Key = key
			if out, err := editor.Beside(text, at, "digest", digest); err == nil {
				return out, nil
			}
		}
	case manifests.RoleTemplate:
		return pinLine(text, frame.Span.Line, whole, "@"+digest)
	}
	return nil, errNoPlace
}

// lineEnd is what may follow a value on its line.
var lineEnd = regexp.MustCompile(`["']?[ \t]*(#[^"']*)?\r?\n?$`)

// pinLine puts more behind the value that a template's line ends with, where the end of whole stands there as it is, from
// its last colon on.
func pinLine(text []byte, line int, whole, more string) ([]byte, error) {
	lines := strings.SplitAfter(string(text), "\n")
	if line > len(lines) {
		return nil, errNoPlace
	}
	end := lineEnd.FindStringIndex(lines[line-1])[0]
	value, rest := lines[line-1][:end], lines[line-1][end:]
	tail := whole[max(strings.LastIndexByte(whole, ':'), strings.LastIndexByte(whole, '/'), 0):]
	if !strings.HasSuffix(value, tail) {
		return nil, errNoPlace
	}
	lines[line-1] = value + more + rest
	return []byte(strings.Join(lines, "")), nil
}
