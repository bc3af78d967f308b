package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// joining finds for each root of head what it was at base, where objects of Argo CD and Flux make some of them: a directory
// that an object begins to render was a root by itself, and is one again when the object is gone.
type joining struct {
	plan       *Plan
	change     *source.Change
	base, head *deployed

	baseCover, headCover map[string]int // the deployment that renders what a root by itself would, by coverKey
	used                 []bool         // of base.roots, those that head has in some way
	reached              map[string]bool
}

// addDeployed adds the roots that the change may affect, and takes out those by themselves that a deployment renders too.
func (p *Plan) addDeployed(change *source.Change, base, head *deployed) {
	j := &joining{plan: p, change: change, base: base, head: head, used: make([]bool, len(base.roots)),
		baseCover: coversOf(base.roots), headCover: coversOf(head.roots), reached: make(map[string]bool)}
	was := j.match()
	for i := range head.roots {
		j.add(RootPair{Head: &head.roots[i], Base: was[i]})
	}
	j.byThemselves()
	for i := range base.roots {
		if !j.used[i] {
			j.add(RootPair{Base: &base.roots[i], Head: j.lost(i)})
		}
	}
	j.addSources(was)
	p.head = slices.DeleteFunc(slices.Clone(p.head), func(root manifests.Root) bool { return has(j.headCover, coverKey(root)) })
	p.head = append(p.head, head.roots...)
	slices.SortFunc(p.head, func(a, b manifests.Root) int { return strings.Compare(a.Path, b.Path) })
	p.Total = rendering(p.head)
	p.Unreached = slices.DeleteFunc(p.Unreached, func(file string) bool { return j.reached[file] })
}

func has(m map[string]int, key string) bool { _, ok := m[key]; return ok }

// coversOf finds the first deployment that renders what a root by itself would.
func coversOf(roots []manifests.Root) map[string]int {
	all := make(map[string]int)
	for i := range roots {
		for key := range covers(roots[i]) {
			if !has(all, key) {
				all[key] = i
			}
		}
	}
	return all
}

// match finds the roots of base that those of head were: of the same name, then of the same object elsewhere, then of the
// same directory under another object's name, then the directory by itself.
func (j *joining) match() []*manifests.Root {
	was := make([]*manifests.Root, len(j.head.roots))
	for _, key := range []func(*manifests.Root) string{
		func(r *manifests.Root) string { return rootKey(*r) },
		func(r *manifests.Root) string { return fmt.Sprint(r.Deployment.By, r.Dir, r.Kind) },
		func(r *manifests.Root) string { return fmt.Sprint(r.Deployment.By, r.Kind) },
		func(r *manifests.Root) string {
			if r.Dir == "." || strings.HasPrefix(r.Dir, ".landwaiter") {
				return "" // nothing that tells them apart
			}
			return fmt.Sprint(r.Dir, r.Kind, r.Deployment.By.Kind)
		},
	} {
		free := make(map[string][]int)
		for i := range j.base.roots {
			if !j.used[i] {
				free[key(&j.base.roots[i])] = append(free[key(&j.base.roots[i])], i)
			}
		}
		for i := range was {
			k := key(&j.head.roots[i])
			if was[i] == nil && k != "" && len(free[k]) > 0 {
				was[i], j.used[free[k][0]] = &j.base.roots[free[k][0]], true
				free[k] = free[k][1:]
			}
		}
	}
	j.matchAlone(was)
	return was
}

// matchAlone finds what roots of head were that no object made at base.
func (j *joining) matchAlone(was []*manifests.Root) {
	if j.plan.base == nil {
		return
	}
	alone := make(map[string]*manifests.Root)
	for i := range j.plan.base.Roots {
		root := &j.plan.base.Roots[i]
		if key := coverKey(*root); !has(j.baseCover, key) && root.Kind.Renders() {
			alone[key] = root
		}
	}
	for i := range was {
		head := j.head.roots[i]
		if was[i] != nil {
			continue
		}
		for key := range covers(head) {
			if root := alone[key]; root != nil && (was[i] == nil || root.Dir == head.Dir) {
				was[i] = root
			}
		}
	}
}

// byThemselves sees to the roots that no object makes: those that a deployment renders now are not judged a second time,
// and those that one rendered at base are held against what they are there without it: that it is gone is said of it, and
// what nobody touched is not new.
func (j *joining) byThemselves() {
	p := j.plan
	planned, before := make(map[string]bool), make(map[string]*manifests.Root)
	if p.base != nil {
		for i := range p.base.Roots {
			before[rootKey(p.base.Roots[i])] = &p.base.Roots[i]
		}
	}
	p.Pairs = slices.DeleteFunc(p.Pairs, func(pair RootPair) bool {
		switch {
		case pair.Head != nil && pair.Head.Deployment != nil, pair.Base != nil && pair.Base.Deployment != nil:
			return false
		case pair.Head != nil:
			if has(j.headCover, coverKey(*pair.Head)) {
				p.covered = append(p.covered, pair)
				return true
			}
			return has(j.baseCover, coverKey(*pair.Head))
		}
		return has(j.headCover, coverKey(*pair.Base)) || has(j.baseCover, coverKey(*pair.Base))
	})
	for i := range p.found.Roots {
		root := &p.found.Roots[i]
		key := coverKey(*root)
		if !has(j.baseCover, key) || has(j.headCover, key) || planned[rootKey(*root)] {
			continue
		}
		planned[rootKey(*root)] = true
		j.add(RootPair{Base: before[rootKey(*root)], Head: root})
	}
}

// lost is what is at head in the place of a root whose object nobody can see there, since what holds the object does not
// render: that it is gone is not known. nil when it is.
func (j *joining) lost(i int) *manifests.Root {
	root := j.base.roots[i]
	if unread := j.unread(root); unread != nil {
		return unread
	}
	for n, at := 0, root; n < maxWaves; n++ {
		parent, ok := j.base.parents[rootKey(at)]
		if !ok {
			return nil
		}
		if at, elsewhere, failed := j.failure(parent); failed {
			return &manifests.Root{Path: root.Path, Kind: root.Kind, Dir: ".", Deployment: &manifests.Deployment{By: root.Deployment.By, At: at,
				Skip: parent.Path + ", which holds the object that has it rendered, cannot be rendered", Elsewhere: elsewhere}}
		}
		at = parent
	}
	return nil
}

// unread is what is at head in the place of a root whose object stood in a file that nobody can read there, nil when that is not so.
func (j *joining) unread(root manifests.Root) *manifests.Root {
	frame := root.Deployment.At.Best()
	if frame == nil {
		return nil
	}
	for _, p := range j.plan.found.Problems {
		if p.File == frame.Span.File {
			at := manifests.Origin{{Span: source.Span{File: p.File, Line: max(p.Line, 1), EndLine: max(p.Line, 1)}, Precision: manifests.Exact}}
			return &manifests.Root{Path: root.Path, Kind: root.Kind, Dir: ".", Deployment: &manifests.Deployment{By: root.Deployment.By, At: at,
				Skip: fmt.Sprintf("%s, which held the object that has it rendered, %s", p.File, p.Reason)}}
		}
	}
	return nil
}

// failure is where a root fails at head.
func (j *joining) failure(root manifests.Root) (at manifests.Origin, elsewhere, failed bool) {
	now := j.head.known[rootKey(root)]
	for _, e := range now.failures() {
		return manifests.Origin{{Span: e.Span, Precision: manifests.Exact}}, false, true
	}
	if now.err != nil {
		return manifests.Origin{{Span: now.err.Span, Precision: manifests.Exact}}, true, true
	}
	for _, made := range j.head.roots {
		if d := made.Deployment; rootKey(made) == rootKey(root) && d.Skip != "" {
			return d.At, d.Elsewhere, true
		}
	}
	return nil, false, false
}

// add adds a root that the change may affect, and notes the changed files that lead to it.
func (j *joining) add(pair RootPair) {
	if pair.Head != nil {
		pair.Reasons = append(pair.Reasons, j.head.reaches.By(pair.Head)...)
	}
	if pair.Base != nil {
		pair.Reasons = append(pair.Reasons, j.base.reaches.By(pair.Base)...)
	}
	slices.Sort(pair.Reasons)
	pair.Reasons = slices.Compact(pair.Reasons)
	same := pair.Base != nil && pair.Head != nil && likeness(*pair.Base) == likeness(*pair.Head)
	pair.Certain = !same
	if j.change.Base == nil || !same || len(pair.Reasons) > 0 {
		j.plan.Pairs = append(j.plan.Pairs, pair)
		for _, file := range pair.Reasons {
			j.reached[file] = true
		}
	}
}
