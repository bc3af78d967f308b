package report

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/policy"
	"go.yaml.in/yaml/v3"
)

// PolicyChange is what a pull request does to the policy. It is judged by the policy before it; what the one after it
// would say is a preview.
type PolicyChange struct {
	File     string         // that changes
	Mistake  error          // why the policy after it cannot be used; nil when it can
	Old, New *review.Policy // New is nil with a Mistake
	Before   *review.Result // the review under Old
	After    *review.Result // the same review under New; nil when there was none
	Whole    bool           // both are of the whole repository at head, not of the change
}

// breaks reports whether the change brings a policy that cannot be used, under which nothing could be merged any more.
func (c *PolicyChange) breaks() bool { return c != nil && c.Mistake != nil }

// annotations mark the lines of the changed file on which the mistakes are.
func (c *PolicyChange) annotations() (all []Annotation) {
	if !c.breaks() {
		return nil
	}
	for _, m := range mistakesOf(c.Mistake) {
		if m.File == c.File && m.Line > 0 {
			all = append(all, Annotation{File: m.File, StartLine: m.Line, EndLine: m.Line, Level: "failure",
				Title: "policy", Message: clip(plain(m.Reason), maxMessage)})
		}
	}
	return all
}

// mistakesOf takes the error of reading a policy apart. An error of another kind is one mistake that stands nowhere.
func mistakesOf(err error) (all []*policy.Mistake) {
	switch wrapped := err.(type) {
	case *policy.Mistake:
		return []*policy.Mistake{wrapped}
	case interface{ Unwrap() []error }:
		for _, one := range wrapped.Unwrap() {
			all = append(all, mistakesOf(one)...)
		}
	case interface{ Unwrap() error }:
		if one := new(policy.Mistake); errors.As(err, &one) {
			return mistakesOf(wrapped.Unwrap())
		}
	}
	if all == nil {
		all = []*policy.Mistake{{File: "policy", Reason: fmt.Sprint(err)}}
	}
	return all
}

// policyChange is the section of the summary on a change of the policy.
func policyChange(r *Report) string {
	if r.PolicyChange == nil {
		return ""
	}
	return PreviewPolicy(r.PolicyChange)
}

// PreviewPolicy says in Markdown what a change of the policy would do: which settings it touches, whether the outcome is
// another, and which findings appear, vanish, change their level or no longer fail the check.
func PreviewPolicy(c *PolicyChange) string {
	text := "### What the changed policy would do\n\n"
	if c.breaks() {
		return text + "It cannot be used, and with it nothing could be reviewed:\n\n" + list(mistakesOf(c.Mistake), "mistake", func(m *policy.Mistake) string {
			return fmt.Sprintf("- %s: %s\n", code(shorten(m.Place(), maxCell)), markdownText(shorten(m.Reason, maxReason)))
		})
	}
	if touched := changedSettings(c.Old, c.New); touched != nil {
		text += fmt.Sprintf("%s changes %s. This review follows the policy before it.\n\n", code(shorten(c.File, maxCell)), strings.Join(touched, ", "))
	} else {
		text += fmt.Sprintf("%s changes and says the same as before.\n\n", code(shorten(c.File, maxCell)))
	}
	if c.Before == nil || c.After == nil {
		return text
	}
	rows := c.rows()
	if rows == nil {
		return text + fmt.Sprintf("It makes no difference to what is found in %s.\n\n", c.scope())
	}
	return text + c.outcome() + "| what | rule | findings | as in |\n|---|---|---|---|\n" + list(rows, "rule", asIs)
}

func (c *PolicyChange) scope() string {
	if c.Whole {
		return "the repository"
	}
	return "this change"
}

// outcome compares the verdicts.
func (c *PolicyChange) outcome() string {
	verbs := map[review.Verdict]string{review.Passed: "pass", review.Fails: "fail"}
	before, after := verbs[c.Before.Verdict], verbs[c.After.Verdict]
	if before != after {
		return fmt.Sprintf("Under it %s would **%s**, where now it would %s:\n\n", c.scope(), after, before)
	}
	return fmt.Sprintf("Under it %s would %s as it does now, and yet:\n\n", c.scope(), after)
}

// changedSettings names the keys in which two policies differ, with the rules.
func changedSettings(old, now *review.Policy) []string {
	if old == nil || now == nil {
		return nil
	}
	var changed []string
	a, b := reflect.ValueOf(plainly(*old)), reflect.ValueOf(plainly(*now))
	for i := range a.NumField() {
		name := strings.ToLower(a.Type().Field(i).Name)
		switch {
		case name == "rules":
			for _, id := range changedRules(old.Rules, now.Rules) {
				changed = append(changed, code("rules."+id))
			}
		case !reflect.DeepEqual(said(a.Field(i)), said(b.Field(i))):
			changed = append(changed, code(name))
		}
	}
	const most = 12
	if len(changed) > most {
		return append(changed[:most], Plural(len(changed)-most, "more key"))
	}
	return changed
}

// plainly is a policy that says what it would leave to the defaults.
func plainly(p review.Policy) review.Policy {
	if p.Profile == "" {
		p.Profile = review.Profiles()[0]
	}
	if p.Helm == 0 {
		p.Helm = 4
	}
	return p
}

// said is what a setting says, wherever in its file it stands.
func said(v reflect.Value) string {
	if entries, ok := v.Interface().([]review.ExemptionRule); ok {
		entries = slices.Clone(entries)
		for i := range entries {
			entries[i].Line = 0
		}
		return fmt.Sprintf("%+v", entries)
	}
	if rules, ok := v.Interface().([]*review.Rule); ok {
		text := ""
		for _, rule := range rules {
			text += fmt.Sprintf("%s %s %v\n%s", rule.ID, rule.Level, rule.Kinds, rule.Doc)
		}
		return text
	}
	if images, ok := v.Interface().(review.ImagePolicy); ok {
		text := ""
		for i := range images.Verify {
			text += content(&images.Verify[i])
		}
		images.Verify, images.From = nil, review.ImageLayers{}
		return fmt.Sprintf("%+v", images) + text
	}
	return fmt.Sprintf("%+v", v.Interface())
}

// changedRules are the rules of which two policies say different things.
func changedRules(old, now map[string]review.RuleSetting) []string {
	var changed []string
	for _, settings := range []map[string]review.RuleSetting{old, now} {
		for id := range settings {
			a, b := old[id], now[id]
			_, had := old[id]
			_, has := now[id]
			same := had == has && a.Off == b.Off && a.Level == b.Level && content(a.Params) == content(b.Params)
			if !same && !slices.Contains(changed, id) {
				changed = append(changed, id)
			}
		}
	}
	slices.Sort(changed)
	return changed
}

// content is what a node says, however it is written.
func content(n *yaml.Node) string {
	var value any
	if n == nil || n.Decode(&value) != nil {
		return ""
	}
	return fmt.Sprintf("%#v", value)
}

// effect is what a policy change does to one finding.
type effect struct{ what, rule string }

// rows groups what happens to findings by rule, the loosening first.
func (c *PolicyChange) rows() []string {
	after := make(map[string][]review.Finding)
	for _, f := range c.After.Findings {
		after[sameFinding(&f)] = append(after[sameFinding(&f)], f)
	}
	examples, counts := make(map[effect]review.Finding), make(map[effect]int)
	note := func(f review.Finding, what string) {
		if what == "" {
			return
		}
		e := effect{what, f.Rule}
		if counts[e]++; counts[e] == 1 {
			examples[e] = f
		}
	}
	for _, f := range c.Before.Findings {
		key := sameFinding(&f)
		if len(after[key]) == 0 {
			note(f, c.happens(&f, nil))
			continue
		}
		note(f, c.happens(&f, &after[key][0]))
		after[key] = after[key][1:]
	}
	for _, f := range c.After.Findings {
		if key := sameFinding(&f); len(after[key]) > 0 {
			note(f, c.happens(nil, &f))
			after[key] = after[key][1:]
		}
	}
	return effectRows(examples, counts)
}

func effectRows(examples map[effect]review.Finding, counts map[effect]int) []string {
	order := make([]effect, 0, len(counts))
	for e := range counts {
		order = append(order, e)
	}
	loosens := func(e effect) int {
		if strings.Contains(e.what, "no longer") {
			return 0
		}
		return 1
	}
	slices.SortFunc(order, func(a, b effect) int {
		return cmp.Or(cmp.Compare(loosens(a), loosens(b)), -cmp.Compare(counts[a], counts[b]), cmp.Compare(a.rule, b.rule), cmp.Compare(a.what, b.what))
	})
	var rows []string
	for _, e := range order {
		rows = append(rows, fmt.Sprintf("| %s | %s | %d | %s |\n", e.what, code(e.rule), counts[e], code(shorten(example(examples[e]), maxCell))))
	}
	return rows
}

// example names a place of a finding.
func example(f review.Finding) string {
	if place := Place(f.Location); place != "" {
		return place
	}
	return f.Root
}

// sameFinding is equal for one violation under two policies.
func sameFinding(f *review.Finding) string {
	return strings.Join([]string{f.Rule, f.Root, f.Object.String(), f.Path, f.Message}, "\x00")
}

// happens says what the policy change does to a finding that is nil where there is none; "" for nothing.
func (c *PolicyChange) happens(before, after *review.Finding) string {
	stopped := before != nil && c.Old.Gate.Stops(before)
	stops := after != nil && c.New.Gate.Stops(after)
	what := ""
	switch {
	case before == nil && after.Status == review.Fixed, after == nil && before.Status == review.Fixed:
		return ""
	case before == nil:
		what = "found, at level " + after.Level.String()
	case after == nil:
		what = "no longer found"
	case before.Level != after.Level:
		what = fmt.Sprintf("%s becomes %s", before.Level, after.Level)
	case before.Status != after.Status:
		what = fmt.Sprintf("%s becomes %s", before.Status, after.Status)
	}
	switch {
	case stopped && !stops:
		what = joined(what, "no longer fails the check")
	case !stopped && stops:
		what = joined(what, "fails the check")
	}
	return what
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
