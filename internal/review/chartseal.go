package review

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/images/chartseal"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RuleChartSignature is the rule of charts that files of the source name and whose proof is not what the policy asks for. The
// engine makes its findings, since such files are no objects.
const RuleChartSignature = "chart-signature"

// ChartSeal says whose provenance files charts need that lie in the repository as archives.
type ChartSeal struct {
	Match   string // a pattern of the chart's repository, with or without the chart's name behind it
	Keyring string // a file with OpenPGP keys
	Layer   string // the policy file that says so
	Line    int
}

// chartKeys is a ChartSeal, read.
type chartKeys struct {
	match images.Pattern
	file  string
	ring  *chartseal.Keyring
}

// readKeyrings reads the keyrings that the policy names, where the rule that needs them is on. The error is a *ConfigError.
func (r *run) readKeyrings(named func(layer, file string) ([]byte, error)) error {
	if _, on := r.levels[RuleChartSignature]; !on {
		return nil
	}
	if named == nil {
		named = namedAt(r.change)
	}
	for _, s := range r.policy.ChartSeals {
		keys := chartKeys{file: s.Keyring}
		match, err := images.ParseNamePattern(s.Match)
		if err == nil {
			keys.match = match
			keys.ring, err = readKeyring(named, s)
		}
		if err != nil {
			return &ConfigError{fmt.Errorf("%s:%d: charts.verify: %s: %w", s.Layer, s.Line, s.Keyring, err)}
		}
		r.chartKeys = append(r.chartKeys, keys)
	}
	return nil
}

func readKeyring(named func(layer, file string) ([]byte, error), s ChartSeal) (*chartseal.Keyring, error) {
	text, err := named(s.Layer, s.Keyring)
	if err != nil {
		return nil, err
	}
	return chartseal.ReadKeyring(text)
}

// chartReferences are the charts in registries that files of roots name, as far as rendering read these.
func (r *run) chartReferences(pairs []*pair) []images.Reference {
	var refs []images.Reference
	for _, p := range pairs {
		if p.Head == nil {
			continue
		}
		for _, c := range chartsNamed(r.change.Head, p.head.reads) {
			if ref, ok := c.reference(); ok && !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
		for _, chart := range p.head.charts() {
			if ref, ok := fetchedReference(chart); ok && !slices.Contains(refs, ref) {
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// chartFindings makes the findings of the charts that the files of a root name. What base has as well is not this change's
// doing.
func (r *run) chartFindings(p *pair) (all []Finding) {
	if p.Head == nil {
		return nil
	}
	before := make(map[string]bool)
	if p.Base != nil {
		for _, c := range chartsNamed(r.change.Base, p.base.reads) {
			before[c.key(r.unproven(r.change.Base, &c))] = true
		}
	}
	for _, c := range chartsNamed(r.change.Head, p.head.reads) {
		rule, reason := r.unproven(r.change.Head, &c)
		if level, on := r.levels[rule]; on {
			f := r.chartFinding(p, &c, rule, reason)
			if f.Level = level; before[c.key(rule, reason)] {
				f.Status = Existing
			}
			all = append(all, f)
		}
	}
	return append(all, r.insecureCharts(p)...)
}

// key is what makes two findings on charts the same.
func (c *namedChart) key(rule, reason string) string {
	return strings.Join([]string{rule, c.at.File, c.name, c.version, reason}, "|")
}

func (r *run) chartFinding(p *pair, c *namedChart, rule, reason string) Finding {
	return Finding{Rule: rule, Status: New, Root: p.path(), Guidelines: r.guidelines(rule),
		Message: shorten(strings.TrimSpace("chart "+c.name+" "+c.version) + " " + reason), Fingerprint: fingerprint(rule + "|" + p.path() + "|" + c.key(rule, reason)),
		Detail:   "The policy says whose charts are run. One without that proof may have been put there, or altered, by anybody.",
		Location: location(manifests.Frame{Span: c.at, Precision: manifests.Exact}, r.change.Touches(c.at.File, c.at.Line))}
}

// unproven says what a chart's proof lacks, and which rule is about that: of what lies beside its archive, and of what its
// registry was asked. The rule is "" when it lacks nothing, or nothing is asked for.
func (r *run) unproven(tree source.Tree, c *namedChart) (rule, reason string) {
	if keys := r.keysFor(c.addresses()); keys != nil {
		if _, err := keys.verify(tree, c, r); err != nil {
			return RuleChartSignature, err.Error()
		}
	}
	ref, ok := c.reference()
	if !ok {
		return "", ""
	}
	return r.lacks(ref)
}

// lacks says what the proof of a chart in a registry lacks, and which rule is about that; "" for nothing.
func (r *run) lacks(ref images.Reference) (rule, reason string) {
	switch e := r.evidence[ref]; {
	case e.Missing:
		return RuleChartSignature, "is not in its registry, " + ref.Host
	case e.Unknown():
		return RuleImageUnverified, "could not be verified: " + e.Reason
	case e.Verdict == images.Unsigned, e.Verdict == images.Untrusted:
		return RuleChartSignature, "is " + string(e.Verdict) + ": " + e.Reason
	}
	return "", ""
}

// keysFor are those of the first entry of the policy that covers a chart with such addresses; nil when none does.
func (r *run) keysFor(addresses []string) *chartKeys {
	i := slices.IndexFunc(r.chartKeys, func(k chartKeys) bool { return slices.ContainsFunc(addresses, k.match.Match) })
	if i < 0 {
		return nil
	}
	return &r.chartKeys[i]
}

// chartResults are the charts that files of roots name, as far as anything is known of their proof: those in registries,
// and archives that have to be signed.
func (r *run) chartResults(pairs []*pair) (all []ImageResult) {
	list, at := newImageLister(r.policy, r.evidence), make(map[string]int)
	add := func(result *ImageResult, use ImageUse) {
		if result == nil {
			return
		}
		i, again := at[result.Image]
		if !again {
			i, at[result.Image] = len(all), len(all)
			all = append(all, *result)
		}
		all[i].UsedBy = append(all[i].UsedBy, use)
	}
	for _, p := range pairs {
		if p.Head == nil {
			continue
		}
		for _, c := range chartsNamed(r.change.Head, p.head.reads) {
			add(r.chartResult(list, &c), usedOn(p, c.at))
		}
		for _, chart := range p.head.charts() {
			use := ImageUse{Root: p.path(), Path: "chart"}
			if chart == p.head.chart {
				use.Object = p.Head.Deployment.By
			} else if frame := chart.At.Best(); frame != nil {
				use = usedOn(p, frame.Span)
			}
			add(r.fetchedResult(list, chart), use)
		}
	}
	return all
}

// usedOn is the use of a chart that a file names.
func usedOn(p *pair, at source.Span) ImageUse {
	return ImageUse{Root: p.path(), Object: manifests.Identity{Kind: "file", Name: at.File}, Path: "line " + strconv.Itoa(at.Line)}
}

// chartResult is what is known of one; nil when there is nothing to say.
func (r *run) chartResult(list *imageLister, c *namedChart) *ImageResult {
	if keys := r.keysFor(c.addresses()); keys != nil && c.archive != "" {
		result := &ImageResult{Image: c.archive, Kind: "chart", Allowed: true, Registry: c.repository, Evidence: string(images.Verified)}
		signer, err := keys.verify(r.change.Head, c, r)
		if err != nil {
			result.Evidence, result.Reason = string(images.Untrusted), "it "+err.Error()
			if _, gone := r.change.Head.Stat(c.archive + ".prov"); gone != nil {
				result.Evidence = string(images.Unsigned)
			}
		}
		result.Proofs = map[string]ImageProof{images.ProofSignature: {result.Evidence, result.Reason, signer}}
		return result
	}
	ref, ok := c.reference()
	if _, known := r.evidence[ref]; !ok || !known {
		return nil
	}
	return list.result(ImageField{reference: ref.String(), Chart: true})
}

// verify holds a chart against its provenance file. The error is a sentence's rest about the chart.
func (k *chartKeys) verify(tree source.Tree, c *namedChart, r *run) (signer string, err error) {
	switch {
	case c.archive == "" && c.unpacked != "":
		return "", fmt.Errorf("lies unpacked in %s, where no provenance file can be held against it: keep its archive and the .prov beside that", c.unpacked)
	case c.archive == "":
		return "", nil // what is not there is not run
	}
	seal, err := tree.ReadFile(c.archive + ".prov")
	if errors.Is(err, source.ErrNotExist) {
		return "", fmt.Errorf("is signed by nobody: there is no %s.prov", c.archive)
	} else if err != nil {
		return "", fmt.Errorf("has a provenance file that cannot be read: %w", err)
	}
	content, err := tree.ReadFile(c.archive)
	if err != nil {
		return "", fmt.Errorf("cannot be read: %w", err)
	}
	if signer, err = k.ring.Verify(path.Base(c.archive), content, seal, r.now); err != nil {
		return "", fmt.Errorf("has a provenance file that %w (%s)", err, k.file)
	}
	return signer, nil
}
