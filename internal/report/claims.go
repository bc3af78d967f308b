package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/landwaiter/landwaiter"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// A report that a job of a pull request wrote is what whoever opened the pull request wants it to be: the job runs what the
// pull request brings, its workflow included. It is read as data, and what is shown of it are claims. Nothing in it can say
// that somebody proved or accepted something, suggest code, or name a place outside of the difference; and since it can
// always leave findings out, it never makes a check succeed.

// AdvisoryName is what the check run and comments on a report of an untrusted job go by. Nobody should require it.
const AdvisoryName = CheckName + "-advisory"

// Limits of a report that is read.
const (
	MaxReport   = 16 << 20 // bytes
	maxClaims   = 5_000    // findings
	maxClaimed  = 2_000    // roots, and notes
	maxClaimLen = 4 * maxReason
)

// reviewSchema is the published schema, which refers to nothing but itself.
var reviewSchema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(landwaiter.ReviewSchema))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("review.json", value); err != nil {
		return nil, err
	}
	return compiler.Compile("review.json")
})

// Read reads a report as JSON writes it, of at most MaxReport bytes, strictly by the published schema: an unknown field is an
// error as well. That it has the form of a report is all that is known of it then.
func Read(text []byte) (*review.Result, error) {
	if len(text) > MaxReport {
		return nil, fmt.Errorf("the report has %d bytes, more than %d", len(text), MaxReport)
	}
	if err := sound(text); err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("the report is no JSON: %w", err)
	}
	schema, err := reviewSchema()
	if err != nil {
		return nil, err
	}
	if err := schema.Validate(value); err != nil {
		return nil, fmt.Errorf("the report is not as docs/review.schema.json says: %s", shorten(Line(whatIsWrong(err)), maxReason))
	}
	var in jsonReport
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&in); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the report cannot be read: %s", shorten(Line(err.Error()), maxReason))
	}
	if n := len(in.Findings); n > maxClaims {
		return nil, fmt.Errorf("the report has %d findings, more than %d", n, maxClaims)
	}
	if n := max(len(in.Roots), len(in.Notes)); n > maxClaimed {
		return nil, fmt.Errorf("the report has %d roots or notes, more than %d", n, maxClaimed)
	}
	return &review.Result{BaseID: in.Base, HeadID: in.Head, Verdict: in.Verdict, Roots: in.Roots, Findings: in.Findings, Notes: in.Notes}, nil
}

// whatIsWrong is the first of what a schema complains of.
func whatIsWrong(err error) string {
	var failed *jsonschema.ValidationError
	if !errors.As(err, &failed) {
		return err.Error()
	}
	for len(failed.Causes) > 0 {
		failed = failed.Causes[0]
	}
	return failed.Error()
}

// Claims makes a report of what was read, as far as it can be shown beside the change that it is about: new and existing
// findings of rules that the policy, that of the base, uses. The verdict is judged anew by the policy's gate. Levels stay as
// they are claimed: who would lower one could as well leave the finding out.
func Claims(read *review.Result, rules []*review.Rule, policy *review.Policy, change *source.Change) *Report {
	c := claims{rules: make(map[string]*review.Rule), policy: policy, change: change, lines: make(map[string]int)}
	for _, rule := range rules {
		c.rules[rule.ID] = rule
	}
	for i := range change.Files {
		if name := change.Files[i].New; name != "" {
			c.lines[name] = -1
		}
	}
	own := *policy
	own.Acknowledge, own.Checks = nil, nil // by commands that nobody would hear
	result := &review.Result{BaseID: change.BaseID, HeadID: read.HeadID, Total: len(read.Roots)}
	for _, f := range read.Findings {
		if f, ok := c.finding(f); ok {
			result.Findings = append(result.Findings, f)
		}
	}
	for _, root := range read.Roots {
		result.Roots = append(result.Roots, review.RootResult{Path: shorten(root.Path, maxCell), Kind: root.Kind, Status: root.Status, Reason: shorten(root.Reason, maxReason)})
	}
	for _, note := range read.Notes {
		result.Notes = append(result.Notes, shorten(note, maxReason))
	}
	if c.dropped > 0 {
		result.Notes = append(result.Notes, Plural(c.dropped, "finding")+" of the report left out: of rules that the policy does not use, or that were not found by a rule")
	}
	result.Summary, result.Verdict = review.Count(result.Findings), review.Judge(own.Gate, result.Findings)
	return &Report{Result: result, Rules: rules, Level: review.Info, Policy: &own, FailOn: own.Gate.FailOn, As: AdvisoryName}
}

// claims reads findings that somebody claims.
type claims struct {
	rules   map[string]*review.Rule
	policy  *review.Policy
	change  *source.Change
	lines   map[string]int // of the files of the difference at head; -1 where nobody has counted
	dropped int
}

// finding is what is shown of a claimed one.
func (c *claims) finding(f review.Finding) (review.Finding, bool) {
	rule := c.rules[f.Rule]
	if f.Status != review.New && f.Status != review.Existing {
		return f, false // that something is mended or accepted is said by nobody else
	}
	if rule == nil || c.policy.Rules[f.Rule].Off {
		c.dropped++
		return f, false
	}
	kept := review.Finding{
		Rule: f.Rule, Level: f.Level, Status: f.Status, Root: shorten(f.Root, maxCell), Path: shorten(f.Path, maxCell),
		Message: shorten(f.Message, maxReason), Detail: shorten(f.Detail, maxClaimLen), Location: c.location(f.Location),
		Guidelines: rule.Guidelines, Fingerprint: f.Fingerprint,
		Object: manifests.Identity{APIVersion: shorten(f.Object.APIVersion, maxCell), Kind: shorten(f.Object.Kind, maxCell),
			Namespace: shorten(f.Object.Namespace, maxCell), Name: shorten(f.Object.Name, maxCell)},
	}
	for _, root := range f.Roots[:min(len(f.Roots), maxListed)] {
		kept.Roots = append(kept.Roots, shorten(root, maxCell))
	}
	for _, r := range f.Related {
		if c.within(r.File, r.Line) && len(kept.Related) < maxListed {
			kept.Related = append(kept.Related, review.Related{File: r.File, Line: r.Line, Message: shorten(r.Message, maxReason)})
		}
	}
	return kept, true
}

// location is a claimed place, if the difference has the file and head the line; else none.
func (c *claims) location(l review.Location) review.Location {
	if !c.within(l.File, l.Line) {
		return review.Location{Precision: manifests.Unknown.String()}
	}
	if l.EndLine < l.Line || !c.within(l.File, l.EndLine) {
		l.EndLine = l.Line
	}
	return l
}

// within reports whether the difference has a file and the file, at head, a line.
func (c *claims) within(file string, line int) bool {
	n, known := c.lines[file]
	if !known {
		return false
	}
	if n < 0 {
		n = 0
		if text, err := c.change.Head.ReadFile(file); err == nil {
			n = lineCount(string(text))
		}
		c.lines[file] = n
	}
	return line >= 1 && line <= n
}

// Advise is the publication of claims on the pull request whose change that is. Its one check run fails where the claims
// would, and is neutral otherwise: nobody vouches for them.
func Advise(r *Report, change *source.Change) Publication {
	p := Publish(r, PublicationOptions{Change: change})
	check := &p.Checks[0]
	heading := check.Title
	if check.Conclusion == Success {
		check.Conclusion, heading = Neutral, "nothing new is reported"
		if n := r.Summary.New.Total(); n > 0 {
			heading = counts(r.Summary.New) + " reported"
		}
	}
	check.Title = title("Advisory: " + heading)
	p.Checks = slices.Clone(p.Checks[:1])
	return p
}
