package review

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"golang.org/x/sync/errgroup"
)

// Renderer renders roots out of trees and says what it read of them. The error is a *manifests.RenderError where
// the root is at fault; any other error means that the bot or its surroundings failed.
type Renderer interface {
	Render(ctx context.Context, tree source.Tree, root manifests.Root, settings manifests.Settings) (*manifests.Rendering, source.ReadSet, error)
}

// Engine reviews changes. It keeps nothing between two reviews but the cache.
type Engine struct {
	Renderer Renderer
	Rules    []*Rule
	Cache    *manifests.Cache              // nil for none
	Now      func() time.Time              // for exemptions
	Progress func(stage string, n, of int) // nil for none; called from several goroutines
	Proving  ProvingFunc                   // nil where no registry is asked
	Fetching ChartsFunc                    // nil where no charts are fetched

	FetchingBases BasesFunc // nil where no bases are fetched

	charts   Charts    // of the review under way; nil where nothing is fetched
	supplier *supplier // the review is under way: what renders gets what it lacks
}

// Options is what the caller of one review chooses, over the policy.
type Options struct {
	Under       []string // paths that are looked at; empty for the whole tree
	File        string   // only findings that stand in this file; "" for all
	Only, Skip  []string // rule ids
	Repository  string   // names the repository in the cache: its path, or its full name
	KubeVersion string   // "" for the policy's
	HelmLine    int      // 0 for the policy's
	Offline     bool     // no network: what would need it is said to be unchecked
	URLs        []string // what the repository is called elsewhere, so that what names it is found; empty when nobody knows

	// Named reads a file that a layer of the policy names, a key or trust root; layer is the policy file. nil reads from base.
	Named    func(layer, file string) ([]byte, error)
	Accepted []Acceptance
}

// NewestKube is the Kubernetes version that is reviewed for when nobody names one.
const NewestKube = "1.36"

// Review walks the straight line: the change's roots, their objects, findings on them, and what the change did to
// both. An error means wrong configuration or a failure of the bot; roots that do not render are findings.
func (e *Engine) Review(ctx context.Context, change *source.Change, policy *Policy, opts Options) (*Result, error) {
	watch := startWatch()
	e, done, err := e.fetching(policy, opts)
	if err != nil {
		return nil, err
	}
	defer done()
	run, err := e.prepare(change, policy, opts)
	if err != nil {
		return nil, err
	}
	result := &Result{BaseID: change.BaseID, HeadID: change.HeadID}
	plan, err := e.Plan(ctx, change, policy, opts)
	if err != nil {
		return nil, err
	}
	result.Total, result.Notes, result.Unreached = plan.Total, plan.Notes, plan.Unreached
	result.Timings.Discover = watch.split()

	run.known(plan)
	pairs, err := e.renderPairs(ctx, run, plan.Pairs)
	if err != nil {
		return nil, err
	}
	parts, err := e.parts(ctx, run, plan, pairs)
	if err != nil {
		return nil, err
	}
	pairs = append(pairs, parts...)
	result.Timings.Render = watch.split()

	if err := e.renderOtherLine(ctx, run, pairs); err != nil {
		return nil, err
	}
	before, err := e.partsBefore(ctx, run, plan, pairs)
	if err != nil {
		return nil, err
	}
	witnesses, err := e.witnesses(ctx, run, plan, pairs)
	if err != nil {
		return nil, err
	}
	witnesses = append(witnesses, before...)
	pairs = slices.DeleteFunc(pairs, func(p *pair) bool { return !p.affected(run.change) })
	result.countParts(pairs)
	base, head := run.sides(pairs)
	if err := run.definitions(ctx, plan, base, head); err != nil {
		return nil, err
	}
	result.Timings.Review = watch.split()
	if err := errors.Join(run.readKeyrings(opts.Named), e.prove(ctx, run, asked{head, run.chartReferences(pairs)}, opts, result)); err != nil {
		return nil, err
	}
	if err := e.lookInto(ctx, run, pairs, opts); err != nil {
		return nil, err
	}
	result.Timings.Images = watch.split()

	run.judge(&judged{pairs, witnesses, plan, base, head}, result)
	result.Timings.Review += watch.split()
	result.Timings.Total = watch.total()
	return result, nil
}

// run is one review under way.
type run struct {
	change   *source.Change
	policy   *Policy
	active   []activeRule
	rules    []*Rule // all there are
	levels   map[string]Level
	kube     KubeVersion
	settings manifests.Settings
	now      time.Time
	file     string                // only findings in it
	accepted map[string]Acceptance // by fingerprint
	evidence map[images.Reference]ImageEvidence

	baseKnown, headKnown map[string]rendered // what was rendered already, by rootKey

	chartKeys      []chartKeys
	fetched        map[string]*fetchedChart // what is known of charts from elsewhere, by fetchedKey
	failUnrendered bool                     // what does not render fails the check though no finding says so, see unseenFailures
}

func (e *Engine) prepare(change *source.Change, policy *Policy, opts Options) (*run, error) {
	active, err := activate(e.Rules, policy, selection{opts.Only, opts.Skip})
	if err != nil {
		return nil, &ConfigError{err}
	}
	settings, kube, err := settingsFor(policy, opts)
	if err != nil {
		return nil, &ConfigError{err}
	}
	settings.Strays = true
	levels := make(map[string]Level, len(active))
	for _, a := range active {
		levels[a.ID] = a.level
	}
	return &run{change: change, policy: policy, active: active, rules: e.Rules, levels: levels, kube: kube, settings: settings, now: e.Now(), file: opts.File,
		accepted: byFingerprint(opts.Accepted), failUnrendered: unseenFailures(policy, opts)}, nil
}

// ConfigError is wrong usage or configuration: unknown rules, versions and parameters.
type ConfigError struct{ Err error }

// Error returns the cause's text.
func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// Settings are the settings that a review of a policy and options renders with. The error is a *ConfigError.
func (e *Engine) Settings(policy *Policy, opts Options) (manifests.Settings, error) {
	settings, _, err := settingsFor(policy, opts)
	if err != nil {
		return settings, &ConfigError{err}
	}
	return settings, nil
}

// planSettings are the settings for what has to be rendered to find roots, as the review renders it.
func (e *Engine) planSettings(policy *Policy, opts Options) (manifests.Settings, error) {
	settings, err := e.Settings(policy, opts)
	settings.Strays = true
	return settings, err
}

func settingsFor(policy *Policy, opts Options) (manifests.Settings, KubeVersion, error) {
	version := firstOf(opts.KubeVersion, policy.Kubernetes, NewestKube)
	kube, err := ParseKubeVersion(version)
	if err != nil {
		return manifests.Settings{}, kube, err
	}
	line := opts.HelmLine
	if line == 0 {
		line = policy.Helm
	}
	if line == 0 {
		line = 4
	}
	if line != 3 && line != 4 {
		return manifests.Settings{}, kube, fmt.Errorf("helm line %d: want 3 or 4", line)
	}
	return manifests.Settings{KubeVersion: version, HelmLine: line, Lines: true}, kube, nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

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

// pair is a root at base and head, rendered.
type pair struct {
	RootPair
	base, head rendered
	because    []string
	otherLine  []*manifests.Object // head under the other Helm line, when that was asked for
	givenUp    bool                // it was too large to be held
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

// judged is all that is judged: the affected roots, and what they were held against.
type judged struct {
	pairs, witnesses []*pair
	plan             *Plan
	base, head       *side
}

// judgeRoots runs the rules over both sides of every root, and notes what else there is to say of each. It returns which
// root at head is which at base.
func (r *run) judgeRoots(all *judged, result *Result) (origin map[string]string) {
	var beside *across
	var baseIndex *Index
	base, head, origin := all.base, all.head, origins(all.pairs)
	if r.change.Base != nil {
		baseIndex, beside = base.index(all.plan.BaseContext), newAcross(base, head, origin, all.plan.headPlain)
	}
	headIndex := head.index(all.plan.HeadContext)
	var omitted omissions
	for _, p := range all.pairs {
		before, after := base.viewOf(p.Base), head.viewOf(p.Head)
		r.evaluate(base, scene{view: before, tree: r.change.Base, index: baseIndex, kube: r.kube, policy: r.policy, known: r.evidence})
		at := scene{view: after, tree: r.change.Head, base: before, index: headIndex, before: baseIndex, across: beside, omitted: &omitted, kube: r.kube, policy: r.policy, because: p.because, known: r.evidence}
		problems, stopped := r.evaluate(head, at.withRemoved())
		if result.Notes = append(result.Notes, problems...); stopped {
			p.head.err = tooManyViolations()
		}
		result.Findings = append(result.Findings, r.renderFailures(p)...)
		if p.Head != nil && p.head.err != nil && p.head.err.Elsewhere {
			result.Notes = append(result.Notes, fmt.Sprintf("%s is not rendered: %v", p.path(), p.head.err))
		}
		result.Findings = append(result.Findings, r.chartFindings(p)...)
		result.Findings = append(result.Findings, r.fetchedFindings(p)...)
		result.Findings = append(result.Findings, r.suppliedFindings(p)...)
		result.Notes = append(result.Notes, r.fetchedNotes(p)...)
		if f, ok := r.helmLineDiffers(p); ok {
			result.Findings = append(result.Findings, f)
		}
		if !p.kind().Renders() {
			result.Modules++
			continue
		}
		result.ImageChanges = append(result.ImageChanges, imageChanges(before, after)...)
		diff := p.diff()
		result.Roots = append(result.Roots, p.result(len(diff)))
		result.Diff = append(result.Diff, diff...)
		if reach, ok := p.reach(diff); ok {
			result.Reaches = append(result.Reaches, reach)
		}
	}
	result.Notes = append(result.Notes, omitted.notes()...)
	r.testify(base, all.witnesses, baseIndex)
	return origin
}

// judge turns rendered roots into findings and differences.
func (r *run) judge(all *judged, result *Result) {
	base, head, origin := all.base, all.head, r.judgeRoots(all, result)
	result.Findings = append(result.Findings, r.blastRadius(all.pairs, result.Diff)...)
	result.Findings = append(result.Findings, r.policyWeakened()...)
	pairOf := func(headRoot string) string { return origin[headRoot] }
	compare(r.change, base, head, pairOf)
	blame(r.change, base, head, pairOf)
	r.soften(head.candidates)
	head.candidates = append(head.candidates, head.removed...)

	r.exemptCandidates(head.candidates)
	r.bindEffects(base.candidates)
	r.bindEffects(head.candidates)
	result.Findings = append(result.Findings, r.leftOutFailures()...)
	r.exemptFindings(result.Findings)
	result.Findings = joinFailures(result.Findings)
	result.Findings = append(result.Findings, findings(r.change, head.candidates, (*candidate).status)...)
	result.Findings = append(result.Findings, findings(r.change, base.unmatched(), func(*candidate) Status { return Fixed })...)
	if r.file != "" {
		result.Findings = slices.DeleteFunc(result.Findings, func(f Finding) bool { return f.Location.File != r.file })
	}
	distinguish(result.Findings)
	r.accept(result.Findings)
	sortFindings(result.Findings)
	result.Images = append(r.imagesOf(head.all()), r.chartResults(all.pairs)...)
	result.Summary = Count(result.Findings)
	result.Verdict = Judge(r.policy.Gate, result.Findings)
	if r.failUnrendered && slices.ContainsFunc(all.pairs, (*pair).breaks) {
		result.Verdict = Fails
	}
}

// origins maps roots at head to the same roots at base.
func origins(pairs []*pair) map[string]string {
	origin := make(map[string]string, len(pairs))
	for _, p := range pairs {
		if p.Head != nil && p.Base != nil {
			origin[rootKey(*p.Head)] = rootKey(*p.Base)
		}
	}
	return origin
}

// sides makes the views of all roots. Base is left out where head does not render: nothing can be compared there.
func (r *run) sides(pairs []*pair) (base, head *side) {
	base, head = newSide(), newSide()
	for _, p := range pairs {
		if p.Base != nil && p.head.err == nil {
			base.add(*p.Base, p.base, r.policy)
		}
		if p.Head != nil {
			head.add(*p.Head, p.head, r.policy)
		}
	}
	return base, head
}

// evaluate runs the rules over a view, if there is one, and places what they found. When a side has too many violations
// the rest is not looked for.
func (r *run) evaluate(s *side, at scene) (problems []string, stopped bool) {
	if at.view == nil {
		return nil, false
	}
	if at.most = min(maxRootDrafts, maxDrafts-len(s.candidates)); at.most <= 0 {
		return nil, true
	}
	drafts, problems, stopped := evaluate(r.active, at)
	locator := newGoneLocator(r.change, at.because)
	for _, c := range place(r.change, drafts) {
		if c.gone {
			c.location, c.source = locator.locate(c.object)
			s.removed = append(s.removed, c)
		} else {
			s.candidates = append(s.candidates, c)
		}
	}
	return problems, stopped
}
