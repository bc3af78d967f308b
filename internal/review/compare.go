package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
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
	level    Level
	location Location
	key      string // rule, object and stable path; equal on both sides for the same violation
	matched  bool
	// rewritten tells a matched candidate that is nevertheless new: its line was changed and so was what it says.
	rewritten bool
}

// status says what the change did to a candidate of head.
func (c *candidate) status() Status {
	if c.matched && !c.rewritten {
		return Existing
	}
	return New
}

// side is all that one side of the change shows.
type side struct {
	candidates []*candidate
	witnesses  []*candidate         // of base: what roots showed that the change does not affect
	views      map[string]*RootView // by rootKey
	order      []string
}

func newSide() *side { return &side{views: make(map[string]*RootView)} }

// rootKey names a root of one side. A directory may hold a kustomization and plain files beside it.
func rootKey(root manifests.Root) string { return string(root.Kind) + ":" + root.Path }

func (c *candidate) rootKey() string { return rootKey(c.root.Root) }

func (s *side) add(root manifests.Root, r rendered, workloads []WorkloadPath) {
	if view := r.view(root, workloads); view != nil {
		s.views[rootKey(root)] = view
		s.order = append(s.order, rootKey(root))
	}
}

// viewOf returns the view of a root; nil when there is no such root, or it does not render.
func (s *side) viewOf(root *manifests.Root) *RootView {
	if root == nil {
		return nil
	}
	return s.views[rootKey(*root)]
}

// index is what the side's roots and context, the rest of the repository, are known to hold.
func (s *side) index(context []*manifests.Object) *Index {
	all := slices.Clone(context)
	for _, key := range s.order {
		all = append(all, s.views[key].Objects...)
	}
	return NewIndex(all)
}

// unmatched are the violations that the other side does not have.
func (s *side) unmatched() []*candidate {
	return slices.DeleteFunc(slices.Clone(s.candidates), func(c *candidate) bool { return c.matched })
}

// place makes candidates of the drafts of one root, locates them and gives them their keys.
func place(change *source.Change, drafts []*Draft, levels map[string]Level) []*candidate {
	placed := make([]*candidate, 0, len(drafts))
	seen := make(map[string]int)
	slices.SortStableFunc(drafts, func(a, b *Draft) int { return cmp.Compare(a.path, b.path) })
	for _, d := range drafts {
		origin, _ := d.object.OriginAt(d.path)
		c := &candidate{Draft: d, level: levels[d.rule.ID], location: locate(change, origin, d.part)}
		key := draftKey(d)
		if seen[key]++; seen[key] > 1 {
			key += "#" + strconv.Itoa(seen[key])
		}
		c.key = key
		placed = append(placed, c)
	}
	return placed
}

// draftKey names a violation by what survives moved lines, renamed files and reordered lists.
func draftKey(d *Draft) string {
	id := d.object.Identity
	return strings.Join([]string{d.rule.ID, id.Group(), id.Kind, id.Namespace, id.Name, stablePath(d.object, d.path)}, "|")
}

// itemKeys are the fields that name an item of a list, in the order they are tried.
var itemKeys = []string{"name", "key", "mountPath", "containerPort", "port", "host", "ip"}

// stablePath writes a path with the names of list items in place of their positions.
func stablePath(o *manifests.Object, path string) string {
	var b strings.Builder
	f := o.Field()
	for rest := path; rest != ""; {
		element, tail := cutElement(rest)
		rest = tail
		index, err := strconv.Atoi(strings.Trim(element, "[]"))
		if err != nil || !strings.HasPrefix(element, "[") || !f.IsList() {
			f = f.Get(strings.Trim(element, "[]"))
			b.WriteString("." + element)
			continue
		}
		f = f.At(index)
		b.WriteString("[" + itemName(f) + "]")
	}
	return b.String()
}

// cutElement cuts the first element off a path: a key, or an index or key in brackets.
func cutElement(path string) (element, rest string) {
	path = strings.TrimPrefix(path, ".")
	if strings.HasPrefix(path, "[") {
		if end := strings.IndexByte(path, ']'); end > 0 {
			return path[:end+1], path[end+1:]
		}
		return path, ""
	}
	if end := strings.IndexAny(path, ".["); end >= 0 {
		return path[:end], path[end:]
	}
	return path, ""
}

func itemName(item manifests.Field) string {
	for _, key := range itemKeys {
		if name := item.Get(key).Text(); name != "" {
			return name
		}
	}
	return ""
}

// fingerprint is the published form of a candidate's key.
func fingerprint(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

// compare pairs head's candidates with base's: a pair is existing, the rest of head new, the rest of base
// fixed. The tests get weaker from step to step, and each base candidate is used up by the steps that need
// the same object.
func compare(change *source.Change, base, head *side, pairOf func(headRoot string) string) {
	pairExact(base, head, func(c *candidate) string {
		file, line, ok := change.ToBase(c.location.File, c.location.Line)
		if !ok {
			return ""
		}
		return pairOf(c.rootKey()) + "|" + c.key + "|" + file + ":" + strconv.Itoa(line)
	}, func(c *candidate) string {
		return c.rootKey() + "|" + c.key + "|" + c.location.File + ":" + strconv.Itoa(c.location.Line)
	})
	pairExact(base, head, func(c *candidate) string { return pairOf(c.rootKey()) + "|" + c.key },
		func(c *candidate) string { return c.rootKey() + "|" + c.key })
	// What an item of a list is called may change: then the same line is at fault for the same reason.
	pairExact(base, head, func(c *candidate) string {
		file, line, ok := change.ToBase(c.location.File, c.location.Line)
		if !ok || c.location.Precision != manifests.Exact.String() {
			return ""
		}
		return pairOf(c.rootKey()) + "|" + c.sameFault() + "|" + file + ":" + strconv.Itoa(line)
	}, func(c *candidate) string {
		return c.rootKey() + "|" + c.sameFault() + "|" + c.location.File + ":" + strconv.Itoa(c.location.Line)
	})
	pairMoved(base, head)
	pairByLine(change, base, head, pairOf)
}

// pairExact pairs candidates whose keys under the two functions agree, one to one. An empty key pairs nothing.
func pairExact(base, head *side, headKey, baseKey func(*candidate) string) {
	open := make(map[string][]*candidate)
	for _, b := range base.candidates {
		if key := baseKey(b); !b.matched {
			open[key] = append(open[key], b)
		}
	}
	for _, h := range head.candidates {
		if h.matched {
			continue
		}
		key := headKey(h)
		if key == "" || len(open[key]) == 0 {
			continue
		}
		b := open[key][0]
		open[key] = open[key][1:]
		h.matched, b.matched = true, true
		// The change rewrote the very line and it says something else now: that is this change's doing.
		h.rewritten = h.location.Changed && h.message != b.message
	}
}

// pairMoved pairs violations of objects that moved from one root to another: base's root has lost the object.
func pairMoved(base, head *side) {
	open := make(map[string][]*candidate)
	for _, b := range base.candidates {
		if b.matched {
			continue
		}
		if view := head.views[b.rootKey()]; view == nil || view.Match(b.object) == nil {
			open[b.key] = append(open[b.key], b)
		}
	}
	for _, h := range head.candidates {
		if !h.matched && len(open[h.key]) > 0 {
			h.matched, open[h.key][0].matched = true, true
			open[h.key] = open[h.key][1:]
		}
	}
}

// pairByLine pairs violations of objects that are new in their root (a further overlay, another name) but come
// from a line that stood at base and was at fault there: the change did not cause them.
func pairByLine(change *source.Change, base, head *side, pairOf func(string) string) {
	atFault := make(map[string][]*candidate)
	for _, b := range slices.Concat(base.candidates, base.witnesses) {
		if b.location.Precision == manifests.Exact.String() {
			key := b.rule.ID + "|" + b.location.File + ":" + strconv.Itoa(b.location.Line)
			atFault[key] = append(atFault[key], b)
		}
	}
	for _, h := range head.candidates {
		if h.matched || h.location.Precision != manifests.Exact.String() || h.location.Changed {
			continue
		}
		if view := base.views[pairOf(h.rootKey())]; view != nil && view.Match(h.object) != nil {
			continue
		}
		file, line, ok := change.ToBase(h.location.File, h.location.Line)
		for _, b := range atFault[h.rule.ID+"|"+file+":"+strconv.Itoa(line)] {
			if ok && lastElement(b.path) == lastElement(h.path) {
				h.matched, b.matched = true, true
			}
		}
	}
}

// sameFault says what is wrong in an object, whatever its list items are called and in which order they stand.
func (c *candidate) sameFault() string {
	return c.rule.ID + "|" + c.object.String() + "|" + anyIndex.ReplaceAllString(c.path, "[]")
}

var anyIndex = regexp.MustCompile(`\[\d+\]`)

func lastElement(path string) string {
	if strings.HasSuffix(path, "]") {
		return path[strings.LastIndexByte(path, '['):] // the key in it may hold dots
	}
	return path[max(strings.LastIndexAny(path, ".["), 0):]
}
