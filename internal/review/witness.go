package review

import (
	"context"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// maxWitnesses is how many roots of base are rendered only to learn what they showed.
const maxWitnesses = 8

// witnesses renders roots of base that the change does not affect, but that read files from which it brings new
// objects into other roots, as a new overlay of an old base does. What such a file was at fault for is not new. Enough
// roots are rendered to have read every such file once.
func (e *Engine) witnesses(ctx context.Context, r *run, plan *Plan, pairs []*pair) ([]*pair, error) {
	open := r.oldFilesOfNewObjects(pairs)
	if plan.base == nil || len(open) == 0 {
		return nil, nil
	}
	rendered := make(map[string]bool)
	for _, p := range pairs {
		if p.Base != nil {
			rendered[rootKey(*p.Base)] = true
			cover(open, p.base.reads)
		}
	}
	asked := &source.Change{Base: r.change.Base, Head: r.change.Base}
	for file := range open {
		asked.Files = append(asked.Files, source.FileChange{Old: file, New: file})
	}
	var found []*pair
	for _, c := range manifests.Candidates(asked, plan.base, plan.base).Candidates {
		if rendered[rootKey(*c.Base)] || !anyOpen(open, c.Because) {
			continue
		}
		if len(found) == maxWitnesses {
			break
		}
		p := &pair{RootPair: RootPair{Base: c.Base}}
		var err error
		if p.base, err = e.render(ctx, r.change.Base, *c.Base, r.settings); err != nil {
			return nil, err
		}
		cover(open, p.base.reads)
		found = append(found, p)
	}
	return found, nil
}

// oldFilesOfNewObjects are the paths at base of the files that gave head's roots objects which they had not.
func (r *run) oldFilesOfNewObjects(pairs []*pair) map[string]bool {
	files := make(map[string]bool)
	if r.change.Base == nil {
		return files
	}
	for _, p := range pairs {
		if p.Head == nil || p.head.rendering == nil || !p.affected(r.change) {
			continue
		}
		before := &RootView{}
		if p.base.rendering != nil {
			before.Objects = p.base.rendering.Objects
		}
		for _, o := range p.head.rendering.Objects {
			if before.Match(o) == nil {
				r.addOldFiles(o, files)
			}
		}
	}
	return files
}

func (r *run) addOldFiles(o *manifests.Object, into map[string]bool) {
	for _, origin := range o.Origins {
		for _, frame := range origin {
			if old, ok := r.change.BasePath(frame.Span.File); ok && frame.Precision == manifests.Exact {
				into[old] = true
			}
		}
	}
}

func cover(open map[string]bool, reads source.ReadSet) {
	for _, read := range reads {
		delete(open, read.Path)
	}
}

func anyOpen(open map[string]bool, files []string) bool {
	for _, file := range files {
		if open[file] {
			return true
		}
	}
	return false
}

// testify evaluates the rules over witnesses. Their findings are no part of the review.
func (r *run) testify(base *side, witnesses []*pair, index *Index) {
	for _, w := range witnesses {
		if view := w.base.view(*w.Base, r.policy); view != nil {
			drafts, _, _ := evaluate(r.active, scene{view: view, index: index, kube: r.kube, policy: r.policy, known: r.evidence})
			base.witnesses = append(base.witnesses, place(r.change, drafts)...)
		}
	}
}
