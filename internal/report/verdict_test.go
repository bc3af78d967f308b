package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
)

// golden holds a text to a file that a person has read. Run with -update after a change that is meant.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || got != string(want) {
		t.Errorf("%s differs (%v; go test -update writes it anew):\n%s", file, err, got)
	}
}

// TestConclusion holds when a check run passes, fails and waits.
func TestConclusion(t *testing.T) {
	t.Parallel()
	waits := review.Finding{Rule: "host-network", Level: review.Error, Status: review.New, Fingerprint: fingerprintOf("a")}
	fails := review.Finding{Rule: "privileged", Level: review.Error, Status: review.New}
	warns, existing, exempt := fails, fails, waits
	warns.Level, existing.Status, exempt.Status = review.Warning, review.Existing, review.Exempt
	mildlyWaits := waits
	mildlyWaits.Level = review.Warning
	broken := &PolicyChange{File: "p", Mistake: &policy.Mistake{File: "p", Line: 2, Reason: "unknown key"}}
	for _, test := range []struct {
		name     string
		findings []review.Finding
		failOn   review.Level
		change   *PolicyChange
		want     string
		title    string
	}{
		{"nothing", nil, 0, nil, Success, "Passed"},
		{"a warning", []review.Finding{warns, existing}, 0, nil, Success, "1 warning"},
		{"an error", []review.Finding{fails}, 0, nil, Failure, "1 error"},
		{"a warning that fails", []review.Finding{warns}, review.Warning, nil, Failure, "1 warning"},
		{"one that waits", []review.Finding{waits, warns}, 0, nil, ActionRequired, "1 finding for a person"},
		{"one that waits and one that fails", []review.Finding{waits, fails}, 0, nil, Failure, "2 errors"},
		{"one that is accepted", []review.Finding{exempt}, 0, nil, Success, "Passed"},
		{"a warning of a rule that can be accepted", []review.Finding{mildlyWaits}, 0, nil, Success, "1 warning"},
		{"the same where warnings fail", []review.Finding{mildlyWaits}, review.Warning, nil, ActionRequired, "1 finding for a person"},
		{"a policy that cannot be used", nil, 0, broken, Failure, "The changed policy cannot be used: p:2: unknown key"},
		{"the same, and one that waits", []review.Finding{waits}, 0, broken, Failure, "1 error"},
	} {
		p := review.DefaultPolicy()
		p.Acknowledge = []review.Acknowledge{{Rules: []string{"host-*"}, By: []string{"@a"}}}
		p.Gate.FailOn = max(test.failOn, p.Gate.FailOn*review.Level(1-min(test.failOn, 1)))
		result := &review.Result{Findings: test.findings, Summary: review.Count(test.findings), Verdict: review.Judge(p.Gate, test.findings), Roots: []review.RootResult{{Status: review.Rendered}}}
		r := &Report{Result: result, Policy: p, PolicyChange: test.change}
		c := Publish(r, PublicationOptions{}).Checks[0]
		if c.Conclusion != test.want || !strings.HasPrefix(c.Title, test.title) {
			t.Errorf("%s: %s, %q; want %s, %q", test.name, c.Conclusion, c.Title, test.want, test.title)
		}
		if c.Conclusion == ActionRequired && !strings.Contains(c.Summary, "`@a` may accept it by the comment `/landwaiter accept "+waits.Fingerprint+" REASON`") {
			t.Errorf("%s: it is not said who may accept, and how:\n%s", test.name, c.Summary)
		}
		if (test.change != nil) != (len(c.Annotations) > 0 && c.Annotations[0].StartLine == 2) {
			t.Errorf("%s: the annotations are %+v", test.name, c.Annotations)
		}
	}
}

// TestParts holds that each further check run concludes over its share, and that what does not render is in every share.
func TestParts(t *testing.T) {
	t.Parallel()
	of := func(rule string) review.Finding {
		return review.Finding{Rule: rule, Level: review.Error, Status: review.New}
	}
	for _, test := range []struct {
		findings []review.Finding
		want     string // of images, manifests and render
	}{
		{nil, "success success success"},
		{[]review.Finding{of("image-latest")}, "failure success success"},
		{[]review.Finding{of("privileged")}, "success failure success"},
		{[]review.Finding{of("unknown")}, "success failure success"},
		{[]review.Finding{of("host-network")}, "success action_required success"},
		{[]review.Finding{of(review.RuleHelmLine)}, "success success failure"},
		{[]review.Finding{of(review.RuleRenderFailed)}, "failure failure failure"},
	} {
		p := review.DefaultPolicy()
		p.Checks = []string{"images", "manifests", "render", "images"}
		p.Acknowledge = []review.Acknowledge{{Rules: []string{"host-*"}, By: []string{"@a"}}}
		r := &Report{Result: &review.Result{Findings: test.findings, Summary: review.Count(test.findings), Verdict: review.Judge(p.Gate, test.findings)}, Policy: p, Rules: someRules()}
		checks := Publish(r, PublicationOptions{}).Checks
		if len(checks) != 4 {
			t.Fatalf("%d checks", len(checks))
		}
		got := fmt.Sprintf("%s %s %s", checks[1].Conclusion, checks[2].Conclusion, checks[3].Conclusion)
		if got != test.want || checks[3].Name != "landwaiter/render" {
			t.Errorf("%v: %s, want %s", test.findings, got, test.want)
		}
	}
}

// TestAcceptedFormats holds that every format says by whom a finding was accepted, and that none takes it for an exemption
// with an end.
func TestAcceptedFormats(t *testing.T) {
	t.Parallel()
	r := sample("")
	r.Findings[4].Exemption = &review.Exemption{Reason: "it is a router", By: "@alice"}
	validateJSON(t, mustWrite(t, "json", r))
	validateSARIF(t, mustWrite(t, "sarif", r))
	for format, want := range map[string]string{
		"json": `"until": ""`, "sarif": "it is a router (accepted in the pull request by @alice)", "markdown": "Accepted by `@alice`: it is a router",
	} {
		if text := mustWrite(t, format, r); !strings.Contains(text, want) || strings.Contains(text, "end within 30 days") {
			t.Errorf("%s does not say %q:\n%s", format, want, text)
		}
	}
}

func TestAcceptors(t *testing.T) {
	t.Parallel()
	all := []review.Acknowledge{{By: []string{"@acme/security", "@bob"}}, {By: []string{"@bob"}, NotAuthor: true}}
	for want, entries := range map[string][]review.Acknowledge{
		"`@acme/security` or `@bob`":                                             all[:1],
		"`@bob`, but not who opened the pull request,":                           all[1:],
		"`@acme/security` or `@bob` (of `@bob` not who opened the pull request)": {{By: []string{"@acme/security"}}, all[1]},
	} {
		if got := Acceptors(entries); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := Acceptors(all); got != "`@acme/security` or `@bob`" {
		t.Errorf("%q, though one entry lets @bob accept whoever opened it", got)
	}
}

// TestStates holds what is said where there is no review.
func TestStates(t *testing.T) {
	t.Parallel()
	names := CheckNames(&review.Policy{Checks: []string{"images"}})
	mistakes := errors.Join(&policy.Mistake{File: ".github/landwaiter.yaml", Line: 3, Reason: "unknown key \"profil\""}, &policy.Mistake{File: "server.yaml", Reason: "is too large"})
	link := func(file string, line int) string {
		if file == "server.yaml" {
			return ""
		}
		return fmt.Sprintf("https://github.com/acme/web/blob/main/%s#L%d", file, line)
	}
	var b strings.Builder
	for _, checks := range [][]Check{
		InProgress(names), Superseded(names, "0123456789abcdef"), Gone(names),
		Unreviewed(names, "the disk of the server is full", "free some of it, then press Re-run", "acme/web#12@0123456"),
		TooLarge(names, "5,012 files", "3,000"), UnreadablePolicy(names, mistakes, link), UnreadablePolicy(names, errors.New("it is not there"), nil), NothingToReview(names, 2),
	} {
		if len(checks) != 2 || checks[1].Name != "landwaiter/images" || checks[0].Conclusion != checks[1].Conclusion {
			t.Errorf("not on every check: %+v", checks)
		}
		b.WriteString(dump(Publication{Checks: checks[:1]}))
		checkRendered(t, checks[0].Title, checks[0].Summary)
	}
	golden(t, "states.golden", b.String())
}

// TestAnswers holds what is said below commands.
func TestAnswers(t *testing.T) {
	t.Parallel()
	p := review.DefaultPolicy()
	p.Rules = map[string]review.RuleSetting{"privileged": {Level: review.Warning}}
	p.Acknowledge = []review.Acknowledge{{Rules: []string{"privileged"}, By: []string{"@acme/security"}, NotAuthor: true}}
	f := review.Finding{Rule: "privileged", Message: "container web is privileged", Fingerprint: fingerprintOf("a")}
	answers := []string{
		AnswerHelp(), AnswerUnknown("/landwaiter merge"), AnswerExplain(someRules(), p, "privileged"), AnswerExplain(someRules(), p, "privileged-pod"),
		AnswerExplain(someRules(), p, "xyz"), AnswerReview("0123456789abcdef"), AnswerFix(0, nil, ""), AnswerFix(2, []string{"a.yaml"}, "0123456789abcdef"),
		AnswerExempt(2, 34), AnswerRefused("The pull request is closed."), AnswerAccepted(f, "@alice", "it is a router"),
	}
	for why := NoReason; why <= NotListed; why++ {
		answers = append(answers, AnswerNotAccepted(why, f.Fingerprint, p.Acknowledge))
	}
	for _, answer := range answers {
		if !strings.Contains(answer, "#34") { // which is meant to be a reference
			checkRendered(t, "an answer", answer)
		}
	}
	golden(t, "answers.golden", strings.Join(answers, "========\n"))
}

// TestPreviewPolicy holds what is said of a policy change: what it touches, and what becomes of findings.
func TestPreviewPolicy(t *testing.T) {
	t.Parallel()
	load := func(text string) *review.Policy {
		p, err := policy.Load(someRules(), policy.Layer{File: "p.yaml", Text: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	at := func(rule string, level review.Level, status review.Status, line int) review.Finding {
		return review.Finding{Rule: rule, Level: level, Status: status, Root: "apps", Object: manifests.Identity{Kind: "Pod", Name: fmt.Sprint("p", line)},
			Message: "m", Location: review.Location{File: "a.yaml", Line: line, Column: 1, Precision: "exact"}}
	}
	result := func(p *review.Policy, findings ...review.Finding) *review.Result {
		return &review.Result{Findings: findings, Verdict: review.Judge(p.Gate, findings)}
	}
	old := load("rules: {low-uid: warning}\nexemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: 2027-01-01}\nimages: {verify: [{match: a.example/b, sbom: required}]}\n")
	now := load("# moved\ngate: {failOn: error}\nrules: {read-only: error, image-latest: off}\nprofile: recommended\nimages: {verify: [{sbom: required, match: a.example/b}]}\n" +
		"exemptions:\n- {rule: privileged, object: Pod/a, reason: r, until: 2027-01-01}\n- {rule: privileged, object: Pod/p2, reason: r, until: 2027-01-01}\n")
	change := &PolicyChange{File: "p.yaml", Old: old, New: now,
		Before: result(old, at("privileged", 3, review.New, 1), at("privileged", 3, review.New, 2), at("privileged", 3, review.New, 3), at("low-uid", 2, review.Existing, 3),
			at("image-latest", 3, review.New, 4), at("image-latest", 3, review.New, 5), at("read-only", 2, review.New, 6), at("escalation", 3, review.Fixed, 7)),
		After: result(now, at("privileged", 3, review.New, 1), at("privileged", 3, review.Exempt, 2), at("privileged", 3, review.New, 3), at("low-uid", 1, review.Existing, 3),
			at("read-only", 3, review.New, 6), at("host-network", 3, review.New, 8)),
	}
	whole := *change
	whole.Whole, whole.After = true, result(now)
	same, unread := *change, *change
	same.New, same.After = old, change.Before
	unread.After = nil
	broken := &PolicyChange{File: "p.yaml", Old: old, Mistake: errors.Join(&policy.Mistake{File: "p.yaml", Line: 2, Reason: "unknown key"}, &policy.Mistake{File: "p.yaml", Line: 5, Reason: "gate is locked by s.yaml:1"})}
	wrapped := &PolicyChange{File: "p.yaml", Mistake: fmt.Errorf("reading: %w", broken.Mistake)}
	var texts []string
	for _, c := range []*PolicyChange{change, &whole, &same, &unread, broken, wrapped} {
		text := PreviewPolicy(c)
		checkRendered(t, "a preview", text)
		texts = append(texts, text)
	}
	golden(t, "preview.golden", strings.Join(texts, "========\n"))
	if texts[4] != texts[5] {
		t.Error("mistakes within another error are lost")
	}
}
