package review

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// blame moves new findings that stand on an untouched line to the line of the change that caused them, where one can
// be told: the gap that a removal left, a touched line within the field, or that of a field which explains it.
func (r *run) blame(base, head *side, pairOf func(string) string) {
	change, retrial := r.change, newRetrial(r)
	for _, c := range head.candidates {
		if c.status() != New || change.Base == nil {
			continue
		}
		before := base.views[pairOf(c.rootKey())]
		undone := func() (Location, bool) { return retrial.undone(c, head.scenes[c.rootKey()], before) }
		if c.location.Changed {
			if c.wasThere(before) {
				if at, ok := undone(); ok {
					c.location = at
				}
			}
			continue
		}
		for _, find := range []func() (Location, bool){
			func() (Location, bool) { return c.gap(change, before) },
			func() (Location, bool) { return c.touchedBelow(change, before) },
			func() (Location, bool) { return c.lostInherited(change, before) },
			undone,
			func() (Location, bool) { return touchedWithin(change, c.object, c.object.Lookup(c.path)) },
			func() (Location, bool) { return c.touchedTwice(change) },
			func() (Location, bool) { return c.touchedRelated(change) },
			func() (Location, bool) { return c.touchedCause(change, before) },
			func() (Location, bool) { return c.vendored(change) },
			func() (Location, bool) { return c.newlyNamed(change) },
			func() (Location, bool) { return c.widened(change) },
			func() (Location, bool) { return c.newlyDeployed(change, before) },
		} {
			if cause, ok := find(); ok {
				c.location = cause
				break
			}
		}
	}
}

// wasThere reports whether a violation stands on a mapping or list that base had as well, so that what the change took away
// from it says more than the line where it begins.
func (c *candidate) wasThere(base *RootView) bool {
	field := c.object.Lookup(c.path)
	if base == nil || !field.IsMap() && !field.IsList() || strings.Contains(stablePath(c.object, c.path), "[]") {
		return false
	}
	before := base.Match(c.object)
	return before != nil && before.Lookup(equivalentPath(c.object, before, c.path)).Exists()
}

// soften gives findings on lines that the change did not touch the level that their rule has for those.
func (r *run) soften(candidates []*candidate) {
	for _, c := range candidates {
		if c.rule.Untouched > 0 && r.change.Base != nil && !c.location.Changed {
			c.Lower(c.rule.Untouched)
		}
	}
}

// gap finds where the change removed what made the field at base.
func (c *candidate) gap(change *source.Change, base *RootView) (Location, bool) {
	return c.gapAt(change, base, c.path)
}

// gapAt is gap for another field of the object.
func (c *candidate) gapAt(change *source.Change, base *RootView, path string) (Location, bool) {
	if base == nil {
		return Location{}, false
	}
	before := base.Match(c.object)
	if before == nil {
		return Location{}, false
	}
	origin, exists := before.OriginAt(equivalentPath(c.object, before, path))
	if !exists {
		return Location{}, false
	}
	return removal(change, origin, base.Root.Dir)
}

// removal finds where the change removed a place that made something at base, or the line that led there.
func removal(change *source.Change, origin manifests.Origin, home string) (Location, bool) {
	if at, ok := locateRemoval(change, origin); ok {
		return at, true
	}
	return cutReference(change, origin, home)
}

// newlyNamed finds the line that had the root take in the file in which the violation stands.
func (c *candidate) newlyNamed(change *source.Change) (Location, bool) {
	origin, _ := c.object.OriginAt(c.path)
	return newReference(change, origin, c.root.Root.Dir)
}

// newlyDeployed finds the line by which Argo CD or Flux came to render a root that they did not before: where it is named, or,
// as an element of a generator, its namespace.
func (c *candidate) newlyDeployed(change *source.Change, base *RootView) (Location, bool) {
	by := c.root.Root.Deployment
	if base != nil || by == nil {
		return Location{}, false
	}
	if at, ok := locateTouched(change, by.At); ok {
		return at, true
	}
	return locateTouched(change, by.After.Namespace.At)
}

// touchedWithin finds the first touched line below a field of o, that of a value before that of a mapping or list.
func touchedWithin(change *source.Change, o *manifests.Object, field manifests.Field) (found Location, ok bool) {
	leaf := false
	field.Walk(func(f manifests.Field) {
		if leaf {
			return
		}
		isLeaf := !f.IsMap() && !f.IsList()
		if ok && !isLeaf {
			return
		}
		origin, _ := o.OriginAt(f.Path())
		if at, touched := locateTouched(change, origin); touched {
			found, ok, leaf = at, true, isLeaf
		}
	})
	return found, ok
}

// touchedTwice finds the touched line of a key that is written twice, of which the one that counts is another.
func (c *candidate) touchedTwice(change *source.Change) (found Location, ok bool) {
	position := -1
	c.object.Walk(func(f manifests.Field) {
		if position++; !ok && f.Path() == c.path && position < len(c.object.Origins) {
			found, ok = locateTouched(change, c.object.Origins[position])
		}
	})
	return found, ok
}

func (c *candidate) touchedRelated(change *source.Change) (Location, bool) {
	for _, path := range c.related {
		if at, ok := touchedWithin(change, c.object, c.object.Lookup(path)); ok {
			return at, true
		}
	}
	return Location{}, false
}

// touchedBelow finds the first line of the change, or the gap that it left, at a part of the field that explains the
// violation: what a namespace refuses of a pod goes before whatever else changed in the pod.
func (c *candidate) touchedBelow(change *source.Change, base *RootView) (Location, bool) {
	for _, path := range c.related {
		if !strings.HasPrefix(path, c.path+".") {
			continue
		}
		if at, ok := touchedWithin(change, c.object, c.object.Lookup(path)); ok {
			return at, true
		}
		if at, ok := c.gapAt(change, base, path); ok {
			return at, true
		}
	}
	return Location{}, false
}

// equivalentPath finds the path in other that means what path means in o: list items keep their names, not
// their positions.
func equivalentPath(o, other *manifests.Object, path string) string {
	want := stablePath(o, path)
	if stablePath(other, path) == want {
		return path
	}
	found := path
	other.Walk(func(f manifests.Field) {
		if lastElement(f.Path()) == lastElement(path) && stablePath(other, f.Path()) == want {
			found = f.Path()
		}
	})
	return found
}

// findings turns candidates into findings: one for each violation however many roots show it, and one for each
// field however many rules say the same of it.
func findings(change *source.Change, candidates []*candidate, status func(*candidate) Status) []Finding {
	coverage := newCoverage(candidates)
	var toFix []fixable
	merged, effects := make(map[string]*Finding), make(map[string][]string)
	var order []string
	for _, c := range candidates {
		if c.covered {
			continue
		}
		key := c.mergeKey(status(c))
		f, ok := merged[key]
		if !ok {
			f = c.finding(status(c))
			merged[key] = f
			toFix = append(toFix, fixable{c, f})
			order = append(order, key)
		} else if c.root.Root.Path != f.Root && !slices.Contains(f.Roots, c.root.Root.Path) {
			f.Roots = append(f.Roots, c.root.Root.Path)
		}
		if c.bound != "" {
			effects[key] = append(effects[key], strings.Join([]string{c.root.Root.Path, c.print, c.bound}, "|"))
		}
		for _, id := range coverage.also(c) {
			if !slices.Contains(f.Also, id) {
				f.Also = append(f.Also, id)
			}
		}
	}
	fixAll(change, toFix)
	all := make([]Finding, 0, len(order))
	for _, key := range order {
		merged[key].bindTo(effects[key])
		all = append(all, *merged[key])
	}
	return all
}

// mergeKey is equal for the same violation seen through several roots: same rule, same line, same field.
func (c *candidate) mergeKey(status Status) string {
	l := c.location
	if c.gone && c.source != "" {
		return strings.Join([]string{c.rule.ID, c.source, fmt.Sprint(l), c.object.Kind, stablePath(c.object, c.path), c.message, string(status), c.remark}, "|")
	}
	if l.Precision != manifests.Exact.String() {
		return strings.Join([]string{c.rootKey(), c.print, string(status)}, "|")
	}
	return fmt.Sprintf("%s|%s:%d:%d|%s|%s|%s|%s|%s", c.rule.ID, l.File, l.Line, l.Column,
		c.object.Kind, stablePath(c.object, c.path), c.told(), status, c.remark)
}

func (c *candidate) finding(status Status) *Finding {
	f := &Finding{
		Rule: c.rule.ID, Level: c.level, Status: status, Root: c.root.Root.Path, Object: c.object.Identity,
		Path: c.path, Message: c.told(), Detail: joinSentences(c.detail, c.remark), Location: c.location,
		Guidelines: c.rule.Guidelines, Fingerprint: fingerprint(c.print), Exemption: c.accepted,
	}
	if f.Guidelines == nil {
		f.Guidelines = []string{}
	}
	for _, path := range c.related {
		if origin, _ := c.object.OriginAt(path); len(origin) > 0 && origin[0].Precision == manifests.Exact {
			f.Related = append(f.Related, Related{File: origin[0].Span.File, Line: origin[0].Span.Line, Message: path})
		}
	}
	for _, by := range c.beside {
		if origin, _ := by.object.OriginAt(by.path); len(origin) > 0 && origin[0].Span.File != "" {
			f.Related = append(f.Related, Related{File: origin[0].Span.File, Line: max(origin[0].Span.Line, 1), Message: by.text})
		}
	}
	return f
}

// told is what a finding says: with where it really is, when its line only names the chart that has it.
func (c *candidate) told() string {
	if c.location.From == "" {
		return c.message
	}
	return c.message + " (it comes from " + c.location.From + ")"
}

// sortFindings orders findings as they are shown: by file and line, the worst first on one line.
func sortFindings(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Line, b.Location.Line),
			-cmp.Compare(a.Level, b.Level), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Root, b.Root), cmp.Compare(a.Path, b.Path))
	})
}
