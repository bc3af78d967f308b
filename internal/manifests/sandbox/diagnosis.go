package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// errDeadline is the cause of a context that ended because a root took too long.
var errDeadline = errors.New("deadline of a root")

const maxExcerpt = 200 // bytes of a child's own words in a reason

// diagnosis is what an abnormal end of a conversation comes down to.
type diagnosis struct {
	reason   string // continues a sentence that begins with the root
	ownDoing bool   // a new child would fare no better
}

// diagnose says why the conversation with a child ended with err, after the child is gone.
func diagnose(ctx context.Context, p *process, err error, limits Limits) diagnosis {
	if context.Cause(ctx) == errDeadline {
		return diagnosis{reason: tooSlow(limits), ownDoing: true}
	}
	if isProtocol(err) {
		return diagnosis{reason: fmt.Sprintf("made the renderer answer with nonsense (%v)", err)}
	}
	state, text := p.cmd.ProcessState, string(p.stderr.text)
	switch signal := killedBy(state); {
	case outOfMemory(text):
		return diagnosis{reason: fmt.Sprintf("needs more memory than the limit of %s", byteCount(limits.Memory))}
	case strings.Contains(text, "stack exceeds"):
		return diagnosis{reason: fmt.Sprintf("recurses deeper than the limit of %s of stack", byteCount(maxGoStack))}
	case signal == badCall:
		return diagnosis{reason: "made the renderer ask the system for something that the sandbox refuses"}
	case signal == syscall.SIGKILL && spent(state) >= limits.CPU/2: // the kernel's limit counts whole ticks
		return diagnosis{reason: fmt.Sprintf("needs more processor time than the limit of %s", limits.CPU)}
	case signal == syscall.SIGKILL:
		return diagnosis{reason: "does not render: the system ended the renderer, as it does when memory runs short"}
	}
	if line := firstLine(p.stderr.text); line != "" {
		return diagnosis{reason: fmt.Sprintf("made the renderer crash (%s: %s)", state, line)}
	}
	return diagnosis{reason: fmt.Sprintf("made the renderer crash (%s)", state)}
}

func tooSlow(limits Limits) string {
	return fmt.Sprintf("takes longer to render than the limit of %s", limits.Deadline)
}

// outOfMemory recognises the ways in which Go's runtime ends when the system gives it no more memory.
func outOfMemory(text string) bool {
	for _, sign := range [...]string{
		"out of memory", "cannot allocate memory", "failed to create new OS thread", "errno=12", "pthread_create failed",
	} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

func spent(state *os.ProcessState) time.Duration { return state.UserTime() + state.SystemTime() }

// firstLine returns the beginning of what a child wrote to standard error, fit to be shown.
func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte("\n"))
	line = line[:min(len(line), maxExcerpt)]
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(string(line), "?"))
}

// refusal makes the error of a root out of a reason.
func refusal(root manifests.Root, reason string) *manifests.RenderError {
	return &manifests.RenderError{Reason: name(root) + " " + reason}
}

// name is how a root is named in a sentence.
func name(root manifests.Root) string { return either(root.Path, either(root.Dir, ".")) }
