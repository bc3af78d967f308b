package review

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// How many roots that a change does not affect are looked at to see what they use of what it takes away: of plain files,
// and of those that take longer to render.
const (
	maxPlainBystanders    = 200
	maxRenderedBystanders = 12
)

// bystanders are roots of head that the change does not affect.
type bystanders struct {
	views []*RootView
	left  int // beyond the limits
}

func (b bystanders) notes() []string {
	if b.left == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s with names of what is removed not rendered: whether anything uses it there is not known", count(b.left, "further root"))}
}

// around completes what is to be judged by its two sides and by what of the repository lies around it.
func (e *Engine) around(ctx context.Context, r *run, plan *Plan, all *judged) (_ *judged, err error) {
	all.base, all.head = r.sides(all.pairs)
	r.surround(plan, all.pairs, all.base, all.head)
	if err = r.definitions(ctx, plan, all.base, all.head); err != nil {
		return nil, err
	}
	all.bystanders, err = e.bystanders(ctx, r, plan, all)
	return all, err
}

// bystanders renders roots of head that the change does not affect, but that hold objects with the name of something that
// it takes away. Only rules with Users ask for them, and only for what their CheckRemoved is called for.
func (e *Engine) bystanders(ctx context.Context, r *run, plan *Plan, all *judged) (found bystanders, err error) {
	users := r.usersKinds()
	if r.change.Base == nil || len(users) == 0 {
		return found, nil
	}
	names, defined := r.goneNames(all)
	if len(names) == 0 {
		return found, nil
	}
	index, err := manifests.IndexObjects(ctx, r.change.Head, plan.found, slices.Concat(users, defined))
	if err != nil {
		return found, err
	}
	mentioned := make(map[string]bool)
	for _, one := range index.Found {
		if !all.head.read[one.File] && mentions(one.Object, names) {
			mentioned[one.File] = true
		}
	}
	taken := make(map[bool]int)
	for _, root := range plan.holding(slices.Sorted(maps.Keys(mentioned))) {
		plain := root.Kind == manifests.Plain
		switch {
		case all.head.knows(root):
			continue
		case plain && taken[plain] == maxPlainBystanders, !plain && taken[plain] == maxRenderedBystanders:
			found.left++
			continue
		}
		taken[plain]++
		made, err := e.renderOnce(ctx, plan.headKnown, r.change.Head, root, r.settings)
		if err != nil {
			return found, err
		}
		if view := made.view(root, r.policy); view != nil {
			found.views = append(found.views, view)
		}
	}
	return found, nil
}

// usersKinds are the kinds of Rule.Users, with those that the rules ask for what is gone, of which others may be left.
func (r *run) usersKinds() (kinds []string) {
	for _, a := range r.active {
		if len(a.Users) == 0 {
			continue
		}
		kinds = append(kinds, a.Users...)
		for _, kind := range a.Kinds {
			kind, _, _ = strings.Cut(kind, ".")
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// goneNames are the names of objects that roots lost of which rules ask for users, and the kinds that were defined by some.
func (r *run) goneNames(all *judged) (names map[string]bool, defined []string) {
	names = make(map[string]bool)
	for _, p := range all.pairs {
		before, after := all.base.viewOf(p.Base), all.head.viewOf(p.Head)
		if before == nil || p.Head != nil && after == nil {
			continue
		}
		for _, a := range r.active {
			if len(a.Users) == 0 {
				continue
			}
			for _, o := range before.about(a.Rule) {
				if after != nil && after.Match(o) != nil {
					continue
				}
				names[o.Name] = true
				if kind := o.Field().Get("spec", "names", "kind").Text(); o.Kind == "CustomResourceDefinition" && kind != "" {
					names[kind], defined = true, append(defined, kind)
				}
			}
		}
	}
	delete(names, "")
	return names, defined
}

// mentions reports whether some value of an object is one of names.
func mentions(o *manifests.Object, names map[string]bool) (found bool) {
	o.Field().Walk(func(f manifests.Field) { found = found || names[f.Text()] })
	return found
}

// holding are the roots of head that files lead to.
func (p *Plan) holding(files []string) (roots []manifests.Root) {
	if len(files) == 0 {
		return nil
	}
	reaches := p.found.Reaching(files)
	for _, root := range p.head {
		if root.Kind.Renders() && len(reaches.By(&root)) > 0 {
			roots = append(roots, root)
		}
	}
	return roots
}

// Others lists the roots at head beside p.Root: those that the change affects, and, for rules with Users, those that it
// does not and that hold something with the name of what it takes away.
func (p *Pass) Others() (views []*RootView) {
	if p.across == nil {
		return nil
	}
	for _, pair := range p.across.pairs {
		if pair.after != nil && pair.after != p.Root {
			views = append(views, pair.after)
		}
	}
	return append(views, p.across.bystanders...)
}

// Arrived reports whether any root has an object at head that it had not at base, for which what is true. It counts
// objects of roots that are new, and of those that failed at base.
func (p *Pass) Arrived(is func(*RootView, *manifests.Object) bool) bool {
	if p.across == nil {
		return false
	}
	for _, pair := range p.across.pairs {
		if pair.after == nil || pair.after == pair.before {
			continue
		}
		for _, o := range pair.after.Objects {
			if is(pair.after, o) && (pair.before == nil || pair.before.Match(o) == nil) {
				return true
			}
		}
	}
	return false
}
