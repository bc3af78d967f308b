package report

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"github.com/landwaiter/landwaiter/internal/source"
)

// anyNames is a tree whose files may be called anything.
type anyNames map[string]string

func (a anyNames) Stat(string) (source.Info, error)      { return source.Info{}, fs.ErrNotExist }
func (a anyNames) ReadDir(string) ([]source.Info, error) { return nil, fs.ErrNotExist }
func (a anyNames) ReadFile(name string) ([]byte, error) {
	if text, ok := a[name]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

// sampleChange is the change that sample reports on: the sample's finding stands on a changed line.
func sampleChange(name string) *source.Change {
	base := "apps/base.yaml" + name
	return &source.Change{Base: anyNames{}, Head: anyNames{base: "containers:\n- name: web\n    privileged: true\n"}, Files: []source.FileChange{
		{Old: base, New: base, Hunks: []source.Hunk{{OldStart: 3, OldLines: 1, NewStart: 3, NewLines: 1}}},
		{Old: "chart/values.yaml" + name, New: "chart/values.yaml" + name, Hunks: []source.Hunk{{OldStart: 9, OldLines: 1, NewStart: 9, NewLines: 1}}},
	}}
}

// published is the sample with all that can be published.
func published(name string) (*Report, Publication) {
	r := sample(name)
	r.Policy = review.DefaultPolicy()
	r.Policy.Checks, r.Policy.Comments.Summary = []string{"images", "manifests", "render"}, true
	r.Policy.Acknowledge = []review.Acknowledge{{Rules: []string{"low-uid"}, By: []string{"@acme/security", "@bob"}, NotAuthor: true}}
	r.Policy.Gate.FailOn = review.Warning
	r.FailOn = review.Warning
	r.PolicyFrom, r.Renderers = "policy of main"+name, "Helm 4"+name
	r.Link = func(file string, line int) string {
		return fmt.Sprintf("https://github.com/acme/web/blob/main/%s#L%d", file, line)
	}
	accepted := r.Findings[1]
	accepted.Status, accepted.Exemption = review.Exempt, &review.Exemption{Reason: "it is meant" + name, By: "@alice"}
	r.Findings = append(r.Findings, accepted)
	now := *r.Policy
	now.Rules = map[string]review.RuleSetting{"privileged": {Off: true}}
	after := *r.Result
	after.Findings = after.Findings[1:]
	r.PolicyChange = &PolicyChange{File: ".github/landwaiter.yaml", Old: r.Policy, New: &now, Before: r.Result, After: &after}
	return r, Publish(r, PublicationOptions{Change: sampleChange(name), MayPush: true, MayOpen: true})
}

// spoken are all texts in Markdown that the bot can say with a name in them, by what they are.
func spoken(name string) map[string]string {
	r, p := published(name)
	texts := map[string]string{"the conversation's comment": p.Comment}
	add := func(what string, checks []Check) {
		for i, c := range checks {
			texts[fmt.Sprintf("%s %d's summary", what, i)], texts[fmt.Sprintf("%s %d's text", what, i)] = c.Summary, c.Text
		}
	}
	add("check", p.Checks)
	for i, c := range p.Comments {
		texts[fmt.Sprintf("comment %d", i)] = c.Body
	}
	names := []string{CheckName, CheckName + "/images"}
	mistake := errors.Join(&policy.Mistake{File: "p.yaml" + name, Line: 3, Reason: "unknown key" + name}, errors.New("other"+name))
	add("in progress", InProgress(names))
	add("superseded", Superseded(names, "0123456789"+name))
	add("gone", Gone(names))
	add("unreviewed", Unreviewed(names, "it failed"+name, "do this"+name, "r1"+name))
	add("too large", TooLarge(names, "5,012 files"+name, "3,000"+name))
	add("unreadable", UnreadablePolicy(names, mistake, func(file string, _ int) string { return "https://github.com/" + file }))
	add("nothing", NothingToReview(names, 3))
	texts["a policy that breaks"] = PreviewPolicy(&PolicyChange{File: "p.yaml" + name, Mistake: mistake})
	f := r.Findings[0]
	texts["answer to accept"] = AnswerAccepted(f, "@alice"+name, "why"+name)
	for why := NoReason; why <= NotListed; why++ {
		texts[fmt.Sprint("not accepted ", why)] = AnswerNotAccepted(why, "0"+name, r.Policy.Acknowledge)
	}
	texts["unknown"], texts["unknown rule"] = AnswerUnknown("x"+name), AnswerExplain(r.Rules, r.Policy, "privileged"+name)
	texts["refused"], texts["fixed"] = AnswerRefused("not now"+name), AnswerFix(3, []string{"a.yaml" + name}, "0123456"+name)
	texts["review"] = AnswerReview("0123456" + name)
	return texts
}

// exemptionPart is what a comment says on exemptions, which is not offered for every name.
var exemptionPart = regexp.MustCompile(`(?s)<details><summary>Not wanted here\?.*?</details>\n`)

// honest is how the texts are built without a hostile name.
var honest = sync.OnceValue(func() map[string]string {
	built := make(map[string]string)
	for what, text := range spoken("") {
		built[what] = skeleton(rendered(exemptionPart.ReplaceAllString(text, "")))
	}
	return built
})

// checkSpoken holds that a name changes no text but where it stands itself.
func checkSpoken(t *testing.T, name string) {
	t.Helper()
	for what, text := range spoken(name) {
		if len(text) > maxBody || !utf8.ValidString(text) {
			t.Errorf("%s with %.60q has %d bytes, or is no text", what, name, len(text))
		}
		root := checkRendered(t, fmt.Sprintf("%s with %.60q", what, name), text)
		if what == "unknown rule" || len(name) > 200 { // a long one may take the place of rows
			continue
		}
		if bare := exemptionPart.ReplaceAllString(text, ""); bare != text {
			root = rendered(bare)
		}
		if got, want := skeleton(root), honest()[what]; got != want {
			t.Errorf("%s with %.60q is built as\n%s\nnot as\n%s\n%s", what, name, got, want, text)
		}
	}
}

// checkPlain holds what is true of the plain texts of a publication, and of its markers.
func checkPlain(t *testing.T, name string) {
	t.Helper()
	_, p := published(name)
	for _, c := range p.Checks {
		if len(c.Title) > maxTitle || strings.ContainsAny(c.Title, "\n\r") || !utf8.ValidString(c.Title) {
			t.Errorf("the title is %q", c.Title)
		}
		for _, a := range c.Annotations {
			if len(a.Message) > maxMessage || len(a.Title) > maxTitle || a.StartLine < 1 || a.EndLine < a.StartLine || strings.ContainsFunc(a.Message, hidden) {
				t.Errorf("%.60q makes the annotation %+v", name, a)
			}
		}
	}
	for _, c := range p.Comments {
		if found, ok := ParseMarker(CheckName, c.Body); !ok || !slices.Equal(found, c.Fingerprints) {
			t.Errorf("%.60q makes the marker %v of %v", name, found, c.Fingerprints)
		}
		if IsSummary(CheckName, c.Body) {
			t.Errorf("%.60q makes a summary of a comment", name)
		}
	}
	if _, ok := ParseMarker(CheckName, p.Comment); ok || !IsSummary(CheckName, p.Comment) {
		t.Errorf("%.60q hides the summary", name)
	}
}

// FuzzPublication puts every hostile name, and what the fuzzer makes of it, everywhere a name can stand on a pull request.
func FuzzPublication(f *testing.F) {
	for _, name := range hostile {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if len(name) > 2000 {
			return
		}
		checkSpoken(t, name)
		checkPlain(t, name)
	})
}

// TestHostileSuggestion holds that lines of a pull request stay within the suggestion that shows them, and that what
// cannot be seen is not suggested.
func TestHostileSuggestion(t *testing.T) {
	t.Parallel()
	for _, line := range append(slices.Clone(hostile), "```", "~~~", "````` x", "</details>", "@acme/security", "#12") {
		line = "    x: false # " + strings.NewReplacer("\n", " ", "\r", " ").Replace(line) + "\n"
		r := sample("")
		r.Findings = r.Findings[:1]
		r.Findings[0].Fix.Edits[0].NewText = line
		comments := Publish(r, PublicationOptions{Change: sampleChange("")}).Comments
		if len(comments) != 1 {
			t.Fatalf("%d comments", len(comments))
		}
		body := comments[0].Body
		checkRendered(t, "the suggestion", body)
		if found, ok := ParseMarker(CheckName, body); !ok || !slices.Equal(found, comments[0].Fingerprints) {
			t.Errorf("%q makes the marker %v", line, found)
		}
		suggested := ""
		for n := range rendered(body).Descendants() {
			if n.Data == "code" && len(n.Attr) > 0 && n.Attr[0].Val == "language-suggestion" && n.FirstChild != nil {
				suggested = n.FirstChild.Data
			}
		}
		seen := !strings.ContainsFunc(line, func(r rune) bool { return r != '\n' && r != '\t' && hidden(r) }) && utf8.ValidString(line) && !strings.Contains(line, "##[")
		if seen && suggested != line && len(line) < maxSuggestedBytes && !longRun.MatchString(line) {
			t.Errorf("%q is suggested as %q", line, suggested)
		}
		if !seen && suggested != "" {
			t.Errorf("%q is suggested though it hides something", line)
		}
	}
}
