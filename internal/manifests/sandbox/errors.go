package sandbox

import (
	"context"
	"errors"
	"io/fs"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// sentinels are the errors that keep their identity on the way through a pipe: errors.Is holds on both sides.
var sentinels = [...]error{
	fs.ErrNotExist, fs.ErrPermission, fs.ErrInvalid,
	source.ErrEscapes, source.ErrLoop, source.ErrSubmodule, source.ErrLFS, source.ErrFileSize, source.ErrFileCount,
	source.ErrDepth, source.ErrNotFile, source.ErrNotDir, source.ErrPath, source.ErrChanged,
	manifests.ErrYAMLDepth, manifests.ErrYAMLSize,
	context.Canceled, context.DeadlineExceeded,
}

const maxErrorText = 16 << 10 // bytes of an error's text

// remoteError is an error of the other side: its words, and which of the known errors it is.
type remoteError struct {
	text  string
	known []error
}

// Error returns the words of the other side.
func (e *remoteError) Error() string { return e.text }

// Unwrap returns the known errors that it is.
func (e *remoteError) Unwrap() []error { return e.known }

// putError writes an error, which may be nil.
func putError(e *encoder, err error) {
	e.flag(err != nil)
	if err == nil {
		return
	}
	text := err.Error()
	e.text(text[:min(len(text), maxErrorText)])
	mask := uint64(0)
	for i, known := range sentinels {
		if errors.Is(err, known) {
			mask |= 1 << i
		}
	}
	e.uint(mask)
}

// takeError reads what putError wrote.
func takeError(d *decoder) error {
	if !d.flag() {
		return nil
	}
	err := &remoteError{text: d.text("error text", maxErrorText)}
	mask := d.number("error kinds", 1<<len(sentinels)-1)
	for i, known := range sentinels {
		if mask&(1<<i) != 0 {
			err.known = append(err.known, known)
		}
	}
	return err
}

// putRenderError writes why a root does not render.
func putRenderError(e *encoder, err *manifests.RenderError) {
	e.text(err.Reason[:min(len(err.Reason), maxErrorText)])
	putSpan(e, err.Span)
	putError(e, err.Cause)
	lacks := err.Lacks[:min(len(err.Lacks), maxLacks)]
	e.count(len(lacks))
	for _, l := range lacks {
		for _, text := range [...]string{string(l.Kind), l.Address, l.Name, l.Version, l.Digest, l.Dir} {
			e.text(text[:min(len(text), maxLackText)])
		}
		putSpan(e, l.At)
	}
}

// What a root may lack at a time, and the bytes of each word on it. What is beyond is named once the others are there.
const (
	maxLacks    = 200
	maxLackText = 4 << 10
)

// takeRenderError reads what putRenderError wrote.
func takeRenderError(d *decoder) *manifests.RenderError {
	err := &manifests.RenderError{
		Reason: d.text("reason", maxErrorText),
		Span:   takeSpan(d),
		Cause:  takeError(d),
	}
	for range d.count("lacks", maxLacks, lackSize) {
		text := func() string { return d.text("lack", maxLackText) }
		err.Lacks = append(err.Lacks, manifests.Lack{
			Kind: manifests.LackKind(text()), Address: text(), Name: text(), Version: text(), Digest: text(), Dir: text(), At: takeSpan(d),
		})
	}
	return err
}

const lackSize = 11 // bytes that a lack takes at least
