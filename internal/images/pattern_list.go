package images

// Allowlist decides by patterns. Deny always wins, in whatever order the lists are written; with patterns to allow,
// what none of them covers is refused.
type Allowlist struct{ allow, deny []Pattern }

// NewAllowlist reads the patterns of a policy's images section. The error names the pattern and what is wrong with it.
func NewAllowlist(allow, deny []string) (*Allowlist, error) {
	l := &Allowlist{}
	var err error
	if l.allow, err = parsePatterns(allow); err != nil {
		return nil, err
	}
	l.deny, err = parsePatterns(deny)
	return l, err
}

func parsePatterns(texts []string) ([]Pattern, error) {
	patterns := make([]Pattern, 0, len(texts))
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, err
		}
		patterns = append(patterns, p)
	}
	return patterns, nil
}

// Decides reports whether the list refuses anything at all.
func (l *Allowlist) Decides() bool { return len(l.allow)+len(l.deny) > 0 }

// Restricts reports whether the list has patterns to allow, so that what cannot be read is refused.
func (l *Allowlist) Restricts() bool { return len(l.allow) > 0 }

// Allows reports whether the image may be used, and otherwise the pattern that denies it, "" when none allows it.
func (l *Allowlist) Allows(ref Reference) (allowed bool, deniedBy string) {
	for _, p := range l.deny {
		if p.Match(ref.Name()) {
			return false, p.String()
		}
	}
	for _, p := range l.allow {
		if p.Match(ref.Name()) {
			return true, ""
		}
	}
	return !l.Restricts(), ""
}

// Allowed returns the patterns that allow.
func (l *Allowlist) Allowed() []Pattern { return l.allow }

// Denied returns the patterns that deny.
func (l *Allowlist) Denied() []Pattern { return l.deny }
