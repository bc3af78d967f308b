package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

// CatalogueRule is one rule in "landwaiter rules -o json".
type CatalogueRule struct {
	ID         string       `json:"id"`
	Area       string       `json:"area"`
	Level      review.Level `json:"level"`
	Default    bool         `json:"default"` // on without being named
	Summary    string       `json:"summary"`
	Kinds      []string     `json:"kinds"`
	Guidelines []string     `json:"guidelines"`
	Covers     []string     `json:"covers,omitempty"`
	Doc        string       `json:"doc"`
	URL        string       `json:"url"`
	Defined    string       `json:"defined,omitempty"` // where, for a rule of the repository's own
}

// Catalogue describes rules for programs.
func Catalogue(rules []*review.Rule) []CatalogueRule {
	list := make([]CatalogueRule, 0, len(rules))
	for _, r := range rules {
		list = append(list, CatalogueRule{ID: r.ID, Area: r.Area, Level: r.Level, Default: !r.Off, Summary: r.Summary,
			Kinds: orEmpty(r.Kinds), Guidelines: orEmpty(r.Guidelines), Covers: r.Covers, Doc: r.Doc, URL: RuleURL(r), Defined: r.Defined})
	}
	return list
}

// RuleURL is where a rule's documentation is published; "" for a rule that a policy defines.
func RuleURL(r *review.Rule) string {
	if r.Defined != "" {
		return ""
	}
	return fmt.Sprintf("%s/blob/main/internal/review/rules/%s/%s.md", projectURL, r.Area, strings.ReplaceAll(r.ID, "-", "_"))
}

// RuleMarkdown is a rule's documentation with how to exempt from it, its level and its guidelines.
func RuleMarkdown(r *review.Rule) string {
	level := r.Level.String()
	if r.Off {
		level += ", off by default"
	}
	facts := fmt.Sprintf("Level: %s.", level)
	if len(r.Guidelines) > 0 {
		facts += fmt.Sprintf(" Guidelines: %s.", strings.Join(titled(r.Guidelines), ", "))
	}
	return strings.TrimSpace(r.Doc) + "\n\n" + fmt.Sprintf(howToExempt, r.ID, setting(r)) + "\n" + facts + "\n"
}

// setting is the line by which a policy sets a rule for all: milder, or on where it is off.
func setting(r *review.Rule) string {
	if r.Off {
		return r.ID + ": on   # it is off until a policy, or --rules, asks for it"
	}
	return r.ID + ": {level: info}   # or: " + r.ID + ": off"
}

// howToExempt is the same for every rule but for its id and the line that sets it.
const howToExempt = "## How to exempt\n" +
	"The policy file, `.github/landwaiter.yaml`, is read from base. It lets one object be (`KIND/NAME` where it has no namespace), for a reason and until a day, or sets the rule for all:\n\n" +
	"```yaml\n" +
	"exemptions:\n" +
	"  - {rule: %[1]s, object: KIND/NAMESPACE/NAME, reason: why it may stay, until: 2027-12-31}\n" +
	"rules:\n" +
	"  %[2]s\n" +
	"```\n"

// titled are guidelines with their titles.
func titled(ids []string) []string {
	named := slices.Clone(ids)
	for _, g := range Guidelines() {
		if i := slices.Index(ids, g.ID); i >= 0 {
			named[i] = fmt.Sprintf("%s (%s)", g.ID, g.Title)
		}
	}
	return named
}

// CatalogueMarkdown writes the catalogue as docs/rules.md has it.
func CatalogueMarkdown(w io.Writer, rules []*review.Rule) error {
	var b strings.Builder
	b.WriteString("# Rules\n\nMade from the rules themselves by `make generate`. \"off\" means that a policy, or `--rules`, has to ask for the rule.\n")
	area := ""
	for _, r := range rules {
		if r.Area != area {
			area = r.Area
			fmt.Fprintf(&b, "\n## %s\n\n| rule | level | what it says | guidelines |\n|---|---|---|---|\n", area)
		}
		level := r.Level.String()
		if r.Off {
			level = "off (" + level + ")"
		}
		fmt.Fprintf(&b, "| [%s](%s) | %s | %s | %s |\n", r.ID, rulePage(r), level,
			strings.ReplaceAll(r.Summary, "|", `\|`), strings.Join(r.Guidelines, " "))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
