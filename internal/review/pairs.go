package review

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"golang.org/x/sync/errgroup"
)

// rendered is one side of a root: what it became, or why it did not.
type rendered struct {
	rendering *manifests.Rendering
	reads     source.ReadSet
	err       *manifests.RenderError
	shared    int64                  // values that the other side holds as well, see pair.share
	planned   bool                   // planning rendered it
	chart     *manifests.RemoteChart // that was fetched for it; nil for none
}

// view returns the objects as rules see them; nil when there are none to see.
func (r rendered) view(root manifests.Root, policy *Policy) *RootView {
	if r.rendering == nil {
		return nil
	}
	view := NewRootView(root, r.rendering.Objects, policy.Workloads...)
	view.imagePaths = policy.Images.rows()
	return view
}

// charts are all that were fetched for it: its own, and those that it was found to lack, each with the place that names it.
func (r rendered) charts() (all []*manifests.RemoteChart) {
	if r.chart != nil {
		all = append(all, r.chart)
	}
	if r.rendering == nil {
		return all
	}
	for _, one := range r.rendering.Supplied {
		if one.Chart != nil {
			chart := *one.Chart
			chart.At = manifests.Origin{{Span: one.Lack.At, Precision: manifests.Exact}}
			all = append(all, &chart)
		}
	}
	return all
}

// wholly are the objects of Argo CD and Flux of which everything is known that they have rendered, at base and at head.
func wholly(pairs []*pair) (base, head map[manifests.Identity]bool) {
	note := func(into map[manifests.Identity]bool, root *manifests.Root, r rendered) {
		if root == nil || root.Deployment == nil {
			return
		}
		all, before := into[root.Deployment.By]
		into[root.Deployment.By] = (all || !before) && r.rendering != nil && len(r.rendering.Failed) == 0
	}
	base, head = make(map[manifests.Identity]bool), make(map[manifests.Identity]bool)
	for _, p := range pairs {
		note(base, p.Base, p.base)
		note(head, p.Head, p.head)
	}
	return base, head
}

// pair is a root at base and head, rendered.
type pair struct {
	RootPair
	base, head rendered
	because    []string
	otherLine  []*manifests.Object // head under the other Helm line, when that was asked for
	givenUp    bool                // it was too large to be held
	bare       bool                // an object of Argo CD or Flux has it rendered, with which it does not render
}

// renderPairs renders both sides of every root, several at a time, and keeps what a review can hold.
func (e *Engine) renderPairs(ctx context.Context, r *run, roots []RootPair) ([]*pair, error) {
	pairs := make([]*pair, len(roots))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(runtime.GOMAXPROCS(0), 2))
	done := make(chan struct{}, len(roots))
	held := holding{most: maxHeld}
	for i, root := range roots {
		group.Go(func() error {
			p := &pair{RootPair: root}
			pairs[i] = p
			var err error
			if root.Base != nil {
				if p.base, err = e.renderOnce(ctx, r.baseKnown, r.change.Base, *root.Base, r.settings); err != nil {
					return err
				}
			}
			if root.Head != nil {
				if p.head, err = e.renderOnce(ctx, r.headKnown, r.change.Head, *root.Head, r.settings); err != nil {
					return err
				}
			}
			p.outOfSight()
			p.share()
			held.add(p)
			done <- struct{}{}
			if e.Progress != nil {
				e.Progress("rendering", len(done), len(roots))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return pairs, nil
}

// known takes over what planning rendered, which need not be rendered again.
func (r *run) known(plan *Plan) { r.baseKnown, r.headKnown = plan.baseKnown, plan.headKnown }

func (e *Engine) renderOnce(ctx context.Context, known map[string]rendered, tree source.Tree, root manifests.Root, settings manifests.Settings) (rendered, error) {
	if done, ok := known[rootKey(root)]; ok {
		done.planned = true
		return done, nil
	}
	return e.render(ctx, tree, root, settings)
}

// render renders one side of a root, out of the cache where that holds.
func (e *Engine) render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (rendered, error) {
	pinned, err := pin(ctx, e.charts, root)
	var failed *manifests.RenderError
	if errors.As(err, &failed) {
		return rendered{err: failed}, nil
	}
	if r, reads, ok := e.Cache.Get(pinned, settings, tree); ok && e.supplier.current(ctx, r) {
		return rendered{rendering: withChart(noted(r), root, pinned), reads: reads, chart: fetchedBy(pinned)}, nil
	}
	r, reads, err := e.Renderer.Render(ctx, tree, pinned, settings)
	switch {
	case errors.As(err, &failed):
		return rendered{reads: reads, err: failed, chart: fetchedBy(pinned)}, nil
	case err != nil:
		return rendered{}, fmt.Errorf("rendering %s: %w", root.Path, err)
	}
	e.Cache.Put(pinned, settings, reads, r)
	return rendered{rendering: withChart(noted(r), root, pinned), reads: reads, chart: fetchedBy(pinned)}, nil
}
