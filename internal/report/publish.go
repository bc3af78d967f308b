package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/source"
)

// CheckName is the name of the check run on everything; those that the policy asks for beside it are called
// CheckName/PART.
const CheckName = "landwaiter"

// ActionName is what the check runs and comments of the GitHub Action go by, apart from the App's: both may be there.
const ActionName = CheckName + "-action"

// The identifiers of the buttons of a check run.
const (
	ActionRerun  = "rerun"
	ActionFix    = "fix"
	ActionExempt = "exempt"
)

// maxAnnotated is how many findings are annotated. Fifty of them take a request.
const maxAnnotated = 1000

// PublicationOptions is what a publication depends on beside the report.
type PublicationOptions struct {
	Change    *source.Change // whose lines can be commented on; nil for no comments
	CheckOnly bool           // no comments: a draft, or a merge group
	MayPush   bool           // the App may commit to the branch of the pull request, which is in the same repository
	MayOpen   bool           // the App may open a pull request with a branch of its own
}

// Publish decides all that a pull request will show of a report. The report's Policy says which check runs and how many
// comments there are. Nothing is said twice: what a comment tells is a line elsewhere.
func Publish(r *Report, opts PublicationOptions) Publication {
	own := *r
	var comments []Comment
	if opts.Change != nil && opts.Change.Base != nil && !opts.CheckOnly {
		comments, own.uncommented = r.comments(opts.Change)
	}
	p := Publication{
		Checks: []Check{own.check(comments, opts)}, Comments: comments,
		Standing: standing(r.Findings), Incomplete: len(r.Unrendered()) > 0,
	}
	for _, name := range CheckNames(r.policy())[1:] {
		part := strings.TrimPrefix(name, CheckName+"/")
		p.Checks = append(p.Checks, r.part(part).partCheck(part))
	}
	if r.policy().Comments.Summary && !opts.CheckOnly {
		p.Comment = r.summaryComment()
	}
	return p
}

// comments writes as many comments as the policy has, and counts the places that go without one for that.
func (r *Report) comments(change *source.Change) (comments []Comment, left int) {
	most := r.policy().Comments.Max
	if most <= 0 {
		return nil, 0
	}
	placer := newPlacer(r, change)
	remarks := placer.remarks(r)
	most = min(most, len(remarks))
	for _, m := range placer.withFixes(remarks[:most]) {
		if c := r.comment(m); len(c.Fingerprints) > 0 { // by which it is found again
			comments = append(comments, c)
		}
	}
	return comments, len(remarks) - most
}

// standing are the fingerprints of the findings that head has and nobody accepts.
func standing(findings []review.Finding) []string {
	return fingerprintsOf(slices.DeleteFunc(slices.Clone(findings), func(f review.Finding) bool {
		return f.Status != review.New && f.Status != review.Existing
	}))
}

// CheckNames are the names of all check runs that a policy asks for, that on everything first.
func CheckNames(policy *review.Policy) []string {
	names := []string{CheckName}
	for _, part := range policy.Checks {
		if name := CheckName + "/" + part; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// check is the check run on everything.
func (r *Report) check(comments []Comment, opts PublicationOptions) Check {
	return Check{
		Name: r.as(), Conclusion: r.conclusion(), Title: title(r.Title()), Summary: Summary(r), Text: Difference(r, maxBody),
		Annotations: r.annotations(comments), Actions: r.actions(opts),
	}
}

// title makes a check run's title, which is plain text, of text from the repository.
func title(text string) string { return clip(oneLine(text), maxTitle) }

// annotations mark the lines of all new findings, the worst first, and those of a policy that cannot be used. What a
// comment on the line tells is said in a line.
func (r *Report) annotations(comments []Comment) []Annotation {
	told := make(map[string]bool)
	for _, c := range comments {
		for _, fingerprint := range c.Fingerprints {
			told[fingerprint] = true
		}
	}
	all := r.PolicyChange.annotations()
	for _, f := range worstFirst(r.Shown(review.New)) {
		if f.Location.File == "" || len(all) == maxAnnotated {
			continue
		}
		message := messageOf(f)
		if told[f.Fingerprint] {
			message = shorten(f.Message, maxReason) + ": see the comment"
		}
		all = append(all, annotation(f, message))
	}
	return all
}

func annotation(f review.Finding, message string) Annotation {
	l := f.Location
	a := Annotation{
		File: l.File, StartLine: max(l.Line, 1), EndLine: max(l.EndLine, l.Line, 1),
		Level: map[review.Level]string{review.Error: "failure", review.Warning: "warning"}[f.Level],
		Title: clip(oneLine(f.Rule), maxTitle), Message: clip(plain(message), maxMessage),
	}
	if a.Level == "" {
		a.Level = "notice"
	}
	if l.Precision == manifests.Exact.String() && a.StartLine == a.EndLine && l.Column > 0 {
		a.StartColumn, a.EndColumn = l.Column, l.Column
	}
	return a
}

// actions are the buttons: what the App may not do, and what there is no need for, is not offered.
func (r *Report) actions(opts PublicationOptions) []Action {
	if r.As != "" {
		return nil // nobody hears them
	}
	actions := []Action{rerun()}
	fixable, exemptable := 0, false
	for _, f := range r.Shown(review.New) {
		if f.Fix != nil && f.Fix.Safe {
			fixable++
		}
		_, ok := review.ExemptionFor(&f)
		exemptable = exemptable || ok && (f.Level >= review.Warning || f.Level >= r.failOn())
	}
	if opts.MayPush && fixable > 0 {
		actions = append(actions, Action{"Apply fixes", "Commits the safe fixes to this branch", ActionFix})
	}
	if opts.MayOpen && exemptable {
		actions = append(actions, Action{"Exempt…", "Opens a pull request with exemptions", ActionExempt})
	}
	return actions
}

func rerun() Action { return Action{"Re-run", "Reviews this commit again", ActionRerun} }

// part is the report on a share of the findings. What could not be rendered is in every share, since nobody knows what
// is in it.
func (r *Report) part(name string) *Report {
	area := make(map[string]string, len(r.Rules))
	for _, rule := range r.Rules {
		area[rule.ID] = rule.Area
	}
	own, result := *r, *r.Result
	result.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f review.Finding) bool {
		return f.Rule != review.RuleRenderFailed && share(f.Rule, area[f.Rule]) != name
	})
	result.Summary = review.Count(result.Findings)
	result.Verdict = review.Judge(review.Gate{FailOn: r.failOn()}, result.Findings)
	own.Result, own.PolicyChange = &result, nil
	return &own
}

// share names the further check run that a rule belongs to.
func share(rule, area string) string {
	switch {
	case area == "image":
		return "images"
	case area == "rendering", rule == review.RuleHelmLine:
		return "render"
	}
	return "manifests"
}

// partCheck is a further check run, of a report on a part. Lines and buttons are left to the one on everything.
func (r *Report) partCheck(part string) Check {
	parts := []section{unchecked, newFindings, toAccept, accepted}
	heading := r.Title()
	if r.Verdict == review.Passed && r.Summary.New.Total() == 0 {
		heading = "Passed: " + r.rootCounts()
	}
	if part == "images" {
		parts = append(parts, imageChanges, imageTable)
		if strings.HasPrefix(heading, "Passed: ") && r.Summary.New.Total() == 0 {
			heading = fmt.Sprintf("Passed: %s, nothing new", Plural(len(r.Images), "image"))
		}
	}
	parts = append(parts, tally, func(*Report) string { return "Everything else is in the check `" + r.as() + "`.\n\n" })
	return Check{Name: r.as() + "/" + part, Conclusion: r.conclusion(), Title: title(heading), Summary: summarise(r, maxBody, parts)}
}

// summaryComment is the one comment in the conversation: the outcome, and where to read on.
func (r *Report) summaryComment() string {
	text := fmt.Sprintf("**%s**\n\n%s\n\n", markdownText(shorten(r.Title(), maxCell)), r.verdict()) + paragraphs(r.Caveat)
	text += unchecked(r) + toAccept(r) + "The check `" + r.as() + "` has the rest.\n"
	end := summaryMarker(r.as())
	return Limit(text, maxBody-len(end)-1) + "\n" + end
}

// as is what the check runs and comments go by.
func (r *Report) as() string { return cmp.Or(r.As, CheckName) }
