package review

import (
	"fmt"
	"path"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
)

// exempt marks the findings that the policy accepts today. One whose exemption has ended stays what it is and
// says so.
func exempt(all []Finding, rules []ExemptionRule, today time.Time) {
	for i := range all {
		f := &all[i]
		if f.Status == Fixed {
			continue
		}
		for _, rule := range rules {
			if !rule.covers(f) {
				continue
			}
			if day := today.Format(time.DateOnly); day > rule.Until.Format(time.DateOnly) {
				f.Detail = joinSentences(f.Detail, fmt.Sprintf("Its exemption (%s) ended on %s.", rule.Reason, rule.Until.Format(time.DateOnly)))
				continue
			}
			f.Status = Exempt
			f.Exemption = &Exemption{Reason: rule.Reason, Until: rule.Until.Format(time.DateOnly), By: rule.By}
			break
		}
	}
}

// covers reports whether the exemption names the finding's rule and object, and its root where it names one.
func (e ExemptionRule) covers(f *Finding) bool {
	return matchName(e.Rule, f.Rule) && e.coversObject(f.Object) && e.coversRoot(f.Root)
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
	if a == "" {
		return b
	}
	return a + " " + b
}
