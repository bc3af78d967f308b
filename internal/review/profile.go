package review

// restrictedErrors are the rules that profile restricted raises to errors, beside the network area.
var restrictedErrors = map[string]bool{"pss-restricted": true, "seccomp": true, "image-digest": true}

// Profiles lists the profiles a policy can choose, the default first.
func Profiles() []string { return []string{"recommended", "baseline", "restricted", "everything"} }

// switchedOn reports whether a rule runs under a policy that names it or not.
func switchedOn(r *Rule, setting RuleSetting, profile string) bool {
	switch {
	case setting.Off:
		return false
	case setting.Level > 0 || setting.Params != nil:
		return true
	case profile == "everything":
		return true
	case profile == "baseline":
		return !r.Off && r.Level == Error
	}
	return !r.Off
}

// levelOf returns the level at which a rule's findings are reported.
func levelOf(r *Rule, setting RuleSetting, profile string) Level {
	switch {
	case setting.Level > 0:
		return setting.Level
	case profile == "restricted" && (restrictedErrors[r.ID] || r.Area == "network"):
		return Error
	}
	return r.Level
}

// LevelOf returns the level at which the policy has a rule reported; ok is false when the rule does not run.
func (p *Policy) LevelOf(r *Rule) (level Level, ok bool) {
	setting := p.Rules[r.ID]
	return levelOf(r, setting, p.Profile), switchedOn(r, setting, p.Profile)
}
