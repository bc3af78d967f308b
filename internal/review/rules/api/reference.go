package api

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

// elsewhere are the parameters of the rules on references.
type elsewhere struct {
	Elsewhere []string `yaml:"elsewhere" doc:"Objects that live outside of the repository: name, Kind/name or Kind/namespace/name, with * in parts."`
}

func newElsewhere() any { return &elsewhere{} }

// has reports whether an object is said to live outside of the repository.
func (e *elsewhere) has(kind, namespace, name string) bool {
	for _, pattern := range e.Elsewhere {
		full := kind + "/" + name
		switch strings.Count(pattern, "/") {
		case 0:
			full = name
		case 2:
			full = kind + "/" + namespace + "/" + name
		}
		if ok, err := path.Match(pattern, full); err == nil && ok {
			return true
		}
	}
	return false
}

// reference is a field of p.Object that names another object.
type reference struct {
	at    manifests.Field
	kind  string
	name  string
	space string // the namespace that is named with it; "" when it is p.Object's
}

// lands is the namespace of what a reference names; "" when nobody knows.
func (r reference) lands(p *review.Pass) string {
	if r.space != "" {
		return r.space
	}
	return p.Root.Namespace(p.Object)
}

// byName are objects by kind and name.
type byName map[[2]string][]*manifests.Object

func (n byName) put(o *manifests.Object) {
	key := [2]string{o.Kind, o.Name}
	n[key] = append(n[key], o)
}

func namedIn(v *review.RootView) byName {
	return review.Once(v, "api-named", func(v *review.RootView) byName {
		all := byName{}
		for _, o := range v.Objects {
			all.put(o)
		}
		return all
	})
}

// namedBy are the objects of a kind in the rendered roots, or of the plain source, by their names.
func namedBy(x *review.Index, kind string, beyond bool) byName {
	key, objects := "api-named-"+kind, x.OfKind
	if beyond {
		key, objects = "api-named-beyond-"+kind, x.Beyond
	}
	return review.OnceOf(x, key, func(*review.Index) byName {
		all := byName{}
		for _, o := range objects(kind) {
			all.put(o)
		}
		return all
	})
}

// target returns the object that a reference names: of the root, else of what is known of the rest; nil for none.
func (r reference) target(p *review.Pass) *manifests.Object { return r.find(p, false) }

// find is target. When it has to be sure, plain source of which nobody knows whether, and into which namespace, it is
// applied does not count.
func (r reference) find(p *review.Pass, sure bool) *manifests.Object {
	lands, key := r.lands(p), [2]string{r.kind, r.name}
	if r.kind == "ClusterRole" {
		lands = ""
	}
	for _, o := range namedIn(p.Root)[key] {
		if may(lands, p.Root.Namespace(o)) && coreOrKnown(o) {
			return o
		}
	}
	for _, o := range namedBy(p.Index, r.kind, false)[key] {
		space := p.Index.Namespace(o)
		if may(lands, space) && coreOrKnown(o) && (!sure || p.Index.View(o) != nil || space != "" && space == lands) {
			return o
		}
	}
	return nil
}

// may reports whether two objects may be in one namespace; "" is one that nobody knows.
func may(one, other string) bool { return one == other || one == "" || other == "" }

// coreOrKnown tells a Service from one of Knative, and so on.
func coreOrKnown(o *manifests.Object) bool {
	return o.Group() == "" || o.Kind != "Service"
}

// missing reports whether what a reference names is nowhere, although the repository would plausibly have it: the root
// had it at base, or has others of its kind in the namespace, and nothing says that it may come from elsewhere.
func (r reference) missing(p *review.Pass) bool {
	if !r.known(p) || p.Root.Partial || r.find(p, true) != nil {
		return false
	}
	return r.gone(p) && !r.replaced(p) || r.target(p) == nil && r.expected(p)
}

// known reports whether the field holds a name, of something that is not said to live elsewhere.
func (r reference) known(p *review.Pass) bool {
	return r.name != "" && !kubeapi.HasPlaceholder(r.at) && !review.Params[elsewhere](p).has(r.kind, r.lands(p), r.name)
}

// gone reports whether the root had at base what the reference names, be it by the name that a generator gave it then.
func (r reference) gone(p *review.Pass) bool {
	if p.Base == nil {
		return false
	}
	lands := r.lands(p)
	for _, o := range namedIn(p.Base)[[2]string{r.kind, r.name}] {
		if may(lands, p.Base.Namespace(o)) && coreOrKnown(o) {
			return true
		}
	}
	was := p.Base.Match(p.Object)
	if was == nil || p.Base.Root.Kind != manifests.Kustomize {
		return false
	}
	name := was.Lookup(r.at.Path()).Text()
	m := hashed.FindStringSubmatch(name)
	return m != nil && m[1] == r.name && len(namedIn(p.Base)[[2]string{r.kind, name}]) > 0
}

// replaced reports whether the change has something else make what the root had at base: a custom object that names it, as
// an ExternalSecret in place of a Secret, or one of which nobody knows what it makes.
func (r reference) replaced(p *review.Pass) bool {
	lands, now, before := r.lands(p), neighbours(p), neighboursAt(p.Base)
	if now.words[r.name]&byMaker > before.words[r.name]&byMaker || now.makesIn(lands) && !before.makesIn(lands) {
		return true
	}
	return (r.kind == "Secret" || r.kind == "ConfigMap") && (!p.Index.Searched() || madeBeyond(p.Index)[r.name])
}

// expected reports whether the root is where one would look for what the reference names. A program that may make such
// objects is no reason to doubt where the namespace is named as well: who makes the Service of a webhook registers it too.
func (r reference) expected(p *review.Pass) bool {
	n, lands := neighbours(p), r.lands(p)
	switch {
	case len(r.siblings(p)) == 0, !p.Index.Searched(), wished(p.Object, r.at), n.makesIn(lands):
		return false
	case n.words[r.name]&r.makers() != 0, r.space == "" && n.creates(creatable(r.kind)):
		return false
	}
	for _, o := range namedBy(p.Index, r.kind, true)[[2]string{r.kind, r.name}] {
		if may(lands, o.Namespace) {
			return false
		}
	}
	return r.kind != "Secret" && r.kind != "ConfigMap" || !madeBeyond(p.Index)[r.name]
}

// makers says what may have an object of the kind made when it mentions the name. Commands and variables name Services
// and accounts to make use of them, and Secrets, ConfigMaps and claims often to make them.
func (r reference) makers() mention {
	switch r.kind {
	case "Secret", "ConfigMap", "PersistentVolumeClaim":
		return byCommand | byAnnotation | byMaker
	}
	return byMaker
}

// creatable is the resource of which a program in the root may make objects of a kind. Nearly all operators may make
// ConfigMaps, for their elections.
func creatable(kind string) string {
	switch kind {
	case "Secret", "Service", "ServiceAccount", "PersistentVolumeClaim", "Deployment", "StatefulSet":
		return strings.ToLower(kind) + "s"
	}
	return ""
}

// madeBeyond are the names that the custom objects mention which Secrets and ConfigMaps are made of, anywhere in the
// repository.
func madeBeyond(x *review.Index) map[string]bool {
	return review.OnceOf(x, "api-made", func(x *review.Index) map[string]bool {
		words := map[string]bool{}
		for _, kind := range review.BeyondKinds() {
			for _, o := range slices.Concat(x.OfKind(kind), x.Beyond(kind)) {
				if isCustom(o) {
					o.Field().Walk(func(f manifests.Field) { words[f.Text()] = true })
				}
			}
		}
		return words
	})
}

// siblings are the names of the root's objects of the kind in the namespace, with those of which such are made.
func (r reference) siblings(p *review.Pass) (names []string) {
	lands, kinds := r.lands(p), []string{r.kind}
	if r.kind == "Secret" {
		kinds = append(kinds, "SealedSecret", "ExternalSecret", "SopsSecret")
	}
	for _, kind := range kinds {
		for _, o := range p.Root.OfKind(kind) {
			space := p.Root.Namespace(o)
			if (space == lands || r.space != "" && space == "") && coreOrKnown(o) && o.Hook == "" {
				names = append(names, writtenName(p, o.Name))
			}
		}
	}
	return names
}

// hashed matches names that kustomize's generators made, with the hash of the content behind them.
var hashed = regexp.MustCompile(`^(.+)-[bcdfghkmt2456789]{10}$`)

// writtenName is a name as people write it in references.
func writtenName(p *review.Pass, name string) string {
	if m := hashed.FindStringSubmatch(name); m != nil && p.Root.Root.Kind != manifests.Helm {
		return m[1]
	}
	return name
}

// wished reports whether a field is a value of a chart as it is: who sets it names what there is already.
func wished(o *manifests.Object, at manifests.Field) bool {
	origin, _ := o.OriginAt(at.Path())
	return len(origin) > 0 && origin[0].Role == manifests.RoleValues
}

// meant names the object that was probably meant, for the end of a message.
func (r reference) meant(p *review.Pass) string {
	return isMeant(kubeapi.Nearest(r.name, r.siblings(p)))
}
