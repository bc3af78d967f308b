package images

import (
	"fmt"
	"strings"
)

// Mirror says that the repositories below one name are copies of those below another: "mirror.internal/hub" holds what
// "docker.io" has.
type Mirror struct {
	From, To string // names of repositories, or of what is above them, without the final "/**"
	deep     bool
}

// Mirrors are looked at in their order; the first that covers an image counts.
type Mirrors []Mirror

// ParseMirror reads a mirror as policies have it: both sides end in "/**", or both name one repository.
func ParseMirror(from, to string) (Mirror, error) {
	f, fromDeep := strings.CutSuffix(from, "/**")
	t, toDeep := strings.CutSuffix(to, "/**")
	if fromDeep != toDeep {
		return Mirror{}, fmt.Errorf("mirror %q of %q: either both end in /**, or none", from, to)
	}
	m := Mirror{deep: fromDeep}
	for _, side := range []struct {
		name string
		into *string
	}{{f, &m.From}, {t, &m.To}} {
		if strings.Contains(side.name, "*") {
			return Mirror{}, fmt.Errorf("mirror %q of %q: the only wildcard is /** at the end", from, to)
		}
		folded, err := foldMirror(side.name, m.deep)
		if err != nil {
			return Mirror{}, fmt.Errorf("mirror %q of %q: %w", from, to, err)
		}
		*side.into = folded
	}
	if m.From == m.To {
		return Mirror{}, fmt.Errorf("mirror %q of %q: it is its own", from, to)
	}
	return m, nil
}

// foldMirror brings one side into the form that names of references have. A deep side may be a host alone.
func foldMirror(name string, deep bool) (string, error) {
	if deep {
		ref, err := ParseReference(name + "/x/x")
		return strings.TrimSuffix(ref.Name(), "/x/x"), err
	}
	ref, err := ParseReference(name)
	if err == nil && (ref.Tag != "" || ref.Digest != "") {
		err = fmt.Errorf("%q has a tag or a digest", name)
	}
	return ref.Name(), err
}

// Origin returns the reference that one of a mirror is a copy of, with its tag and digest; ok is false when no mirror
// covers it.
func (all Mirrors) Origin(ref Reference) (origin Reference, ok bool) {
	for _, m := range all {
		name, covered := m.origin(ref.Name())
		if !covered {
			continue
		}
		origin, err := ParseReference(name)
		if err != nil {
			return Reference{}, false
		}
		origin.Tag, origin.Digest = ref.Tag, ref.Digest
		return origin, true
	}
	return Reference{}, false
}

func (m Mirror) origin(name string) (string, bool) {
	if !m.deep {
		return m.To, name == m.From
	}
	rest, below := strings.CutPrefix(name, m.From+"/")
	return m.To + "/" + rest, below
}
