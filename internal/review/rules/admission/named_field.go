package admission

import (
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var (
	quoted    = regexp.MustCompile(`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`)
	selection = regexp.MustCompile(`\bobject((?:\s*\.\s*\??[A-Za-z_]\w*)+)(\s*\()?`)
	variable  = regexp.MustCompile(`\bvariables\s*\.\s*([A-Za-z_]\w*)`)
)

// field is the field that the validation is about, as far as it names just one: the deepest that all of what it selects
// of the object has in common. Otherwise it is the object, or the pod's spec.
func (v verdict) field(p *review.Pass, s *subject) manifests.Field {
	whole := p.Object.Field()
	if s.pod != nil {
		whole = s.spec
	}
	if v.denial.Index < 0 {
		return whole
	}
	path := v.namedPath()
	if len(path) < 2 {
		return whole
	}
	if s.pod == nil {
		return p.Object.Field().Get(path...)
	}
	if path[0] == "metadata" && s.meta.Path() != "" {
		return s.meta.Get(path[1:]...)
	} else if path[0] == "spec" {
		return s.spec.Get(path[1:]...)
	}
	return whole
}

// namedPath is what the fields have in common that a validation names.
func (v verdict) namedPath() (common []string) {
	first := true
	for _, path := range v.selected(v.policy.source.Validations[v.denial.Index].Expression, map[string]bool{}) {
		longer := longerOf(common, path)
		switch {
		case path[0] == "kind" || path[0] == "apiVersion":
		case first:
			common, first = path, false
		case len(common) > 0 && longer != nil: // "has(object.a) && object.a.b" is about the deeper one
			common = longer
		default:
			common = shared(common, path)
		}
	}
	return common
}

// selected are the fields of the object that an expression names, by itself or through variables.
func (v verdict) selected(expression string, seen map[string]bool) (paths [][]string) {
	bare := quoted.ReplaceAllString(expression, `""`)
	for _, m := range selection.FindAllStringSubmatch(bare, -1) {
		path := strings.FieldsFunc(m[1], func(r rune) bool { return strings.ContainsRune(". \t\n\r?", r) })
		if m[2] != "" { // the last is a function
			path = path[:len(path)-1]
		}
		if len(path) > 0 {
			paths = append(paths, path)
		}
	}
	for _, m := range variable.FindAllStringSubmatch(bare, -1) {
		for _, known := range v.policy.source.Variables {
			if known.Name == m[1] && !seen[m[1]] {
				seen[m[1]] = true
				paths = append(paths, v.selected(known.Expression, seen)...)
			}
		}
	}
	return paths
}

// longerOf returns the longer of two paths of which one leads to the other, nil when neither does.
func longerOf(a, b []string) []string {
	if len(a) < len(b) {
		a, b = b, a
	}
	if slices.Equal(a[:len(b)], b) {
		return a
	}
	return nil
}

func shared(a, b []string) []string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}
