package review

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// The ids of the findings that the engine makes itself: a root that does not render, and a chart that renders
// differently under Helm 3 and 4.
const (
	RuleRenderFailed = "render-failed"
	RuleHelmLine     = "helm-line-differs"
)

// failures are what of a root could not be rendered: all of it, or single documents of a plain root.
func (r rendered) failures() []*manifests.RenderError {
	switch {
	case r.err != nil && r.err.Elsewhere:
		return nil
	case r.err != nil:
		return []*manifests.RenderError{r.err}
	case r.rendering != nil:
		return r.rendering.Failed
	}
	return nil
}

// outOfSight makes a failure of what lies elsewhere at head and was rendered at base: nobody may take objects out of the
// review by naming a source that it does not reach.
func (p *pair) outOfSight() {
	if p.head.err == nil || !p.head.err.Elsewhere || p.base.rendering == nil || len(p.base.rendering.Objects) == 0 {
		return
	}
	lost := *p.head.err
	lost.Elsewhere = false
	lost.Reason += " (at base it was rendered, and nothing is known of it any more)"
	p.head.err = &lost
}

// unseenFailures reports whether roots that do not render fail the check although the rule that says so was not among
// those asked for: choosing rules does not make what could not be reviewed pass.
func unseenFailures(policy *Policy, opts Options) bool {
	return len(opts.Only) > 0 && !slices.Contains(opts.Only, RuleRenderFailed) && !slices.Contains(opts.Skip, RuleRenderFailed) &&
		!policy.Rules[RuleRenderFailed].Off && policy.Gate.OnRenderFailure && opts.File == ""
}

// breaks reports whether more of the root fails at head than at base.
func (p *pair) breaks() bool {
	return p.Head != nil && p.base.err == nil && len(p.head.failures()) > len(p.base.failures())
}

// summarise names the first of failures, and how many there are.
func summarise(failures []*manifests.RenderError) string {
	if len(failures) == 1 {
		return failures[0].Error()
	}
	return fmt.Sprintf("%v; %d more documents cannot be read", failures[0], len(failures)-1)
}

// renderFailures makes the findings of what does not render at head. What did not at base either is not this
// change's doing, but is said all the same.
func (r *run) renderFailures(p *pair) []Finding {
	level, on := r.levels[RuleRenderFailed]
	if p.Head == nil || !on {
		return nil
	}
	if !r.policy.Gate.OnRenderFailure {
		level = min(level, Warning)
	}
	before := make(map[string]int)
	for _, failure := range p.base.failures() {
		before[failure.Reason]++
	}
	var all []Finding
	for i, failure := range p.head.failures() {
		f := r.renderFailure(p, failure, i)
		f.Level, f.Status = level, New
		if p.base.err != nil || before[failure.Reason] > 0 {
			before[failure.Reason]--
			f.Level, f.Status = min(level, Warning), Existing
		}
		all = append(all, f)
	}
	return all
}

// renderFailure places the i-th failure of a root.
func (r *run) renderFailure(p *pair, failure *manifests.RenderError, i int) Finding {
	key := RuleRenderFailed + "|" + p.path()
	if p.head.err == nil {
		key += "|" + failure.Span.File + "|" + strconv.Itoa(i)
	}
	f := Finding{
		Rule: RuleRenderFailed, Root: p.path(), Guidelines: r.guidelines(RuleRenderFailed),
		Message:     "cannot be rendered: " + failure.Reason,
		Fingerprint: fingerprint(key),
		Location:    Location{Precision: manifests.Unknown.String()},
	}
	span := failure.Span
	if span.File == "" {
		span.File = r.fileOf(p.Head)
	}
	if span.File != "" {
		precision := manifests.Exact
		if span.Line == 0 {
			precision = manifests.InFile
		}
		f.Location = location(manifests.Frame{Span: span, Precision: precision}, r.change.Touches(span.File, span.Line))
	}
	return f
}

// fileOf is the file that makes a root one, where nothing better is known: a renderer that was stopped cannot say
// what it was at. "" where it is not there.
func (r *run) fileOf(root *manifests.Root) string {
	names := []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
	switch {
	case root.Kind == manifests.Plain && len(root.Files) == 1:
		return root.Files[0]
	case root.Kind == manifests.Helm:
		names = []string{"Chart.yaml"}
	case root.Kind != manifests.Kustomize:
		return ""
	}
	for _, name := range names {
		file := path.Join(root.Dir, name)
		if info, err := r.change.Head.Stat(file); err == nil && info.Kind == source.File {
			return file
		}
	}
	return ""
}

// tooManyViolations is the failure of a root that was not judged to the end.
func tooManyViolations() *manifests.RenderError {
	return &manifests.RenderError{Reason: fmt.Sprintf("not all of it is reviewed: it has more than %d violations, or all roots more than %d; correct some, or split the change", maxRootDrafts, maxDrafts)}
}

// leftOutFailures makes the findings of manifests that nobody can look at, though whoever applies the directory may:
// their names are no text, or too deep, or they are links that lead out of the repository.
func (r *run) leftOutFailures() (all []Finding) {
	level, on := r.levels[RuleRenderFailed]
	if !r.policy.Gate.OnRenderFailure {
		level = min(level, Warning)
	}
	for _, err := range leftOut(r.change) {
		var at *source.PathError
		if !on || !errors.As(err, &at) || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(at.Path)) {
			continue
		}
		f := Finding{
			Rule: RuleRenderFailed, Root: ".", Level: level, Status: New, Guidelines: r.guidelines(RuleRenderFailed),
			Message:     "cannot be reviewed: " + err.Error(),
			Fingerprint: fingerprint(RuleRenderFailed + "|left out|" + at.Path),
			Location:    Location{Precision: manifests.Unknown.String()},
		}
		if !errors.Is(err, source.ErrPath) {
			f.Location = Location{File: at.Path, Line: 1, EndLine: 1, Column: 1, Precision: manifests.InFile.String(), Changed: r.change.Base != nil}
		}
		all = append(all, f)
	}
	return all
}

// joinFailures makes one finding of the roots that fail at the same line for the same reason, as a chart's sets of
// values do that all lack a dependency.
func joinFailures(all []Finding) []Finding {
	first := make(map[string]int)
	joined := all[:0]
	for _, f := range all {
		if f.Rule == RuleRenderFailed && f.Location.File != "" || f.Rule == RuleChartSignature || f.Rule == RuleChartMoved || f.Rule == RuleBaseMoved || f.Rule == RuleHelmSource && f.Path == "" {
			key := fmt.Sprintf("%s:%d|%s|%s", f.Location.File, f.Location.Line, f.Message, f.Status)
			if i, ok := first[key]; ok {
				joined[i].Roots = append(joined[i].Roots, f.Root)
				continue
			}
			first[key] = len(joined)
		}
		joined = append(joined, f)
	}
	return joined
}

func (r *run) guidelines(id string) []string {
	for _, a := range r.active {
		if a.ID == id {
			return a.Guidelines
		}
	}
	return []string{}
}
