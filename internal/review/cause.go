package review

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// cause is a field of an object.
type cause struct {
	object *manifests.Object
	path   string
}

// CausedBy names a field of another object of the root that brings the violation about: that of the network policy, say,
// which no longer selects a pod. Where the change touches it, and not the field of the violation, the finding stands
// there. It may be called several times.
func (d *Draft) CausedBy(o *manifests.Object, at manifests.Field) *Draft {
	d.causes = append(d.causes, cause{o, at.Path()})
	return d
}

// touchedCause finds the first line that the change touched below one of the causes, or the gap that it left there.
func (c *candidate) touchedCause(change *source.Change, base *RootView) (Location, bool) {
	for _, by := range c.causes {
		if at, ok := touchedWithin(change, by.object, by.object.Lookup(by.path)); ok {
			return at, true
		}
		if base == nil {
			continue
		}
		if before := base.Match(by.object); before != nil {
			if at, ok := removedWithin(change, before, before.Lookup(by.path)); ok {
				return at, true
			}
		}
	}
	return Location{}, false
}

// removedWithin finds the first line below a field of base that the change removed.
func removedWithin(change *source.Change, before *manifests.Object, field manifests.Field) (found Location, ok bool) {
	field.Walk(func(f manifests.Field) {
		if !ok {
			origin, _ := before.OriginAt(f.Path())
			found, ok = locateRemoval(change, origin)
		}
	})
	return found, ok
}
