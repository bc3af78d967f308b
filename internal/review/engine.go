package review

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
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
	result.Total, result.Notes, result.Unreached = plan.Total, append(run.versionNotes(), plan.Notes...), plan.Unreached
	result.Timings.Discover = watch.split()

	run.known(plan)
	pairs, err := e.renderPairs(ctx, run, plan.Pairs)
	if err != nil {
		return nil, err
	}
	plan.lastWins(pairs)
	bare, err := e.uncovered(ctx, run, plan, pairs)
	if err != nil {
		return nil, err
	}
	pairs = append(pairs, bare...)
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
	result.countParts(pairs, run.partsLeft)
	result.countBare(pairs)
	all, err := e.around(ctx, run, plan, &judged{pairs: pairs, witnesses: witnesses, plan: plan})
	if err != nil {
		return nil, err
	}
	result.Timings.Review = watch.split()
	if err := errors.Join(run.readKeyrings(opts.Named), e.prove(ctx, run, asked{all.head, run.chartReferences(pairs)}, opts, result)); err != nil {
		return nil, err
	}
	if err := e.lookInto(ctx, run, pairs, opts); err != nil {
		return nil, err
	}
	result.Timings.Images = watch.split()

	run.judge(all, result)
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
	partsLeft      int                      // parts that are beyond maxParts
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
