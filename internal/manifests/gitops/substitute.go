package gitops

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// substitutionKey switches substitution off for an object, as a label or an annotation.
const substitutionKey = "kustomize.toolkit.fluxcd.io/substitute"

// substitute replaces the variables in an object as Flux does: in its text, before that is read again.
func substitute(o *manifests.Object, after manifests.Finish) (*manifests.Object, error) {
	meta := o.Field().Get("metadata")
	if !bytes.Contains(o.Raw, []byte("${")) || meta.Get("labels", substitutionKey).Text() == "disabled" || meta.Get("annotations", substitutionKey).Text() == "disabled" {
		return o, nil
	}
	text, err := evaluate(string(o.Raw), after)
	if err != nil {
		return nil, failureAt(first(o), fmt.Sprintf("the variables of %s cannot be substituted: %v", o.Identity, err), err)
	}
	changed, err := manifests.NewObject([]byte(text))
	if err != nil {
		return nil, failureAt(first(o), fmt.Sprintf("with its variables substituted %s is no object any more: %s", o.Identity, manifests.Discreet(err.Error())), err)
	}
	changed.Hook = o.Hook
	if o.Origins != nil {
		changed.Origins = substituted(o, changed, after)
	}
	return changed, nil
}

func first(o *manifests.Object) manifests.Origin {
	origin, _ := o.OriginAt("")
	return origin
}

// substituted gives the fields of changed the origins that they had in o, and those into which variables went the place of
// the variable before.
func substituted(o, changed *manifests.Object, after manifests.Finish) []manifests.Origin {
	var origins []manifests.Origin
	changed.Walk(func(f manifests.Field) {
		origin, exists := o.OriginAt(f.Path())
		if written := o.Lookup(f.Path()); exists && f.Node().Kind == yaml.ScalarNode {
			for _, use := range variable.FindAllStringSubmatch(written.Text(), -1) {
				if v, ok := after.Variables[use[1]]; ok && written.Text() != f.Text() {
					origin = slices.Concat(values(v.At), origin)
				}
			}
		}
		origins = append(origins, origin)
	})
	return origins
}

// values is an origin in the part of a value.
func values(at manifests.Origin) manifests.Origin {
	own := slices.Clone(at)
	for i := range own {
		own[i].Role = manifests.RoleValues
	}
	return own
}

// variable is an expression that substitution replaces.
var (
	variable     = regexp.MustCompile(`\$\{#?([_a-zA-Z][_a-zA-Z0-9]*)`)
	variableName = regexp.MustCompile(`^[_[:alpha:]][_[:alpha:][:digit:]]*$`) // as Flux has it
)

// sign stands for an expression that is left as it is.
var sign = regexp.MustCompile("\x01[0-9]+\x02")

// withMarks puts a mark in the place of each expression that needs a variable nobody knows, and returns what the marks
// stand for. One that has a default is left to have that.
func withMarks(text string, variables map[string]manifests.Variable) (marked string, kept map[string]string) {
	var out strings.Builder
	kept = make(map[string]string)
	for i := 0; i < len(text); {
		found := variable.FindStringSubmatchIndex(text[i:])
		if found == nil {
			out.WriteString(text[i:])
			break
		}
		start, end, name := i+found[0], i+found[1], text[i+found[2]:i+found[3]]
		dollars := len(text[i:start]) - len(strings.TrimRight(text[i:start], "$"))
		out.WriteString(text[i:start])
		_, known := variables[name]
		whole := closed(text, start)
		if known || dollars%2 == 1 || hasDefault(text[end:]) || whole < 0 { // "$${" is no expression
			out.WriteString(text[start:end])
			i = end
			continue
		}
		mark := fmt.Sprintf("\x01%d\x02", len(kept))
		kept[mark] = text[start:whole]
		out.WriteString(mark)
		i = whole
	}
	return out.String(), kept
}

// hasDefault reports whether an operator says what a variable is that is not set.
func hasDefault(operator string) bool {
	return slices.ContainsFunc([]string{":-", ":=", "-", "="}, func(op string) bool { return strings.HasPrefix(operator, op) })
}

// closed is where an expression ends that begins at start; -1 when it does not, or is too long to be one.
func closed(text string, start int) int {
	const longest = 500
	depth := 0
	for i := start; i < min(len(text), start+longest); i++ {
		switch {
		case strings.HasPrefix(text[i:], "${"):
			depth++
			i++
		case text[i] == '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// evaluate substitutes the variables in a text. Those that may be set by what is not in the repository are left as they
// are where nothing else is said; all others that are not set are empty.
func evaluate(text string, after manifests.Finish) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(after.Variables)) { // so that of several the same is named each time
		if !variableName.MatchString(name) {
			return "", fmt.Errorf("%q is no name of a variable", name)
		}
	}
	var kept map[string]string
	if len(after.Unknown) > 0 {
		text, kept = withMarks(text, after.Variables)
	}
	out, err := expand(text, after.Variables)
	if err != nil {
		return "", err
	}
	return sign.ReplaceAllStringFunc(out, func(found string) string { return cmp.Or(kept[found], found) }), nil
}
