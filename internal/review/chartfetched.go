package review

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/landwaiter/landwaiter/internal/images"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/source"
)

// RuleChartMoved is the rule of charts whose version, or tag, has other content than it had. The engine makes its findings,
// since it is what fetches.
const RuleChartMoved = "chart-moved"

// RuleBaseMoved is the rule of what else is fetched: repositories whose tag is another commit than it was, and files that have
// changed. The engine makes its findings.
const RuleBaseMoved = "base-moved"

// fetchedChart is what is known of a chart from elsewhere beyond its files.
type fetchedChart struct {
	differs []string // the files that are other than they were before the version moved; nil when that is not known
	signer  string   // of its provenance file, where the policy wants one
	lacks   string   // what its provenance file lacks; "" for nothing
	unknown string   // why that could not be found out; "" when it was
	offline bool     // nobody was asked
}

func fetchedKey(c *manifests.RemoteChart) string {
	return strings.Join([]string{c.URL, c.Name, c.Address, c.Digest}, "\n")
}

// lookInto finds out what there is to know of the charts that head fetched: what those hold now that moved, and who signed
// those whose provenance file the policy asks for.
func (e *Engine) lookInto(ctx context.Context, r *run, pairs []*pair, opts Options) error {
	r.fetched = make(map[string]*fetchedChart)
	for _, p := range pairs {
		for _, chart := range p.head.charts() {
			if r.fetched[fetchedKey(chart)] != nil {
				continue
			}
			is := &fetchedChart{offline: opts.Offline}
			if _, on := r.levels[RuleChartMoved]; on && chart.Moved != nil {
				is.differs = e.differing(ctx, *chart)
			}
			if keys := r.keysFor(fetchedAddresses(chart)); keys != nil {
				is.verify(ctx, e.charts, *chart, keys, r.now)
			}
			r.fetched[fetchedKey(chart)] = is
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return nil
}

// differing lists the files in which a chart differs from what its version held before; nil when that is not to be had.
func (e *Engine) differing(ctx context.Context, chart manifests.RemoteChart) (names []string) {
	was := chart
	was.Digest = chart.Moved.Was
	before, err := e.charts.Files(ctx, was)
	if err != nil {
		return nil
	}
	now, err := e.charts.Files(ctx, chart)
	if err != nil {
		return nil
	}
	for name, text := range now {
		if old, there := before[name]; !there || !bytes.Equal(old, text) {
			names = append(names, name)
		}
	}
	for name := range maps.Keys(before) {
		if _, there := now[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// verify holds the chart against its provenance file.
func (f *fetchedChart) verify(ctx context.Context, charts Charts, chart manifests.RemoteChart, keys *chartKeys, now time.Time) {
	sealed, err := charts.Sealed(ctx, chart)
	switch {
	case err != nil:
		f.unknown = err.Error()
	case sealed.Seal == nil:
		f.lacks = "is signed by nobody: its place has no provenance file"
	default:
		if f.signer, err = keys.ring.Verify(sealed.Name, sealed.Archive, sealed.Seal, now); err != nil {
			f.lacks = fmt.Sprintf("has a provenance file that %v (%s)", err, keys.file)
		}
	}
}

// fetchedAddresses are what patterns of charts are held against: where it is from with its name, and without.
func fetchedAddresses(c *manifests.RemoteChart) []string {
	url := strings.TrimRight(c.URL, "/")
	if c.Name == "" {
		scheme, rest, _ := strings.Cut(url, "://")
		return []string{url, scheme + "://" + path.Dir(rest)}
	}
	return []string{url + "/" + c.Name, url}
}

// fetchedReference is a chart that was fetched from a registry, as that is asked for its proof. Those whose tag or digest
// stands in an object are asked for as that object's.
func fetchedReference(c *manifests.RemoteChart) (images.Reference, bool) {
	if c == nil {
		return images.Reference{}, false
	}
	at, ok := strings.CutPrefix(c.Address, "oci://")
	named := strings.HasPrefix(c.URL, "oci://") && (c.Found == "" || c.Tag || exactVersion.MatchString(c.Version))
	if !ok || named {
		return images.Reference{}, false
	}
	ref, err := images.ParseReference(at + ":" + strings.ReplaceAll(c.Found, "+", "_") + "@" + c.Digest)
	return ref, err == nil
}

// fetchedFindings makes the findings of the charts that were fetched for a root at head.
func (r *run) fetchedFindings(p *pair) (all []Finding) {
	if p.Head == nil {
		return nil
	}
	before := make(map[string]bool)
	for _, chart := range p.base.charts() {
		before[fetchedKey(chart)] = true
	}
	for _, chart := range p.head.charts() {
		if chart.Moved != nil {
			all = r.addFetched(all, p, chart, RuleChartMoved, r.movedReason(chart),
				"Who publishes other content under a version that exists already makes what was reviewed something else, without a change of the repository.")
		}
		rule, reason := r.unprovenFetched(chart)
		if reason == "" {
			continue
		}
		n := len(all)
		all = r.addFetched(all, p, chart, rule, reason, chartProof)
		for i := range all[n:] {
			if before[fetchedKey(chart)] {
				all[n+i].Status = Existing
			}
		}
	}
	return all
}

// unprovenFetched says what the proof of a fetched chart lacks, and which rule is about that; reason is "" for nothing.
func (r *run) unprovenFetched(chart *manifests.RemoteChart) (rule, reason string) {
	is := r.fetched[fetchedKey(chart)]
	if is.lacks != "" {
		return RuleChartSignature, is.lacks
	}
	if ref, ok := fetchedReference(chart); ok {
		if rule, reason = r.lacks(ref); reason != "" {
			return rule, reason
		}
	}
	if is.unknown != "" && !is.offline {
		return RuleImageUnverified, "could not be verified: " + is.unknown
	}
	return "", ""
}

// suppliedFindings makes the findings of what else a root was rendered with that has other content than it had.
func (r *run) suppliedFindings(p *pair) (all []Finding) {
	if p.Head == nil || p.head.rendering == nil {
		return nil
	}
	for _, one := range p.head.rendering.Supplied {
		if one.Moved == nil || one.Chart != nil {
			continue
		}
		was := "is another commit than it was: it was %s until %s, and is %s"
		if one.Lack.Kind == manifests.LackFile {
			was = "has other content than it had: its digest was %s until %s, and is %s"
		}
		called, _, _ := strings.Cut(one.Called, " at ")
		if one.Lack.Version != "" {
			called += " " + strings.TrimPrefix(one.Lack.Version, "refs/tags/")
		}
		reason := fmt.Sprintf(was, one.Moved.Was, one.Moved.At.Format(time.DateOnly), one.Pinned)
		if f, ok := r.movedFinding(p, RuleBaseMoved, one.Lack.At, called+" "+reason); ok {
			all = append(all, f)
		}
	}
	return all
}

// movedFinding is a finding on the line that names what was fetched; none when the rule is off.
func (r *run) movedFinding(p *pair, rule string, at source.Span, message string) (Finding, bool) {
	level, on := r.levels[rule]
	place := locate(r.change, manifests.Origin{{Span: at, Precision: manifests.Exact}}, nil)
	return Finding{Rule: rule, Level: level, Status: New, Root: p.path(), Guidelines: r.guidelines(rule), Message: shorten(message), Location: place,
		Detail:      "Who gives a name that exists already to other content makes what was reviewed something else, without a change of the repository.",
		Fingerprint: fingerprint(strings.Join([]string{rule, p.path(), place.File, message}, "|"))}, on
}

// chartProof is why charts have to be signed.
const chartProof = "The policy says whose charts are run. One without that proof may have been put there, or altered, by anybody."

// addFetched adds a finding on the line that names a chart, when the rule is on.
func (r *run) addFetched(all []Finding, p *pair, chart *manifests.RemoteChart, rule, reason, detail string) []Finding {
	level, on := r.levels[rule]
	if !on {
		return all
	}
	at := locate(r.change, chart.At, nil)
	at.From = ""
	message := strings.TrimPrefix(chart.Called(), "the ") + " " + reason
	return append(all, Finding{Rule: rule, Level: level, Status: New, Root: p.path(), Guidelines: r.guidelines(rule), Message: shorten(message), Detail: detail, Location: at,
		Fingerprint: fingerprint(strings.Join([]string{rule, p.path(), at.File, chart.URL, chart.Name, chart.Digest, reason}, "|"))})
}

// movedReason says what a version had, and has now.
func (r *run) movedReason(chart *manifests.RemoteChart) string {
	text := fmt.Sprintf("was published anew: it had the digest %s until %s, and has %s", chart.Moved.Was, chart.Moved.At.Format(time.DateOnly), chart.Digest)
	switch files := r.fetched[fetchedKey(chart)].differs; {
	case len(files) > 0:
		text += "; other than before: " + shortList(files)
	default:
		text += "; what it held before is not at hand any more"
	}
	return text
}

// fetchedNotes say which version a range is, where the change wrote the range, and whose signature was not asked for.
func (r *run) fetchedNotes(p *pair) (notes []string) {
	if p.Head == nil {
		return nil
	}
	for _, chart := range p.head.charts() {
		if is := r.fetched[fetchedKey(chart)]; is.offline && is.unknown != "" {
			notes = append(notes, fmt.Sprintf("the signature of %s could not be looked at: %s", chart.Called(), is.unknown))
		}
		if chart.Found != "" && chart.Found != chart.Version && (r.change.Base == nil || locate(r.change, chart.At, nil).Changed) {
			notes = append(notes, fmt.Sprintf("%s: %s is version %s now", p.path(), chart.String(), chart.Found))
		}
	}
	return notes
}

// fetchedResult is what is known of the proof of a chart that was fetched; nil when there is nothing to say.
func (r *run) fetchedResult(list *imageLister, chart *manifests.RemoteChart) *ImageResult {
	if ref, ok := fetchedReference(chart); ok {
		if _, known := r.evidence[ref]; known {
			return list.result(ImageField{reference: ref.String(), Chart: true})
		}
	}
	keys, is := r.keysFor(fetchedAddresses(chart)), r.fetched[fetchedKey(chart)]
	if keys == nil {
		return nil
	}
	result := &ImageResult{Image: fetchedAddresses(chart)[0] + " " + chart.Found, Kind: "chart", Allowed: true, Registry: chart.URL, Digest: chart.Digest, Evidence: string(images.Verified)}
	switch {
	case is.unknown != "":
		result.Evidence, result.Reason = string(images.Indeterminate), is.unknown
	case is.lacks != "" && is.signer == "" && strings.HasPrefix(is.lacks, "is signed by nobody"):
		result.Evidence, result.Reason = string(images.Unsigned), "it "+is.lacks
	case is.lacks != "":
		result.Evidence, result.Reason = string(images.Untrusted), "it "+is.lacks
	}
	result.Proofs = map[string]ImageProof{images.ProofSignature: {result.Evidence, result.Reason, is.signer}}
	return result
}
