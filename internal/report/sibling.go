package report

import (
	"fmt"
	"slices"
	"strings"
)

// Sibling is another pull request whose head is the same commit, with what its own checks come to.
type Sibling struct {
	Number int
	Base   string // branch
	Checks []Check
}

// byWorst orders conclusions, the worst last.
var byWorst = []string{Success, ActionRequired, Failure}

// Beside is the publication of a commit that other pull requests have as their head too. A check run belongs to a commit,
// so each of its checks is as bad as the worst that has its name, and says whose that is.
func (p Publication) Beside(siblings []Sibling) Publication {
	p.Checks = slices.Clone(p.Checks)
	for i := range p.Checks {
		c := &p.Checks[i]
		var notes []string
		for _, s := range siblings {
			at := slices.IndexFunc(s.Checks, func(x Check) bool { return x.Name == c.Name })
			if at < 0 || s.Checks[at].Conclusion == Success {
				continue
			}
			other := s.Checks[at]
			if slices.Index(byWorst, other.Conclusion) > slices.Index(byWorst, c.Conclusion) {
				c.Conclusion, c.Title = other.Conclusion, title(fmt.Sprintf("#%d: %s", s.Number, other.Title))
			}
			notes = append(notes, fmt.Sprintf("- #%d, into %s: %s\n", s.Number, code(shorten(s.Base, maxCell)), markdownText(shorten(other.Title, maxReason))))
		}
		if notes != nil {
			head := "### Other pull requests with this head\n\nA check belongs to a commit, so it passes only once it does for all of them.\n\n" + strings.Join(notes, "") + "\n"
			c.Summary = head + Limit(c.Summary, maxBody-len(head))
		}
	}
	return p
}
