package protection

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// side is a root at base or at head, and what else the repository holds there.
type side struct {
	*review.RootView
	index *review.Index
}

// reader reads the guards of the objects of some kinds.
type reader struct {
	kinds  []string // "Kind.group": those in which the same guard may stand
	read   func(s side, o *manifests.Object) []*guard
	policy bool // what gets weaker is a policy-weakened; what goes is a protection-removed in any case
	spaced bool // it protects what is in its namespace
	own    bool // what an object says itself holds before what others do
	// settled reports whether there is nothing to say of an object that is gone, since what it protected is gone as well, or
	// because another object says it.
	settled func(p *review.Pass) bool
}

// loss is a guard of base that head lacks, or has weaker.
type loss struct {
	*guard
	weakness
	weaker bool
}

// kindOf names an object's kind with its group.
func kindOf(o *manifests.Object) string { return o.Kind + "." + o.Group() }

// lossesOf compares the guards of an object of base with those of head.
func lossesOf(p *review.Pass, r reader, was *manifests.Object, in *review.RootView, now *manifests.Object) (lost []loss) {
	before := r.read(side{in, p.Before}, was)
	if len(before) == 0 {
		return nil
	}
	pool, own := guardsAtHead(p, r, now)
	edited := editedOf(before, own)
	for _, g := range before {
		if g.idle {
			continue
		}
		same := pool[g.key]
		if r.own && hasKey(own, g.key) {
			same = slices.DeleteFunc(slices.Clone(own), func(o *guard) bool { return o.key != g.key })
		}
		if len(same) == 0 && edited[g] != nil {
			same = []*guard{edited[g]}
		}
		if len(same) == 0 {
			lost = append(lost, loss{guard: g})
		} else if weakness, weak := g.best(same); weak {
			lost = append(lost, loss{g, weakness, true})
		}
	}
	return lost
}

// guardsAtHead reads what there is at head, by key, that of an object itself first.
func guardsAtHead(p *review.Pass, r reader, now *manifests.Object) (pool map[string][]*guard, own []*guard) {
	pool = make(map[string][]*guard)
	add := func(s side, o *manifests.Object) {
		for _, g := range r.read(s, o) {
			pool[g.key] = append(pool[g.key], g)
			if o == now {
				own = append(own, g)
			}
		}
	}
	at := side{p.Root, p.Index}
	if now != nil {
		add(at, now)
	}
	for _, want := range r.kinds {
		kind, group, _ := strings.Cut(want, ".")
		for _, o := range p.Root.OfKind(kind) {
			if o != now && o.Group() == group {
				add(at, o)
			}
		}
		for _, s := range p.Elsewhere(kind) {
			if s.Group() == group {
				add(side{s.In, p.Index}, s.Object)
			}
		}
	}
	return pool, own
}

// editedOf pairs guards of base that an object has no more with those that it has newly: what it guards from was written
// anew, and nobody can tell whether that is less. Those of the same name belong together, the others by their order.
func editedOf(before, own []*guard) map[*guard]*guard {
	fresh := slices.DeleteFunc(slices.Clone(own), func(g *guard) bool { return hasKey(before, g.key) })
	edited := make(map[*guard]*guard)
	pair := func(same func(a, b *guard) bool) {
		for _, g := range before {
			if hasKey(own, g.key) || edited[g] != nil {
				continue
			}
			if i := slices.IndexFunc(fresh, func(f *guard) bool { return same(g, f) }); i >= 0 {
				edited[g] = fresh[i]
				fresh = slices.Delete(fresh, i, i+1)
			}
		}
	}
	pair(func(a, b *guard) bool { return a.does == b.does })
	pair(func(a, b *guard) bool { return kindOfKey(a.key) == kindOfKey(b.key) })
	return edited
}

func hasKey(guards []*guard, key string) bool {
	return slices.ContainsFunc(guards, func(g *guard) bool { return g.key == key })
}

// kindOfKey is what stands before the first bar of a key: what sort of guard it is. Keys without one are of things that do
// not turn into each other.
func kindOfKey(key string) string {
	sort, _, ok := strings.Cut(key, "|")
	if !ok {
		return key
	}
	return sort
}

// reportChanged reports what an object that is still there no longer does.
func reportChanged(p *review.Pass, wants func(r reader, l loss) bool) {
	was, in := p.Was()
	if was == nil || string(was.Raw) == string(p.Object.Raw) && in.Namespace(was) == p.Root.Namespace(p.Object) {
		return
	}
	for _, r := range readersOf(in, was) {
		var lost []loss
		for _, l := range lossesOf(p, r, was, in, p.Object) {
			if wants(r, l) {
				lost = append(lost, l)
			}
		}
		for _, same := range grouped(lost) {
			says := title(p.Object) + " loses " + same.does()
			if same[0].weaker {
				says = same.does() + " of " + title(p.Object) + " " + same[0].says
			}
			same.finish(p.Report(same.place(p.Object), "%s", says))
		}
	}
}

// reportGone reports what an object that is gone did, and nothing does any more.
func reportGone(p *review.Pass, wants func(r reader, l loss) bool) {
	for _, r := range readersOf(p.Base, p.Object) {
		if r.spaced && abandoned(p, p.Base.Namespace(p.Object)) || r.settled != nil && r.settled(p) {
			continue
		}
		var lost losses
		for _, l := range lossesOf(p, r, p.Object, p.Base, nil) {
			if wants(r, l) {
				lost = append(lost, l)
			}
		}
		if len(lost) == 0 {
			continue
		}
		says := ", and with it " + lost.does()
		if lost[0].weaker && r.policy {
			says = ", and what stands in for it " + lost[0].says
		}
		lost.finish(p.Report(p.Object.Field(), "%s is removed%s", title(p.Object), says))
	}
}

// title names an object; files of configuration have a kind only.
func title(o *manifests.Object) string { return strings.TrimSpace(o.Kind + " " + o.Name) }

// losses are what one finding says.
type losses []loss

// grouped puts together what is lost in the same way at the same place.
func grouped(lost []loss) (groups []losses) {
	at := make(map[string]int)
	for _, l := range lost {
		key := l.weakness.says + "|" + l.weakness.at.Path()
		i, known := at[key]
		if !known {
			i = len(groups)
			at[key], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], l)
	}
	return groups
}

func (all losses) does() string {
	var names []string
	for _, l := range all {
		if !slices.Contains(names, l.guard.does) {
			names = append(names, l.guard.does)
		}
	}
	return enumerate(names)
}

// place is the field of head at which something got weaker, or where base had what is gone.
func (all losses) place(o *manifests.Object) manifests.Field {
	if all[0].weaker {
		return all[0].weakness.at
	}
	return o.Lookup(all[0].guard.at.Path())
}

func (all losses) finish(d *review.Draft) {
	mild := review.Level(0)
	var effects []string
	for _, l := range all {
		level := l.guard.mild
		if l.weakness.mild {
			level = review.Warning
		}
		if level == 0 {
			level = review.Error
		}
		mild = max(mild, level)
		effects = append(effects, l.guard.key+"|"+l.weakness.says)
	}
	slices.Sort(effects)
	d.Lower(mild).Effect("%s", strings.Join(effects, "\n")).
		Detail("It held at base, and after merging nothing else that the repository shows does the same. If something does, say so in the pull request; else leave it as it was.")
}
