package review

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// candidate is a draft on its way to a finding: placed, and known by what survives moved lines.
type candidate struct {
	*Draft
	location  Location
	key       string // rule, object and stable path; equal on both sides for the same violation
	print     string // the key, unlike that of any other violation of the root
	twin      string // tells objects of one identity in a root apart; equal on both sides for the same one
	matched   bool
	covered   bool       // a more specific violation at the same field stands in for it
	accepted  *Exemption // by the policy, today
	remark    string     // on an exemption that has ended
	bound     string     // the effect, where an acceptance is bound to it
	source    string     // of a violation on an object that is gone: where base has it
	explained bool       // the change touched a field that explains it
	// rewritten tells a matched candidate that is nevertheless new: its line was changed and so was what it says.
	rewritten bool
}

// status says what the change did to a candidate of head, and whether the policy accepts it.
func (c *candidate) status() Status {
	if c.accepted != nil {
		return Exempt
	}
	return c.outcome()
}

// outcome says what the change did to a candidate of head.
func (c *candidate) outcome() Status {
	if c.matched && !c.rewritten {
		return Existing
	}
	return New
}

// side is all that one side of the change shows.
type side struct {
	candidates []*candidate
	removed    []*candidate         // of head: what stands on objects that only base has; new by their nature
	witnesses  []*candidate         // of base: what roots showed that the change does not affect
	views      map[string]*RootView // by rootKey
	order      []string
	scenes     map[string]scene // of head: what the views were judged with
	read       map[string]bool  // the files that the views were made of
	around     []*RootView      // roots that planning rendered and that the change does not affect
	beyond     search
	deployed   map[manifests.Identity]bool // by roots that were rendered
}

func newSide() *side {
	return &side{views: make(map[string]*RootView), scenes: make(map[string]scene), read: make(map[string]bool)}
}

// rootKey names a root of one side. A directory may hold a kustomization and plain files beside it.
func rootKey(root manifests.Root) string { return string(root.Kind) + ":" + root.Path }

func (c *candidate) rootKey() string { return rootKey(c.root.Root) }

func (s *side) add(root manifests.Root, r rendered, policy *Policy) {
	if view := r.view(root, policy); view != nil {
		view.Partial, view.deployed = len(r.rendering.Failed) > 0, s.deployed
		s.views[rootKey(root)] = view
		s.order = append(s.order, rootKey(root))
		for _, read := range r.reads {
			s.read[read.Path] = true
		}
	}
}

// viewOf returns the view of a root; nil when there is no such root, or it does not render.
func (s *side) viewOf(root *manifests.Root) *RootView {
	if root == nil {
		return nil
	}
	return s.views[rootKey(*root)]
}

// knows reports whether the side has a view of a root.
func (s *side) knows(root manifests.Root) bool {
	return s.views[rootKey(root)] != nil || slices.ContainsFunc(s.around, func(v *RootView) bool { return rootKey(v.Root) == rootKey(root) })
}

// all returns the views in the order of their roots.
func (s *side) all() []*RootView {
	views := make([]*RootView, 0, len(s.order))
	for _, key := range s.order {
		views = append(views, s.views[key])
	}
	return views
}

// index is what the side's roots and context, the rest of the repository, are known to hold.
func (s *side) index(context []*manifests.Object) *Index {
	index := indexOf(slices.Concat(s.all(), s.around), context, s.read)
	index.beyond = s.beyond
	return index
}

// unmatched are the violations that the other side does not have.
func (s *side) unmatched() []*candidate {
	return slices.DeleteFunc(slices.Clone(s.candidates), func(c *candidate) bool { return c.matched })
}

// place makes candidates of the drafts of one root, locates them and gives them their keys.
func place(change *source.Change, drafts []*Draft) []*candidate {
	placed := make([]*candidate, 0, len(drafts))
	slices.SortStableFunc(drafts, func(a, b *Draft) int { return cmp.Compare(a.path, b.path) })
	var lines textLines
	for _, d := range drafts {
		origin, _ := d.object.OriginAt(d.path)
		c := &candidate{Draft: d, location: lines.locate(change, origin, d), key: draftKey(d)}
		_, c.explained = c.touchedRelated(change)
		placed = append(placed, c)
	}
	nameDuplicates(placed)
	return placed
}

// compare pairs head's candidates with base's: a pair is existing, the rest of head new, the rest of base fixed. The
// tests get weaker from step to step, and each base candidate is used up by the step that pairs it, so that no violation
// of base excuses two of head.
func compare(change *source.Change, base, head *side, pairOf func(headRoot string) string) {
	nameTwins(change, base, head, pairOf)
	atBase := func(c *candidate) string { return c.rootKey() + "|" + c.twin + "|" + c.key }
	atHead := func(c *candidate) string { return pairOf(c.rootKey()) + "|" + c.twin + "|" + c.key }
	line := func(c *candidate) string { return c.location.File + ":" + strconv.Itoa(c.location.Line) }
	lineBefore := func(c *candidate) string {
		file, line, ok := change.ToBase(c.location.File, c.location.Line)
		if !ok || c.location.Precision != manifests.Exact.String() {
			return "" // no line of base reads like that
		}
		return file + ":" + strconv.Itoa(line)
	}
	message := func(c *candidate) string { return c.message }
	both := func(a, b func(*candidate) string) func(*candidate) string {
		return func(c *candidate) string { return a(c) + "|" + b(c) }
	}
	pairExact(base, head, both(atHead, both(lineBefore, message)), both(atBase, both(line, message)))
	pairExact(base, head, both(atHead, message), both(atBase, message))
	pairExact(base, head, both(atHead, lineBefore), both(atBase, line))
	pairExact(base, head, atHead, atBase)
	// What an item of a list is called may change: then the same line is at fault for the same reason.
	pairExact(base, head, both(func(c *candidate) string { return pairOf(c.rootKey()) + "|" + c.sameFault() }, lineBefore),
		both(func(c *candidate) string { return c.rootKey() + "|" + c.sameFault() }, line))
	pairMoved(base, head, pairOf)
	pairByLine(change, base, head, pairOf)
}

// pairExact pairs candidates whose keys under the two functions agree, one to one.
func pairExact(base, head *side, headKey, baseKey func(*candidate) string) {
	open := make(map[string][]*candidate)
	for _, b := range base.candidates {
		if !b.matched {
			key := baseKey(b)
			open[key] = append(open[key], b)
		}
	}
	for _, h := range head.candidates {
		if h.matched {
			continue
		}
		key := headKey(h)
		if len(open[key]) == 0 {
			continue
		}
		b := open[key][0]
		open[key] = open[key][1:]
		h.matched, b.matched = true, true
		h.rewritten = h.saysMoreThan(b)
	}
}

// saysMoreThan reports whether the change made a violation another one than it was at base: it wrote another value on
// its line, it says something else now, because its line, its value or what explains it changed, or it is worse.
func (c *candidate) saysMoreThan(before *candidate) bool {
	if c.level > before.level {
		return true
	}
	if c.about != "" && c.key == before.key {
		return false
	}
	other := !c.sameValue(before)
	if c.message == before.message {
		return other && c.location.Changed
	}
	return other || c.location.Changed || c.explained
}

// sameValue reports whether the fields of two violations hold the same scalar, or none both.
func (c *candidate) sameValue(other *candidate) bool {
	now, was := c.object.Lookup(c.path), other.object.Lookup(other.path)
	if value, ok := now.Bool(); ok {
		old, ok := was.Bool()
		return ok && old == value
	}
	return now.Text() == was.Text()
}

// pairMoved pairs violations of objects that moved as they were from one root to another: base's root has lost the
// object, head's had none like it.
func pairMoved(base, head *side, pairOf func(string) string) {
	open := make(map[string][]*candidate)
	for _, b := range base.candidates {
		if view := head.views[b.rootKey()]; !b.matched && (view == nil || view.Match(b.object) == nil) {
			open[b.key] = append(open[b.key], b)
		}
	}
	for _, h := range head.candidates {
		h.matched = h.matched || h.movedWithObject(base)
		if view := base.views[pairOf(h.rootKey())]; h.matched || view != nil && view.Match(h.object) != nil {
			continue
		}
		i := slices.IndexFunc(open[h.key], func(b *candidate) bool { return h.message == b.message && !h.saysMoreThan(b) })
		if i >= 0 {
			h.matched, open[h.key][i].matched = true, true
			open[h.key] = slices.Delete(open[h.key], i, i+1)
		}
	}
}

// movedWithObject reports whether what a violation is about was at fault at base, where another root had the object
// that it stands on: a namespace is no worse when some of it is moved to another directory.
func (c *candidate) movedWithObject(base *side) (moved bool) {
	if c.about == "" {
		return false
	}
	for _, b := range base.candidates {
		if b.key == c.key && b.level >= c.level && b.root.Match(c.object) != nil {
			b.matched, moved = true, true
		}
	}
	return moved
}

// nameTwins tells objects of one identity within a root apart, and finds out which one of head is which one of base: by
// the line that each begins on, then by their order. Without that a violation could move from one to the other unseen.
func nameTwins(change *source.Change, base, head *side, pairOf func(string) string) {
	twins := make(map[*manifests.Object]string)
	for key, now := range head.views {
		was := base.views[pairOf(key)]
		for _, o := range now.Objects {
			if _, done := twins[o]; done || was == nil {
				continue
			}
			if a, b := now.Twins(o), was.Twins(o); len(a) > 1 || len(b) > 1 {
				pairTwins(change, a, b, twins)
			}
		}
	}
	for _, s := range []*side{base, head} {
		for _, c := range s.candidates {
			if c.about == "" {
				c.twin = twins[c.object]
			}
		}
	}
}

// pairTwins numbers the objects of one identity: those of base in their order, those of head as what they were.
func pairTwins(change *source.Change, head, base []*manifests.Object, twins map[*manifests.Object]string) {
	starts := make(map[string]*manifests.Object, len(base))
	open := make(map[*manifests.Object]bool, len(base))
	for i, o := range base {
		twins[o], open[o] = "#"+strconv.Itoa(i), true
		if span, ok := startOf(o); ok {
			starts[span.File+":"+strconv.Itoa(span.Line)] = o
		}
	}
	var left []*manifests.Object
	for _, o := range head {
		span, _ := startOf(o)
		file, line, kept := change.ToBase(span.File, span.Line)
		was := starts[file+":"+strconv.Itoa(line)]
		if !kept || !open[was] {
			left = append(left, o)
			continue
		}
		twins[o], open[was] = twins[was], false
	}
	rest := slices.DeleteFunc(slices.Clone(base), func(o *manifests.Object) bool { return !open[o] })
	for i, o := range left {
		twins[o] = "+" + strconv.Itoa(i)
		if i < len(rest) {
			twins[o] = twins[rest[i]]
		}
	}
}

// startOf returns the place where an object begins, if that is known.
func startOf(o *manifests.Object) (source.Span, bool) {
	origin, _ := o.OriginAt("")
	if len(origin) == 0 || origin[0].Precision != manifests.Exact {
		return source.Span{}, false
	}
	return origin[0].Span, true
}

// pairByLine pairs violations of objects that are new in their root (a further overlay, another name) but come
// from a line that stood at base and was at fault there: the change did not cause them. That line may be any of those that
// made the field, since a patch repeats what it does not change, and what one patch does not add was missing before.
func pairByLine(change *source.Change, base, head *side, pairOf func(string) string) {
	atFault := make(map[string][]*candidate)
	for _, b := range slices.Concat(base.candidates, base.witnesses) {
		if b.location.Precision == manifests.Exact.String() {
			key := b.rule.ID + "|" + b.location.File + ":" + strconv.Itoa(b.location.Line)
			atFault[key] = append(atFault[key], b)
		}
	}
	for _, h := range head.candidates {
		if h.matched || h.location.Precision != manifests.Exact.String() {
			continue
		}
		if view := base.views[pairOf(h.rootKey())]; view != nil && view.Match(h.object) != nil {
			continue
		}
		for _, at := range h.untouchedPlaces(change) {
			file, line, ok := change.ToBase(at.File, at.Line)
			for _, b := range atFault[h.rule.ID+"|"+file+":"+strconv.Itoa(line)] {
				if ok && lastElement(b.path) == lastElement(h.path) && h.repeats(b, at) {
					h.matched, b.matched = true, true
				}
			}
			if h.matched {
				h.location = at
				break
			}
		}
	}
}

// untouchedPlaces returns where a violation stands, and the other lines that made the field, as far as the change did not
// touch them.
func (c *candidate) untouchedPlaces(change *source.Change) (places []Location) {
	if !c.location.Changed {
		places = append(places, c.location)
	}
	origin, _ := c.object.OriginAt(c.path)
	for _, frame := range origin {
		if at := location(frame, false); frame.Precision == manifests.Exact && !touched(change, frame) && at != c.location {
			places = append(places, at)
		}
	}
	return places
}

// repeats reports whether a violation in another object is that of base over again. On another line than it stands on by
// itself it has to say the same too, but for the object's name.
func (c *candidate) repeats(before *candidate, at Location) bool {
	if at == c.location {
		return c.message == before.message || c.sameValue(before)
	}
	alike := c.message == before.message || c.nameless() == before.nameless()
	return alike && (c.path == "metadata.name" || c.sameValue(before))
}

// nameless is the message without the object's name.
func (c *candidate) nameless() string {
	words := strings.Fields(c.message)
	return strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == c.object.Name }), " ")
}

// sameFault says what is wrong in an object, whatever its list items are called and in which order they stand.
func (c *candidate) sameFault() string {
	return c.rule.ID + "|" + c.twin + "|" + c.object.String() + "|" + anyIndex.ReplaceAllString(c.path, "[]")
}

var anyIndex = regexp.MustCompile(`\[\d+\]`)

func lastElement(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[strings.LastIndexByte(path, '['):] // the key in it may hold dots
	}
	return path[max(strings.LastIndexAny(path, ".["), 0):]
}
