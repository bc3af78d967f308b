package gitops

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/fluxcd/pkg/envsubst"
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// finish leads the objects' origins back to the tree's files, and does what the deployment does after rendering.
func finish(objects []*manifests.Object, after manifests.Finish, back *returner) (all []*manifests.Object, err error) {
	for _, o := range objects {
		for j := range o.Origins {
			o.Origins[j] = back.origin(o.Origins[j])
		}
		if after.SkipTests && ofTest(o) {
			continue
		}
		if after.Substitute {
			if o, err = substitute(o, after); err != nil {
				return nil, err
			}
		}
		all = append(all, o)
	}
	if after.Patched {
		if all, err = patched(all); err != nil {
			return nil, err
		}
	}
	all = append(all, added(after.Adds, all)...)
	placed := placing(all, after)
	for i, o := range all {
		if all[i], err = mark(o, after, placed(o)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// ofTest reports whether an object is a test of its chart's: "helm template --skip-tests" leaves it out.
func ofTest(o *manifests.Object) bool {
	return slices.ContainsFunc(strings.Split(o.Hook, ","), func(event string) bool {
		return strings.HasPrefix(strings.TrimSpace(event), "test")
	})
}

// added are the objects that the tool makes, but for those that are rendered too.
func added(adds []manifests.Laid, rendered []*manifests.Object) (all []*manifests.Object) {
	for _, laid := range adds {
		o, err := manifests.NewObject(laid.Text)
		if err != nil || slices.ContainsFunc(rendered, func(other *manifests.Object) bool { return other.Identity == o.Identity }) {
			continue
		}
		o.Walk(func(f manifests.Field) {
			var at manifests.Origin
			if n := f.Node().Line; n > 0 && n <= len(laid.Lines) {
				at = laid.Lines[n-1]
			}
			o.Origins = append(o.Origins, at)
		})
		all = append(all, o)
	}
	return all
}

// placing says which objects get the namespace of the deployment: those that have none, and live in one. Of kinds that
// nobody knows both Argo CD and Helm take that they do.
func placing(objects []*manifests.Object, after manifests.Finish) func(*manifests.Object) bool {
	if after.Namespace.Value == "" {
		return func(*manifests.Object) bool { return false }
	}
	cluster := make(map[string]bool)
	for _, kind := range after.Cluster {
		cluster[kind] = true
	}
	for _, o := range objects {
		if kind, scope := definedBy(o); kind != "" {
			cluster[kind] = scope == "Cluster"
		}
	}
	return func(o *manifests.Object) bool {
		if o.Namespace != "" || cluster[o.Kind+"."+o.Group()] {
			return false
		}
		namespaced, known := kubeapi.Namespaced(o.APIVersion, o.Kind)
		return namespaced || !known
	}
}

// definedBy is the kind that a CustomResourceDefinition defines, as "Kind.group", and its scope; "" for other objects.
func definedBy(o *manifests.Object) (kind, scope string) {
	if o.Kind != "CustomResourceDefinition" {
		return "", ""
	}
	spec := o.Field().Get("spec")
	return spec.Get("names", "kind").Text() + "." + spec.Get("group").Text(), spec.Get("scope").Text()
}

// substitutionKey switches substitution off for an object, as a label or an annotation.
const substitutionKey = "kustomize.toolkit.fluxcd.io/substitute"

// maxSubstituted caps what substitution may make of an object, in bytes.
const maxSubstituted = 64 << 20

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

// variable is an expression that substitution replaces; simple ones have no operator.
var (
	variable     = regexp.MustCompile(`\$\{([_a-zA-Z][_a-zA-Z0-9]*)`)
	variableName = regexp.MustCompile(`^[_[:alpha:]][_[:alpha:][:digit:]]*$`) // as Flux has it
	simple       = regexp.MustCompile(`\$\{([_a-zA-Z][_a-zA-Z0-9]*)\}`)
)

// sign stands for an expression that is left as it is.
var sign = regexp.MustCompile("\x01[0-9]+\x02")

// nested counts how deep replacements, ${A//x/y}, stand in each other: each may multiply what is in it.
func nested(text string) (deepest int) {
	var open []bool // of each expression that is not closed yet, whether it replaces
	depth := 0
	for i := 0; i+1 < len(text) && len(open) <= maxNested; i++ {
		switch {
		case text[i] == '$' && text[i+1] == '{':
			rest := text[i+2:]
			name := len(rest) - len(strings.TrimLeft(rest, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"))
			replaces := strings.HasPrefix(rest[name:], "/")
			if open = append(open, replaces); replaces {
				depth++
			}
			deepest = max(deepest, depth)
		case text[i] == '}' && len(open) > 0:
			if open[len(open)-1] {
				depth--
			}
			open = open[:len(open)-1]
		}
	}
	return deepest
}

// maxNested caps how deep expressions are looked into.
const maxNested = 1000

// evaluate substitutes the variables in a text. Those that may be set by what is not in the repository are left as they
// are where nothing else is said; all others that are not set are empty.
func evaluate(text string, after manifests.Finish) (string, error) {
	longest := 0
	for name, v := range after.Variables {
		if !variableName.MatchString(name) {
			return "", fmt.Errorf("%q is no name of a variable", name)
		}
		longest = max(longest, len(v.Value))
	}
	if max(longest, 1)*len(text) > maxSubstituted {
		return "", errors.New("they would become too large")
	}
	if deepest := nested(text); deepest > 1 && math.Pow(float64(max(longest, 2)), float64(deepest))*float64(len(text)) > maxSubstituted {
		return "", errors.New("they would become too large")
	}
	kept := make(map[string]string)
	if len(after.Unknown) > 0 {
		text = simple.ReplaceAllStringFunc(text, func(expression string) string {
			if _, known := after.Variables[expression[2:len(expression)-1]]; known {
				return expression
			}
			mark := fmt.Sprintf("\x01%d\x02", len(kept))
			kept[mark] = expression
			return mark
		})
	}
	out, err := envsubst.Eval(text, func(name string) (string, bool) { return after.Variables[name].Value, true })
	if err != nil {
		return "", err
	}
	return sign.ReplaceAllStringFunc(out, func(found string) string { return cmp.Or(kept[found], found) }), nil
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

// mark adds the labels and annotations that all objects of a deployment get, and its namespace.
func mark(o *manifests.Object, after manifests.Finish, placed bool) (*manifests.Object, error) {
	if len(after.Labels)+len(after.Annotations) == 0 && !placed || !o.Field().IsMap() {
		return o, nil
	}
	d := newDraft(o.Field(), of(o))
	meta := d.below(d.node, "metadata", first(o))
	if placed {
		at := slices.Clone(after.Namespace.At)
		for i := range at {
			at[i].Role = manifests.RoleTransformer
		}
		d.set(meta, "namespace", d.text(after.Namespace.Value, at))
	}
	for _, set := range []struct {
		key string
		all map[string]manifests.Variable
	}{{"labels", after.Labels}, {"annotations", after.Annotations}} {
		for _, name := range slices.Sorted(maps.Keys(set.all)) {
			v := set.all[name]
			d.set(d.below(meta, set.key, v.At), name, d.text(v.Value, v.At))
		}
	}
	return d.object(o)
}
