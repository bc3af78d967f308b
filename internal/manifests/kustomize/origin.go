package kustomize

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

var variable = regexp.MustCompile(`\$\(([-A-Za-z0-9_.]+)\)`)

// origin returns the stack of the places that made a field what it is: the one that set it last first, then those
// it overrode or changed. What cannot be explained is at most known to come from the file.
func (t *tracer) origin(s *subject, sp *spot) manifests.Origin {
	claims := t.claims(s, sp)
	if len(claims) == 0 {
		return nil
	}
	if sp.field.Node().Kind != yaml.ScalarNode {
		return container(claims)
	}
	settled := slices.IndexFunc(claims, func(c claim) bool { return c.strength == identical })
	literal := slices.ContainsFunc(claims, func(c claim) bool { return c.doc != nil && c.strength >= whole })
	var kept []claim
	for i, c := range claims {
		switch {
		case i < settled && c.doc != nil: // kustomize still has the earlier node: this changed nothing
		case c.affix && literal:
		case c.strength == touches && len(kept) == 0: // something later set another value
		default:
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return unexplained(claims)
	}
	return frames(kept)
}

// unexplained is the origin of a value that no source holds: the innermost file that sets the field.
func unexplained(claims []claim) manifests.Origin {
	for _, c := range claims {
		if c.doc != nil {
			return manifests.Origin{c.doc.somewhere()}
		}
	}
	return nil
}

// container orders what a mapping or list is from: where it was made, then what was merged into it.
func container(claims []claim) manifests.Origin {
	maker := slices.IndexFunc(claims, func(c claim) bool { return c.json })
	if maker < 0 {
		maker = len(claims) - 1
		// The first that has the node: a patch is merged into what is there, and often begins on the very lines of its resource.
		for i, c := range slices.Backward(claims) {
			if c.strength == identical {
				maker = i
				break
			}
		}
	}
	rest := slices.Delete(slices.Clone(claims), maker, maker+1)
	return frames(append([]claim{claims[maker]}, rest...))
}

// frames joins the frames of claims, each place once.
func frames(claims []claim) manifests.Origin {
	var all manifests.Origin
	for _, c := range claims {
		for _, f := range c.frames {
			if !slices.ContainsFunc(all, func(g manifests.Frame) bool { return g.Span == f.Span }) {
				all = append(all, f)
			}
		}
	}
	return all
}

// claims collects what the effects say of a field, the last one first.
func (t *tracer) claims(s *subject, sp *spot) []claim {
	var all []claim
	for i := len(s.effects) - 1; i >= 0; i-- {
		e := s.effects[i]
		if e.claim != nil {
			all = append(all, e.claim(s, sp)...)
		}
		if e.move != nil {
			all = append(all, e.move(e, s, sp)...)
		}
		if n := sp.aligned[i]; n != nil {
			origin := e.doc.origin(n)
			for at := sp; at != nil && at.aligned[i] != nil; at = at.parent {
				origin = append(origin, e.doc.uses(at.aligned[i])...)
			}
			all = append(all, e.nulls(sp, n)...)
			all = append(all, claim{frames: origin, strength: t.compare(s, sp, n), doc: e.doc, json: e.json})
		}
	}
	return all
}

// compare says how a source node compares with the field.
func (t *tracer) compare(s *subject, sp *spot, n *yaml.Node) strength {
	v := sp.field.Node()
	switch {
	case v.Kind != n.Kind:
		return touches
	case v.Kind != yaml.ScalarNode:
		if s.hints && sp.is(n) {
			return identical
		}
		return part
	case sameScalar(v, n):
		if s.hints && sp.is(n) {
			return identical
		}
		return whole
	case t.affixed(n.Value, v.Value), substituted(n.Value, v.Value):
		return part
	}
	return touches
}

// affixed reports whether value is name with prefixes and suffixes of the build's kustomizations, and perhaps a
// hash, around it.
func (t *tracer) affixed(name, value string) bool {
	i := strings.Index(value, name)
	if name == "" || i < 0 {
		return false
	}
	before, after := value[:i], hashSuffix.ReplaceAllString(value[i+len(name):], "")
	return peel(before, t.prefixes, strings.CutPrefix) == "" && peel(after, t.suffixes, strings.CutSuffix) == ""
}

// peel cuts affixes off a text as long as one fits.
func peel(text string, affixes []string, cut func(s, affix string) (string, bool)) string {
	for {
		i := slices.IndexFunc(affixes, func(affix string) bool { _, fits := cut(text, affix); return fits })
		if i < 0 {
			return text
		}
		text, _ = cut(text, affixes[i])
	}
}

// substituted reports whether value is text with its $(VARIABLES) replaced.
func substituted(text, value string) bool {
	parts := variable.Split(text, -1)
	if len(parts) < 2 {
		return false
	}
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	pattern, err := regexp.Compile(`(?s)^` + strings.Join(parts, `.*`) + `$`)
	return err == nil && pattern.MatchString(value)
}
