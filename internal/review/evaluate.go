package review

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
	"go.yaml.in/yaml/v3"
)

// activeRule is a rule as the policy and the caller want it.
type activeRule struct {
	*Rule
	level  Level
	firm   bool // the level is not the rule's own
	params any
}

// selection says which rules run.
type selection struct {
	only, skip []string
}

// activate applies policy, profile and selection to the rules, the catalogue's and the policy's own. Unknown ids and
// parameters that do not fit are errors that name the rule.
func activate(rules []*Rule, policy *Policy, sel selection) ([]activeRule, error) {
	rules = slices.Concat(rules, policy.Own)
	known := make(map[string]bool, len(rules))
	for _, r := range rules {
		known[r.ID] = true
	}
	for _, id := range append(append([]string(nil), sel.only...), sel.skip...) {
		if !known[id] {
			return nil, fmt.Errorf("rule %q does not exist: \"landwaiter rules\" lists them", id)
		}
	}
	only, skip := set(sel.only), set(sel.skip)
	var active []activeRule
	for _, r := range rules {
		setting := policy.Rules[r.ID]
		named := only[r.ID]
		gates := r.ID == RuleImageUnverified && policy.Gate.OnIndeterminate && setting.Level == 0 && !setting.Off
		if skip[r.ID] || len(only) > 0 && !named || !named && !gates && !switchedOn(r, setting, policy.Profile) {
			continue
		}
		a := activeRule{Rule: r, level: levelOf(r, setting, policy.Profile)}
		a.firm = setting.Level > 0 || a.level != r.Level
		if gates {
			a.level = Error
		}
		var err error
		if a.params, err = parameters(r, setting, policy.Profile, named); err != nil {
			return nil, err
		}
		active = append(active, a)
	}
	return active, nil
}

// ruleParameters is implemented by parameters that a profile, or being named on the command line, changes.
type ruleParameters interface {
	// Adapt is called with the defaults before the policy's own values are read.
	Adapt(profile string, named bool)
}

func parameters(r *Rule, setting RuleSetting, profile string, named bool) (any, error) {
	if r.Params == nil {
		return nil, nil
	}
	params := r.Params()
	if adaptable, ok := params.(ruleParameters); ok {
		adaptable.Adapt(profile, named)
	}
	if setting.Params != nil {
		if err := DecodeParams(setting.Params, params); err != nil {
			return nil, fmt.Errorf("rules.%s: %w", r.ID, err)
		}
	}
	return params, nil
}

// DecodeParams reads a rule's parameters strictly: an unknown key is an error. The keys "level" and "off" are
// every rule's and left out.
func DecodeParams(setting *yaml.Node, into any) error {
	own := *setting
	own.Content = nil
	for i := 0; i+1 < len(setting.Content); i += 2 {
		if key := setting.Content[i].Value; key != "level" && key != "off" {
			own.Content = append(own.Content, setting.Content[i], setting.Content[i+1])
		}
	}
	text, err := yaml.Marshal(&own)
	if err != nil {
		return err
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	return decoder.Decode(into)
}

func set(ids []string) map[string]bool {
	m := make(map[string]bool, len(ids))
	for _, id := range ids {
		m[id] = true
	}
	return m
}

// scene is what the rules of one side of a root are run over.
type scene struct {
	view    *RootView
	tree    source.Tree // of the side that is judged; nil where nobody asks for files
	base    *RootView   // of a head view
	index   *Index
	before  *Index              // of a head view
	across  *across             // of a head view
	omitted *omissions          // of a head view
	gone    []*manifests.Object // what base has and the head view has no more
	empty   bool                // the root itself is gone, only its objects are judged

	because []string // the changed files that affect the root
	kube    KubeVersion
	policy  *Policy
	known   map[images.Reference]ImageEvidence
	most    int // drafts that may be made; 0 for maxRootDrafts
}

// maxDrafts caps the violations of one side of a review, and maxRootDrafts those of one root, so that a root full of
// them does not keep the others from being reviewed. Nobody reads so many, and each takes memory.
const (
	maxDrafts     = 100_000
	maxRootDrafts = 20_000
)

func checkObject(r *Rule, pass *Pass, o *manifests.Object) (failures []string) {
	pods := pass.Root.Workloads(o)
	pass.Object, pass.Pod = o, nil
	if len(pods) == 0 {
		return guarded(r.Check, pass)
	}
	for _, pod := range pods {
		pass.Pod = pod
		failures = append(failures, guarded(r.Check, pass)...)
		if !r.onWorkloads() {
			break
		}
	}
	return failures
}

// checkRemoved calls a rule for what is gone.
func checkRemoved(r *Rule, pass *Pass, gone []*manifests.Object) (failures []string) {
	pass.removed, pass.Pod = true, nil
	for _, o := range gone {
		if r.matches(o, pass.Base) {
			pass.Object = o
			failures = append(failures, guarded(r.CheckRemoved, pass)...)
		}
	}
	return failures
}

func (r *Rule) onWorkloads() bool {
	for _, kind := range r.Kinds {
		if kind == Workloads {
			return true
		}
	}
	return false
}

// guarded calls a rule. When the rule panics, what it found stays, and that it did not get through is a violation in
// itself: nobody shall switch a rule off by a manifest that it stumbles over.
func guarded(check func(*Pass), pass *Pass) (failures []string) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		at, where := pass.Object, pass.Root.Root.Path
		if at != nil {
			where = at.String() + " of " + where
		} else if len(pass.Root.Objects) > 0 {
			at = pass.Root.Objects[0]
		}
		what := "it panicked"
		if err, ok := cause.(runtime.Error); ok { // any other may hold text of the manifest
			what = err.Error()
		}
		failures = append(failures, fmt.Sprintf("rule %s failed on %s, which is a bug of ours: %s", pass.Rule.ID, where, what))
		if at != nil {
			pass.ReportOn(at, at.Field(), "could not be judged").Detail("The rule failed on it, which is a bug of ours: please report it.")
		}
	}()
	check(pass)
	return nil
}
