package change

import (
	"fmt"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var changeSuspended = review.Rule{
	ID: "change-suspended", Level: review.Info,
	Summary:   "Merging does not roll the change out, or rolls out more than it",
	Kinds:     deployerKinds,
	Check:     checkResumed,
	CheckRoot: checkHeldBack,
}

// checkHeldBack says of a changed root that what deploys it is held.
func checkHeldBack(p *review.Pass) {
	if p.Base == nil || !changes(p) {
		return
	}
	for _, d := range deployersOf(p.Index, p.Root.Root) {
		if !d.held.IsSet() {
			continue
		}
		p.ReportOn(d.Object, d.held, "%s %s %s: merging rolls nothing of it out", d.Kind, d.Name, d.state()).
			Detail("The change waits until somebody %s, and then goes out together with all that was merged in between.", d.remedy())
	}
}

func (d *deployer) state() string {
	if d.manual {
		return "is synchronised by hand"
	}
	return "is suspended"
}

func (d *deployer) remedy() string {
	if d.manual {
		return "synchronises it"
	}
	return "resumes it"
}

// changes reports whether the root's objects are others than at base.
func changes(p *review.Pass) bool {
	if len(p.Root.Objects) != len(p.Base.Objects) {
		return true
	}
	for _, o := range p.Root.Objects {
		was := p.Base.Match(o)
		if was == nil || string(was.Raw) != string(o.Raw) {
			return true
		}
	}
	return false
}

// checkResumed says that this change lets go what was held: whatever was merged meanwhile goes out with it.
func checkResumed(p *review.Pass) {
	was, _ := p.Was()
	if was == nil {
		return
	}
	before, known := newDeployer(p.Before, was)
	now, also := newDeployer(p.Index, p.Object)
	if known && also && !before.held.IsSet() && !before.prunes && now.prunes {
		reportPrunes(p, now)
	}
	if !known || !also || !before.held.IsSet() || now.held.IsSet() {
		return
	}
	at, what := p.Object.Field().Get("spec", "suspend"), "was suspended"
	if before.manual {
		at, what = p.Object.Lookup(automatedPath(p.Object)), "was synchronised by hand"
	}
	p.Report(at, "%s %s %s and no longer is: all that was merged meanwhile rolls out", p.Object.Kind, p.Object.Name, what).
		Detail("Merging applies not only this change, but everything that has piled up%s. Compare the cluster with the repository first.", under(now)).
		Raise(review.Warning)
}

// reportPrunes says that what was left in the cluster goes from now on.
func reportPrunes(p *review.Pass, now deployer) {
	at := p.Object.Field().Get("spec", "prune")
	if now.tool == "Argo CD" {
		at = p.Object.Lookup(automatedPath(p.Object) + ".prune")
	}
	p.Report(at, "%s %s prunes from now on: what the repository no longer has is deleted", p.Object.Kind, p.Object.Name).
		Detail("That is also what left the repository before, and still runs%s. See what that is in the cluster before this is merged.", under(now)).
		Raise(review.Warning)
}

func automatedPath(o *manifests.Object) string {
	if o.Kind == "ApplicationSet" {
		return "spec.template.spec.syncPolicy.automated"
	}
	return "spec.syncPolicy.automated"
}

func under(d deployer) string {
	if len(d.paths) == 0 {
		return ""
	}
	return fmt.Sprintf(" under %s", d.paths[0])
}
