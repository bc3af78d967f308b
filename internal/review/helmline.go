package review

import (
	"context"
	"errors"
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// renderOtherLine renders the charts of head under the Helm line that is not the chosen one, where the rule on that
// is switched on. A chart that does not render there is left to the rule as different.
func (e *Engine) renderOtherLine(ctx context.Context, r *run, pairs []*pair) error {
	if _, on := r.levels[RuleHelmLine]; !on {
		return nil
	}
	settings := r.settings
	settings.HelmLine, settings.Lines = otherLine(settings.HelmLine), false
	for _, p := range pairs {
		if p.Head == nil || p.Head.Kind != manifests.Helm || p.head.rendering == nil {
			continue
		}
		other, _, err := e.Renderer.Render(ctx, r.change.Head, *p.Head, settings)
		var failed *manifests.RenderError
		if err != nil && !errors.As(err, &failed) {
			return fmt.Errorf("rendering %s under Helm %d: %w", p.path(), settings.HelmLine, err)
		}
		p.otherLine = []*manifests.Object{}
		if other != nil {
			p.otherLine = other.Objects
		}
	}
	return nil
}

func otherLine(line int) int { return 7 - line }

// helmLineDiffers makes the finding of a chart that renders differently under the two Helm lines. It stands on the
// first field that differs.
func (r *run) helmLineDiffers(p *pair) (Finding, bool) {
	if p.otherLine == nil {
		return Finding{}, false
	}
	diffs := manifests.Diff(p.path(), p.otherLine, p.head.objects())
	if len(diffs) == 0 {
		return Finding{}, false
	}
	f := Finding{Rule: RuleHelmLine, Level: r.levels[RuleHelmLine], Status: New, Root: p.path(), Object: diffs[0].Object,
		Guidelines: r.guidelines(RuleHelmLine), Fingerprint: fingerprint(RuleHelmLine + "|" + p.path()),
		Location: Location{File: p.Head.Dir + "/Chart.yaml", Line: 1, EndLine: 1, Column: 1, Precision: manifests.InFile.String()}}
	other := NewRootView(*p.Head, p.otherLine)
	for _, o := range p.head.objects() {
		match := other.Match(o)
		if match == nil || o.Identity != diffs[0].Object {
			continue
		}
		f.Path = firstDifference(o, match)
		if origin, _ := o.OriginAt(f.Path); len(origin) > 0 {
			f.Location = locate(r.change, origin, nil)
		}
		break
	}
	f.Message = fmt.Sprintf("Helm %d renders %s differently than Helm %d", otherLine(r.settings.HelmLine), diffs[0].Object, r.settings.HelmLine)
	f.Detail = "Deployed with the other line, the cluster gets other objects than those reviewed here."
	return f, true
}

// firstDifference returns the path of the first scalar in which two objects differ, or that only one has.
func firstDifference(a, b *manifests.Object) string {
	var found string
	note := func(from, to *manifests.Object) {
		from.Walk(func(f manifests.Field) {
			if found == "" && !f.IsMap() && !f.IsList() && to.Lookup(f.Path()).Text() != f.Text() {
				found = f.Path()
			}
		})
	}
	note(a, b)
	note(b, a)
	return found
}
