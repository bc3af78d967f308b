package review

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RootPair is a root on both sides of a change. Base is nil for a new root, Head for a removed one.
type RootPair struct {
	Base, Head *manifests.Root
	Reasons    []string // files for which the root has to be rendered
}

// path is the root's name: head's, or base's when head has none.
func (p *RootPair) path() string {
	if p.Head != nil {
		return p.Head.Path
	}
	return p.Base.Path
}

func (p *RootPair) basePath() string {
	if p.Base != nil {
		return p.Base.Path
	}
	return ""
}

func (p *RootPair) kind() manifests.RootKind {
	if p.Head != nil {
		return p.Head.Kind
	}
	return p.Base.Kind
}

// affected decides, by what rendering really read, whether the change affects the root, and notes the files.
// A root of which one side is missing, or failed before anything was recorded, is affected.
func (p *pair) affected(change *source.Change) bool {
	if change.Base == nil || p.Base == nil || p.Head == nil {
		p.because = p.Reasons
		return true
	}
	p.because = slices.Compact(slices.Sorted(slices.Values(append(
		p.base.reads.Changed(change.Head), p.head.reads.Changed(change.Base)...))))
	if len(p.because) == 0 && p.Base.Path != p.Head.Path {
		p.because = p.Reasons
	}
	return len(p.because) > 0
}

// result describes the root for the report.
func (p *pair) result() RootResult {
	r := RootResult{Path: p.path(), Kind: p.kind(), Status: Rendered, Because: p.because}
	switch {
	case p.Head == nil:
		r.Status, r.Reason = Skipped, "removed"
	case p.head.err != nil:
		r.Status, r.Reason = Failed, p.head.err.Error()
	default:
		r.Objects = len(p.head.rendering.Objects)
		r.Reason = strings.Join(p.head.rendering.Notes, "; ")
	}
	r.Changed = len(p.diff())
	return r
}

// diff is what the change does to the root's objects; nothing when a side could not be rendered.
func (p *pair) diff() []manifests.ObjectDiff {
	if p.base.err != nil || p.head.err != nil {
		return nil
	}
	return manifests.Diff(p.path(), p.base.objects(), p.head.objects())
}

func (r rendered) objects() []*manifests.Object {
	if r.rendering == nil {
		return nil
	}
	return r.rendering.Objects
}

// RuleRenderFailed is the id of the finding that a root which does not render is reported by.
const RuleRenderFailed = "render-failed"

// renderFailed makes the finding of a root that does not render at head. One that did not at base either is not
// this change's doing, but is said all the same.
func (r *run) renderFailed(p *pair) (Finding, bool) {
	level, on := r.levels[RuleRenderFailed]
	if p.Head == nil || p.head.err == nil || !on {
		return Finding{}, false
	}
	status := New
	if p.base.err != nil {
		status, level = Existing, Warning
	} else if !r.policy.Gate.OnRenderFailure {
		level = Warning
	}
	failure := p.head.err
	f := Finding{
		Rule: RuleRenderFailed, Level: level, Status: status, Root: p.path(), Guidelines: r.guidelines(RuleRenderFailed),
		Message:     "cannot be rendered: " + failure.Reason,
		Fingerprint: fingerprint(RuleRenderFailed + "|" + p.path()),
		Location:    Location{Precision: manifests.Unknown.String()},
	}
	if span := failure.Span; span.File != "" {
		precision := manifests.Exact
		if span.Line == 0 {
			precision = manifests.InFile
		}
		f.Location = location(manifests.Frame{Span: span, Precision: precision}, r.change.Touches(span.File, span.Line))
	}
	return f, true
}

func (r *run) guidelines(id string) []string {
	for _, a := range r.active {
		if a.ID == id {
			return a.Guidelines
		}
	}
	return []string{}
}
