package review

import (
	"context"
	"errors"
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/gitops"
	"github.com/landwaiter/landwaiter/internal/source"
)

// Charts gets charts that are not in the repository, each once in a review. Errors are *manifests.RenderError without a
// place where the chart, its place or the policy is at fault.
type Charts interface {
	// Pin finds out which version of a chart there is, and its digest.
	Pin(ctx context.Context, chart manifests.RemoteChart) (manifests.RemoteChart, error)
	// Files returns the files of a pinned chart by their paths below it.
	Files(ctx context.Context, chart manifests.RemoteChart) (map[string][]byte, error)
	// Sealed returns the archive of a pinned chart with its provenance file.
	Sealed(ctx context.Context, chart manifests.RemoteChart) (manifests.SealedChart, error)
}

// ChartsFunc makes what gets charts under a policy, and what ends it.
type ChartsFunc func(policy *Policy, offline bool) (Charts, func(), error)

// fetching is the engine with what gets charts and bases under a policy. done ends that.
func (e *Engine) fetching(policy *Policy, opts Options) (own *Engine, done func(), err error) {
	if e.supplier != nil {
		return e, func() {}, nil
	}
	bound, supply, ends := *e, &supplier{inner: e.Renderer, offline: opts.Offline}, []func(){}
	done = func() {
		for _, end := range ends {
			end()
		}
	}
	bound.supplier, bound.Renderer = supply, supply
	if e.FetchingBases != nil {
		bases, end, err := e.FetchingBases(policy, opts.Offline)
		if err != nil {
			return nil, nil, &ConfigError{err}
		}
		supply.bases, ends = bases, append(ends, end)
	}
	if e.Fetching != nil {
		charts, end, err := e.Fetching(policy, opts.Offline)
		if err != nil {
			done()
			return nil, nil, &ConfigError{err}
		}
		ends = append(ends, end)
		bound.charts, supply.charts, bound.Renderer = charts, charts, &fetcher{supply, charts}
	}
	return &bound, done, nil
}

// Rendering returns what renders under a policy, charts from elsewhere included, and what ends it. The error is a
// *ConfigError.
func (e *Engine) Rendering(policy *Policy, opts Options) (Renderer, func(), error) {
	bound, done, err := e.fetching(policy, opts)
	if err != nil {
		return nil, nil, err
	}
	return noting{bound.Renderer}, done, nil
}

// repository is the tree as objects of Argo CD and Flux see it, with what gets other repositories.
func (e *Engine) repository(ctx context.Context, tree source.Tree, opts Options) (gitops.Repository, error) {
	r := gitops.Repository{Tree: tree, URLs: opts.URLs, Ended: func() error { return context.Cause(ctx) }}
	if e.supplier == nil || e.supplier.bases == nil {
		return r, nil
	}
	m, err := newMounts(tree)
	if err != nil {
		return r, err
	}
	r.Tree = m.tree
	r.Fetch = func(lack manifests.Lack) (source.Tree, string, error) {
		one, err := e.supplier.get(ctx, lack, true)
		return one.tree, one.Pinned, err
	}
	return r, nil
}

// noting renders as inner does, and notes what there is to say of what comes from elsewhere.
type noting struct{ inner Renderer }

// Render implements Renderer.
func (n noting) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	r, reads, err := n.inner.Render(ctx, tree, root, settings)
	if r != nil {
		r = noted(r)
	}
	return r, reads, err
}

// fetcher renders roots whose chart is not in the repository with the chart.
type fetcher struct {
	inner  Renderer
	charts Charts
}

// Render implements Renderer.
func (f *fetcher) Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error) {
	if remote(root) == nil {
		return f.inner.Render(ctx, tree, root, settings)
	}
	pinned, err := pin(ctx, f.charts, root)
	if err != nil {
		return nil, nil, err
	}
	chart := pinned.Deployment.Chart
	if chart.Files, err = f.charts.Files(ctx, *chart); err != nil {
		return nil, nil, placed(root, err)
	}
	return f.inner.Render(ctx, tree, pinned, settings)
}

// remote is the chart of a root that is not in the repository; nil when there is none that could be fetched.
func remote(root manifests.Root) *manifests.RemoteChart {
	if d := root.Deployment; d != nil && d.Skip == "" {
		return d.Chart
	}
	return nil
}

// fetchedBy is the chart of a pinned root without its files; nil for none.
func fetchedBy(pinned manifests.Root) *manifests.RemoteChart {
	chart := remote(pinned)
	if chart == nil {
		return nil
	}
	own := *chart
	own.Files = nil
	return &own
}

// pin is a root with the version of its chart that there is. A root that has none, or has that already, stays as it is.
func pin(ctx context.Context, charts Charts, root manifests.Root) (manifests.Root, error) {
	chart := remote(root)
	if chart == nil || charts == nil || chart.Address != "" {
		return root, nil
	}
	found, err := charts.Pin(ctx, *chart)
	if err != nil {
		return root, placed(root, err)
	}
	d := *root.Deployment
	d.Chart, root.Deployment = &found, &d
	return root, nil
}

// inert reports whether a root is of a fetched chart that holds nothing which would make further roots: to find roots it need
// not be rendered.
func inert(ctx context.Context, charts Charts, root manifests.Root) bool {
	pinned, err := pin(ctx, charts, root)
	if remote(root) == nil || charts == nil || err != nil || len(root.Deployment.Mounts) > 0 {
		return false
	}
	files, err := charts.Files(ctx, *pinned.Deployment.Chart)
	return err == nil && gitops.Inert(root.Deployment, files)
}

// placed is an error on a chart where the root names it.
func placed(root manifests.Root, err error) error {
	var failed *manifests.RenderError
	if frame := root.Deployment.Chart.At.Best(); errors.As(err, &failed) && frame != nil {
		at := *failed
		at.Span = frame.Span
		return &at
	}
	return err
}

// withChart is the rendering of a pinned root as one of the root, with what there is to say of its chart, which may be
// otherwise in the next review.
func withChart(rendering *manifests.Rendering, root, pinned manifests.Root) *manifests.Rendering {
	chart := remote(pinned)
	if chart == nil {
		return rendering
	}
	own := *rendering
	own.Root, own.Notes = root, append(slices.Clone(rendering.Notes), chart.Notes...)
	return &own
}
