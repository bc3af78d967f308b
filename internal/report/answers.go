package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// Answers are what the bot writes below a command in a comment, in Markdown. What people wrote is repeated only where
// it helps, and as code.

// Commands lists the commands that comments can hold, each with what it does.
func Commands() [][2]string {
	return [][2]string{
		{"/landwaiter review", "reviews the newest commit again"},
		{"/landwaiter fix", "commits the safe fixes to the branch of this pull request"},
		{"/landwaiter accept FINGERPRINT REASON", "accepts a finding that is meant; the policy's `acknowledge` says who may"},
		{"/landwaiter explain RULE", "says what a rule is about, with a bad and a good example"},
		{"/landwaiter help", "shows this list"},
	}
}

// AnswerHelp lists the commands.
func AnswerHelp() string {
	var b strings.Builder
	b.WriteString("A comment whose first line is one of these is a command. Who may write to the repository may give them.\n\n| command | what it does |\n|---|---|\n")
	for _, c := range Commands() {
		fmt.Fprintf(&b, "| %s | %s |\n", code(c[0]), c[1])
	}
	return b.String()
}

// AnswerUnknown is the answer to a command that there is none of.
func AnswerUnknown(command string) string {
	return fmt.Sprintf("There is no command %s.\n\n%s", code(shorten(command, maxCell)), AnswerHelp())
}

// AnswerExplain explains a rule out of the catalogue: its page, its level under the policy that is followed here, and the
// page's address.
func AnswerExplain(rules []*review.Rule, policy *review.Policy, id string) string {
	i := slices.IndexFunc(rules, func(r *review.Rule) bool { return r.ID == id })
	if i < 0 {
		return unknownRule(rules, id)
	}
	rule := rules[i]
	text := "#" + strings.ReplaceAll(strings.TrimSpace(RuleMarkdown(rule)), "\n## ", "\n#### ") + "\n"
	if setting, ok := policy.Rules[id]; ok {
		text += "\nThe policy here: " + settingOf(setting) + ".\n"
	}
	if entries := policy.Acknowledging(id); entries != nil {
		text += fmt.Sprintf("\nIts findings can be accepted in a pull request: %s may do so.\n", Acceptors(entries))
	}
	if rule.Defined == "" {
		text += "\n" + link("The page of the rule", RuleURL(rule)) + "\n"
	}
	return Limit(text, maxBody)
}

func settingOf(s review.RuleSetting) string {
	switch {
	case s.Off:
		return "off"
	case s.Params != nil && s.Level > 0:
		return "level " + s.Level.String() + ", with parameters of its own"
	case s.Params != nil:
		return "on, with parameters of its own"
	}
	return "level " + s.Level.String()
}

// unknownRule says that there is no such rule, and which ones look like it.
func unknownRule(rules []*review.Rule, id string) string {
	const most = 8
	words := strings.FieldsFunc(strings.ToLower(id), func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	var near []string
	for _, r := range rules {
		if slices.ContainsFunc(words, func(word string) bool { return len(word) > 2 && strings.Contains(r.ID, word) }) && len(near) < most {
			near = append(near, code(r.ID))
		}
	}
	text := fmt.Sprintf("There is no rule %s.", code(shorten(id, maxCell)))
	if near != nil {
		text += " Perhaps " + strings.Join(near, ", ") + "?"
	}
	return text + " " + link("All rules", projectURL+"/blob/main/docs/rules.md") + "\n"
}

// AnswerReview says that a commit is being reviewed again.
func AnswerReview(head string) string {
	return fmt.Sprintf("Reviewing %s again; the check `%s` will tell.\n", code(shortCommit(head)), CheckName)
}

// AnswerFix says what became of the safe fixes: how many went into which files, by which commit.
func AnswerFix(fixed int, files []string, commit string) string {
	if fixed == 0 {
		return "There is nothing that can be fixed safely. The other fixes change what a workload may do, so a person has to look at them.\n"
	}
	const most = 20
	text := fmt.Sprintf("%s in %s, by commit %s:\n\n", Plural(fixed, "safe fix"), Plural(len(files), "file"), code(shortCommit(commit)))
	for _, file := range files[:min(len(files), most)] {
		text += "- " + code(shorten(file, maxCell)) + "\n"
	}
	if len(files) > most {
		text += "- and " + Plural(len(files)-most, "more file") + "\n"
	}
	return text
}

// AnswerExempt says which pull request proposes exemptions, by its number in this repository.
func AnswerExempt(exemptions, number int) string {
	return fmt.Sprintf("%s to the policy proposed in #%d. They count once that is merged, and need reasons.\n", Plural(exemptions, "exemption"), number)
}

// AnswerRefused says why a command was not followed, in plain sentences, and what to do instead.
func AnswerRefused(why string) string { return markdownText(shorten(why, 4*maxReason)) + "\n" }

// AnswerAccepted confirms that a finding is accepted, by whom and for what reason.
func AnswerAccepted(f review.Finding, by, reason string) string {
	return fmt.Sprintf("Accepted by %s: %s, %s\n\n> %s\n\nThis holds for exactly what the finding says now. If the change gives it another effect, the check asks again.\n",
		code(by), code(f.Rule), markdownText(shorten(f.Message, maxReason)), markdownText(shorten(reason, maxReason)))
}

// AnswerNotAccepted says why a finding was not accepted.
func AnswerNotAccepted(why NotAccepted, fingerprint string, entries []review.Acknowledge) string {
	named := code(shorten(fingerprint, maxCell))
	switch why {
	case NoReason:
		return fmt.Sprintf("To accept %s somebody has to say why: %s\n", named, code("/landwaiter accept "+shorten(fingerprint, maxCell)+" REASON"))
	case NoSuchFinding:
		return fmt.Sprintf("No new finding of this pull request is called %s. The change may have given it another effect; the check `%s` lists what can be accepted.\n", named, CheckName)
	case RuleNotListed:
		return fmt.Sprintf("The rule of %s is not among those whose findings can be accepted by a comment (`acknowledge` in the policy). Correct it, or exempt it in the policy file.\n", named)
	case ByAuthor:
		return fmt.Sprintf("Who opened the pull request cannot accept %s. It takes somebody else's word.\n", named)
	}
	return fmt.Sprintf("%s may accept %s, by the policy.\n", Acceptors(entries), named)
}

// NotAccepted is why a finding cannot be accepted.
type NotAccepted int

// The reasons why a finding is not accepted.
const (
	NoReason      NotAccepted = iota // nothing was said
	NoSuchFinding                    // the fingerprint is of none that is new
	RuleNotListed                    // the policy lets nobody accept findings of the rule
	ByAuthor                         // who opened the pull request is excluded
	NotListed                        // the person is not among those who may
)
