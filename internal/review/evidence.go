package review

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RuleImageUnverified is the rule of images whose evidence could not be asked for: gate.onIndeterminate is about it.
const RuleImageUnverified = "image-unverified"

// Prover finds out what proves images. What could not be asked is in the verdicts.
type Prover interface {
	Prove(ctx context.Context, questions []images.Question) map[images.Reference]images.Evidence
}

// Proving is how a policy's images are proven: who asks registries, and what is asked of which images.
type Proving struct {
	Prover Prover
	Demand func(images.Reference) *images.Demand // nil for nothing
	Close  func()                                // may be nil
}

// ImageEvidence is what is known of an image beyond its name.
type ImageEvidence struct {
	images.Evidence
	Demanded bool     // the policy asks for proof or platforms of it
	Offline  bool     // nobody may ask for it, and what could be asked is no finding
	Moved    *TagMove // nil when the tag is where it was, as far as earlier reviews know
}

// Unknown reports whether the policy asks for something that could not be found out.
func (e *ImageEvidence) Unknown() bool {
	return !e.Missing && (e.Verdict == images.Indeterminate || e.Unasked && e.Demanded)
}

// Evidence returns what registries say of an image; false where none was asked: without an allow list that covers the
// image, offline, and of an image that only base has.
func (p *Pass) Evidence(ref images.Reference) (ImageEvidence, bool) {
	e, ok := p.evidence[ref]
	return e, ok && !e.Offline
}

// asked is what registries are asked about: what head's objects name, and the charts that files of the source do.
type asked struct {
	head   *side
	charts []images.Reference
}

// prove asks registries about the images of head's affected roots, each once, as far as the policy allows.
func (e *Engine) prove(ctx context.Context, r *run, about asked, opts Options, result *Result) error {
	asks := slices.ContainsFunc(r.active, func(a activeRule) bool { return a.Asks })
	if !asks || !r.policy.Images.Restricts() && len(r.policy.Images.Verify) == 0 {
		return nil
	}
	if opts.Named == nil {
		opts.Named = namedAt(r.change)
	}
	refs, others := namedImages(about.head.all())
	for _, ref := range about.charts {
		if !slices.Contains(refs, ref) {
			refs, others[ref] = append(refs, ref), true
		}
	}
	known, notes, err := e.evidence(ctx, asking{policy: r.policy, opts: opts, now: r.now, others: others}, refs)
	r.evidence, result.Notes = known, append(result.Notes, notes...)
	return err
}

// namedAt reads the files that policies name from base, as the policies themselves, or where there is none from head.
func namedAt(change *source.Change) func(layer, file string) ([]byte, error) {
	tree := change.Base
	if tree == nil {
		tree = change.Head
	}
	return func(_, file string) ([]byte, error) { return tree.ReadFile(file) }
}

// asking is what questions about images are asked under.
type asking struct {
	policy *Policy
	opts   Options
	now    time.Time
	others map[images.Reference]bool // charts and other artifacts, which are for no platform
}

// evidence finds out about images, and says what of it could not be found out. An error means wrong configuration.
func (e *Engine) evidence(ctx context.Context, a asking, refs []images.Reference) (map[images.Reference]ImageEvidence, []string, error) {
	may := a.policy.MayAsk()
	allowed := slices.DeleteFunc(slices.Clone(refs), func(ref images.Reference) bool { return !may(ref) })
	restricts := a.policy.Images.Restricts()
	switch {
	case len(allowed) == 0 && (restricts || len(refs) == 0):
		return nil, nil, nil
	case e.Proving == nil:
		return nil, notAsked(allowed, a.opts.Offline), nil
	}
	proving, err := e.Proving(a.policy, a.opts.Named)
	if err != nil {
		return nil, nil, &ConfigError{err}
	}
	if proving.Close != nil {
		defer proving.Close()
	}
	switch {
	case a.opts.Offline && restricts:
		return offline(proving.Demand, allowed), notAsked(allowed, true), nil
	case a.opts.Offline:
		return offline(proving.Demand, refs), nil, nil
	case !restricts:
		return unaskable(proving.Demand, refs), nil, nil
	}
	known := e.ask(ctx, a, proving, allowed)
	return known, unanswered(known), ctx.Err()
}

// offline are the images of which a policy asks for proof while nobody may ask for it.
func offline(demand func(images.Reference) *images.Demand, refs []images.Reference) map[images.Reference]ImageEvidence {
	known := make(map[images.Reference]ImageEvidence)
	for _, ref := range refs {
		if demand(ref) != nil {
			known[ref] = ImageEvidence{Demanded: true, Offline: true, Evidence: images.Evidence{Reason: "offline: no registry was asked"}}
		}
	}
	return known
}

// unaskable are the images of which a policy asks for proof without an allow list that would let anybody ask for it.
func unaskable(demand func(images.Reference) *images.Demand, refs []images.Reference) map[images.Reference]ImageEvidence {
	known := make(map[images.Reference]ImageEvidence)
	for _, ref := range refs {
		if demand(ref) != nil {
			known[ref] = ImageEvidence{Demanded: true, Evidence: images.Evidence{Verdict: images.Indeterminate, Unasked: true,
				Reason: "no registry is asked without images.allow, which the policy lacks"}}
		}
	}
	return known
}

// ask puts the questions and remembers which digests tags have.
func (e *Engine) ask(ctx context.Context, a asking, proving *Proving, refs []images.Reference) map[images.Reference]ImageEvidence {
	questions := make([]images.Question, len(refs))
	for i, ref := range refs {
		questions[i] = images.Question{Reference: ref, Demand: proving.Demand(ref)}
		if !a.others[ref] {
			questions[i].Platforms = a.policy.Images.Platforms
		}
	}
	if e.Progress != nil {
		e.Progress("asking registries about images", 0, len(refs))
		defer e.Progress("asking registries about images", len(refs), len(refs))
	}
	answers := proving.Prover.Prove(ctx, questions)
	known := make(map[images.Reference]ImageEvidence, len(questions))
	for _, q := range questions {
		answer, ok := answers[q.Reference]
		if !ok {
			answer = images.Evidence{Verdict: images.Indeterminate, Reason: "it was not asked for in time", Unasked: true}
		}
		known[q.Reference] = ImageEvidence{Evidence: answer, Demanded: q.Demand != nil || len(q.Platforms) > 0}
	}
	e.rememberTags(a.opts.Repository, a.now, known)
	return known
}

// namedImages lists the images of views of which all is written there, sorted, each once, and says which of them nobody runs:
// charts and other artifacts.
func namedImages(views []*RootView) (refs []images.Reference, others map[images.Reference]bool) {
	runs := make(map[images.Reference]bool)
	for _, view := range views {
		view.eachImage(func(_ *manifests.Object, f ImageField) {
			if ref, err := f.Reference(); err == nil && !f.Open {
				runs[ref] = runs[ref] || !f.Chart
			}
		})
	}
	others = make(map[images.Reference]bool)
	for ref, run := range runs {
		refs = append(refs, ref)
		if !run {
			others[ref] = true
		}
	}
	slices.SortFunc(refs, func(a, b images.Reference) int { return cmp.Compare(a.String(), b.String()) })
	return refs, others
}

// Restricts reports whether there is an allow list: without one no registry is asked.
func (p *ImagePolicy) Restricts() bool { return len(p.Allow) > 0 }

// MayAsk returns whether registries may be asked about an image or chart: only where an allow list covers it and nothing
// denies it.
func (p *Policy) MayAsk() func(images.Reference) bool {
	list, err := images.NewAllowlist(p.Images.Allow, p.Images.Deny)
	if err != nil || !list.Restricts() { // wrong patterns have been refused when the policy was read
		return func(images.Reference) bool { return false }
	}
	charts := p.chartPatterns()
	return func(ref images.Reference) bool {
		allowed, deniedBy := list.Allows(ref)
		return allowed || deniedBy == "" && slices.ContainsFunc(charts, func(c images.Pattern) bool { return c.Match(ref.Name()) })
	}
}

// chartPatterns are the patterns of charts that name places in registries, not addresses of repositories.
func (p *Policy) chartPatterns() []images.Pattern {
	var patterns []images.Pattern
	for _, text := range p.Charts.Allow {
		if pattern, err := images.ParsePattern(strings.TrimPrefix(text, "oci://")); err == nil {
			patterns = append(patterns, pattern)
		}
	}
	return patterns
}

// notAsked says which registries were not asked.
func notAsked(refs []images.Reference, offline bool) []string {
	if len(refs) == 0 {
		return nil
	}
	why := "no registry is asked here"
	if offline {
		why = "offline"
	}
	counts, hosts := make(map[string]int), []string(nil)
	for _, ref := range refs {
		if counts[ref.Host]++; counts[ref.Host] == 1 {
			hosts = append(hosts, ref.Host)
		}
	}
	slices.Sort(hosts)
	for i, host := range hosts {
		hosts[i] = fmt.Sprintf("%s (%s)", host, imageCount(counts[host]))
	}
	return []string{"registries were not asked about images, " + why + ": " + shortList(hosts)}
}

// unanswered says, for each registry and reason, about how many images it could not be asked.
func unanswered(known map[images.Reference]ImageEvidence) []string {
	counts := make(map[string]int)
	for ref, e := range known {
		if e.Unasked || e.Verdict == images.Indeterminate {
			counts[ref.Host+"\x00"+e.Reason]++
		}
	}
	notes := make([]string, 0, len(counts))
	for key, n := range counts {
		host, reason, _ := strings.Cut(key, "\x00")
		notes = append(notes, fmt.Sprintf("registry %s: %s could not be checked: %s", host, imageCount(n), reason))
	}
	slices.Sort(notes)
	return notes
}

func imageCount(n int) string {
	if n == 1 {
		return "1 image"
	}
	return fmt.Sprintf("%d images", n)
}

// ProvingFunc makes what asks registries under a policy. Keys and trust roots that a layer of the policy names are read by
// named. The error says what of the policy cannot be used.
type ProvingFunc func(policy *Policy, named func(layer, file string) ([]byte, error)) (*Proving, error)
