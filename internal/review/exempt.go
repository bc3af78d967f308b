package review

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// exempt says whether one of the exemptions accepts a violation of rule in an object of root today. Of one that has
// ended it says so in remark.
func exempt(rules []ExemptionRule, today time.Time, v violation) (accepted *Exemption, remark string) {
	for _, e := range rules {
		if !e.covers(v) {
			continue
		}
		until := e.Until.Format(time.DateOnly)
		if today.Format(time.DateOnly) <= until {
			return &Exemption{Reason: e.Reason, Until: until, By: e.By}, ""
		}
		remark = joinSentences(remark, fmt.Sprintf("Its exemption (%s) ended on %s.", e.Reason, until))
	}
	return nil, remark
}

// violation is what an exemption is held against.
type violation struct {
	rule   string
	object manifests.Identity
	root   string
}

// exemptCandidates marks the violations of head that the policy accepts, each for its own root: a base's violation may
// be accepted in one of its overlays and in the others not.
func (r *run) exemptCandidates(candidates []*candidate) {
	if len(r.policy.Exemptions) == 0 {
		return
	}
	for _, c := range candidates {
		c.accepted, c.remark = exempt(r.policy.Exemptions, r.now, violation{c.rule.ID, c.object.Identity, c.root.Root.Path})
	}
}

// exemptFindings does the same for findings that the engine makes itself.
func (r *run) exemptFindings(all []Finding) {
	for i := range all {
		f := &all[i]
		accepted, remark := exempt(r.policy.Exemptions, r.now, violation{f.Rule, f.Object, f.Root})
		if f.Detail = joinSentences(f.Detail, remark); accepted != nil {
			f.Status, f.Exemption = Exempt, accepted
		}
	}
}

// ExemptionFor returns an exemption of what one finding is about, by its object or, where it has none, by its root; reason
// and end are left to whoever accepts it. ok is false when names hold what no pattern says without saying more.
func ExemptionFor(f *Finding) (e ExemptionRule, ok bool) {
	e.Rule = f.Rule
	if f.Object.Kind == "" {
		e.Root = f.Root
		return e, f.Root != "" && !strings.Contains(f.Root, "*") && e.coversRoot(f.Root)
	}
	id := f.Object
	e.Object = strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(id.String())
	return e, id.Name != "" && !strings.Contains(id.Kind+id.Namespace+id.Name, "/") && e.coversObject(id)
}

// covers reports whether the exemption names the violation's rule and object, and its root where it names one.
func (e ExemptionRule) covers(v violation) bool {
	return matchName(e.Rule, v.rule) && e.coversObject(v.object) && e.coversRoot(v.root)
}

// coversRoot matches a pattern of paths, in which "**" stands for whole segments; an empty one is every root.
func (e ExemptionRule) coversRoot(root string) bool {
	if e.Root == "" {
		return true
	}
	pattern, err := images.ParseNamePattern(e.Root)
	return err == nil && pattern.Match(root)
}

// coversObject matches "Kind/name" and "Kind/namespace/name"; "*" stands for any part of a name.
func (e ExemptionRule) coversObject(id manifests.Identity) bool {
	short := id.Kind + "/" + id.Name
	long := id.Kind + "/" + id.Namespace + "/" + id.Name
	return e.Object == "" || matchName(e.Object, short) || matchName(e.Object, long)
}

// matchName matches a pattern in which "*" does not cross "/".
func matchName(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return err == nil && ok
}

func joinSentences(a, b string) string {
	return strings.TrimSpace(a + " " + b)
}
