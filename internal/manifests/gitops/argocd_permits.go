package gitops

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
)

// restricting are the fields of an AppProject that say what an Application may have.
var restricting = []string{"sourceRepos", "destinations", "sourceNamespaces", "clusterResourceWhitelist", "clusterResourceBlacklist", "namespaceResourceWhitelist", "namespaceResourceBlacklist"}

// permits are the restrictions of an Application's project; nil where that is not in the repository.
func (w *World) permits(o *manifests.Object, s manifests.Field) *manifests.Permits {
	project := w.project(o)
	if project == nil {
		return nil
	}
	says := make(map[string]*yaml.Node)
	for _, key := range restricting {
		if f := project.Field().Get("spec", key); f.IsSet() {
			says[key] = bare(f.Node())
		}
	}
	text, err := yaml.Marshal(says)
	if err != nil {
		return nil
	}
	return &manifests.Permits{Says: string(text), Project: project, Application: o, Source: s.Path()}
}

// Refusal is what Argo CD does not do since a project does not permit it.
type Refusal struct {
	At   manifests.Origin // what the project says of it
	Text string
}

// Refused says what of a root Argo CD refuses since the project does not permit it: the source, the destination, the
// Application's own namespace, and what is rendered (user guide, "Projects"; operator manual, "Applications in any namespace").
func Refused(root *manifests.Root, objects []*manifests.Object) []Refusal {
	d := root.Deployment
	if d == nil || d.Permits == nil {
		return nil
	}
	r := &refusals{Permits: d.Permits, cluster: d.After.Cluster}
	spec := r.Project.Field().Get("spec")
	source := r.Application.Lookup(r.Source)
	if url := source.Get("repoURL").Text(); !permitted(spec.Get("sourceRepos").Items(), func(f manifests.Field) (bool, bool) {
		pattern, denied := strings.CutPrefix(f.Text(), "!")
		return pattern == "*" || globMatches(plainGlob(pattern), plainGlob(url)), denied
	}) {
		r.refuse("sourceRepos", "its source %s", url)
	}
	to := r.Application.Field().Get("spec", "destination")
	own := to.Get("namespace").Text()
	if !r.destined(own) {
		r.refuse("destinations", "its destination, %s in namespace %s", cmp.Or(to.Get("name").Text(), to.Get("server").Text(), "no cluster"), cmp.Or(own, "none"))
	}
	from := r.Application.Namespace
	if home := r.Project.Namespace; from != "" && home != "" && from != home && !slices.ContainsFunc(spec.Get("sourceNamespaces").Items(), func(f manifests.Field) bool { return globMatches(f.Text(), from) }) {
		r.refuse("sourceNamespaces", "Applications in namespace %s", from)
	}
	if len(r.all) > 0 {
		return r.all // nothing is rendered then
	}
	r.objects(slices.DeleteFunc(slices.Clone(objects), d.Makes), own)
	return r.all
}

// refusals are those of one root under way.
type refusals struct {
	*manifests.Permits
	cluster []string // custom kinds that live in no namespace, as "Kind.group"
	all     []Refusal
}

// refuse notes that a field of the project does not permit something.
func (r *refusals) refuse(field, format string, args ...any) {
	at := originOf(r.Project, r.Project.Field().Get("spec", field))
	r.all = append(r.all, Refusal{at, fmt.Sprintf("%s of AppProject %s does not permit %s: Argo CD refuses Application %s", field, r.Project.Name, fmt.Sprintf(format, args...), r.Application.Name)})
}

// destined reports whether the project permits a namespace of the Application's cluster.
func (r *refusals) destined(namespace string) bool {
	to := r.Application.Field().Get("spec", "destination")
	return permitted(r.Project.Field().Get("spec", "destinations").Items(), func(f manifests.Field) (bool, bool) { return destined(f, to, namespace) })
}

// objects refuses what is rendered and may not be: by its kind, or by a namespace of its own.
func (r *refusals) objects(objects []*manifests.Object, own string) {
	defined := definedIn(objects)
	refused, order := make(map[string][]string), []string(nil)
	for _, o := range objects {
		field := r.refusing(o, r.namespaced(o, defined))
		if field == "" && o.Namespace != "" && o.Namespace != own && r.namespaced(o, defined) && !r.destined(o.Namespace) {
			field = "destinations"
		}
		if field == "" {
			continue
		}
		if refused[field] == nil {
			order = append(order, field)
		}
		refused[field] = append(refused[field], oneWord(o.String()))
	}
	for _, field := range order {
		const named = 3
		names, more := refused[field], ""
		if n := len(names) - named; n > 0 {
			names, more = names[:named], fmt.Sprintf(" and %d more", n)
		}
		r.refuse(field, "%s%s", strings.Join(names, ", "), more)
	}
}

// refusing is the list of the project that keeps an object's kind out, "" where none does. Kinds in namespaces are permitted
// unless a list says otherwise, those of the cluster only where one names them.
func (r *refusals) refusing(o *manifests.Object, namespaced bool) string {
	spec := r.Project.Field().Get("spec")
	only, never := "clusterResourceWhitelist", "clusterResourceBlacklist"
	if namespaced {
		only, never = "namespaceResourceWhitelist", "namespaceResourceBlacklist"
	}
	lists := func(key string) bool {
		return slices.ContainsFunc(spec.Get(key).Items(), func(f manifests.Field) bool { return ofKind(f, o) })
	}
	switch {
	case (!namespaced || spec.Get(only).IsSet()) && !lists(only):
		return only
	case lists(never):
		return never
	}
	return ""
}

// ofKind reports whether an entry of such a list is about an object: patterns of its group and kind, and of its name where
// the entry has one (since Argo CD 3.2, for kinds of the cluster).
func ofKind(f manifests.Field, o *manifests.Object) bool {
	matches := func(pattern, text string) bool {
		ok, err := path.Match(pattern, text)
		return ok && err == nil
	}
	name := f.Get("name").Text()
	return matches(f.Get("group").Text(), o.Group()) && matches(f.Get("kind").Text(), o.Kind) && (name == "" || matches(name, o.Name))
}

// namespaced reports whether an object lives in a namespace: that of kinds nobody knows is taken for granted.
func (r *refusals) namespaced(o *manifests.Object, defined map[string]bool) bool {
	kind := o.Kind + "." + o.Group()
	if inNamespace, known := defined[kind]; known {
		return inNamespace
	}
	if slices.Contains(r.cluster, kind) {
		return false
	}
	inNamespace, known := kubeapi.Namespaced(o.APIVersion, o.Kind)
	return inNamespace || !known
}

// definedIn are the kinds that objects define, as "Kind.group", and whether they live in namespaces.
func definedIn(objects []*manifests.Object) map[string]bool {
	defined := make(map[string]bool)
	for _, o := range objects {
		if kind, scope := definedBy(o); kind != "" {
			defined[kind] = scope != "Cluster"
		}
	}
	return defined
}
