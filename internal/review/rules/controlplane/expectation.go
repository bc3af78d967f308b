package controlplane

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/review"
)

// expectation is what one setting of a component has to be.
type expectation struct {
	component string
	flag      string
	good      func(value string) bool
	bad       string       // message when the setting is written and wrong; what follows is the value
	missing   string       // message when it is not written and its default is wrong; "" when that is all right
	detail    string       // the consequence
	want      any          // the value that is right; nil when it does not follow
	title     string       // of the fix
	mild      review.Level // of what is not written; 0 for the rule's
	bound     bool         // only components that others can reach count
}

// check judges every component of the root.
func (e expectation) check(p *review.Pass) {
	for _, c := range of(p, e.component) {
		if !e.bound || !c.local {
			e.judge(p, c)
		}
	}
}

func (e expectation) judge(p *review.Pass, c component) {
	f, written := c.get(e.flag)
	var d *review.Draft
	switch {
	case written && (!f.known() || e.good(f.value)):
		return
	case written:
		d = f.at.report(p, "%s", e.bad+" ("+f.shown()+")")
	case e.missing == "" || c.open || e.good(c.defaults[e.flag]):
		return
	default:
		d = c.missing(e.flag).report(p, "%s", e.missing)
		if e.mild > 0 {
			d.Lower(e.mild)
		}
	}
	d.Detail("%s", e.detail)
	if ops := c.ops(e.flag, e.want); e.want != nil && len(ops) > 0 {
		d.Fix(e.title, ops...).Unsafe()
	}
}

// shown writes a flag with its value, as the source has it.
func (f flag) shown() string {
	if f.written != "" {
		return f.written
	}
	return "--" + f.name + "=" + f.value
}

// isNot, is and given make the conditions of expectations.
func isNot(values ...string) func(string) bool {
	return func(value string) bool { return !slices.Contains(values, value) }
}

func is(values ...string) func(string) bool {
	return func(value string) bool { return slices.Contains(values, value) }
}

func given(value string) bool { return value != "" }
