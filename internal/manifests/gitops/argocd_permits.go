package gitops

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

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
	says, known := w.restrictions[project]
	if !known {
		says = restrictions(project)
		w.restrictions[project] = says
	}
	return &manifests.Permits{Says: says, Project: project, Application: o, Source: s.Path()}
}

// restrictions is the digest of what a project says an Application may have.
func restrictions(project *manifests.Object) string {
	hash := sha256.New()
	for _, key := range restricting {
		fmt.Fprintf(hash, "%s\n", key)
		project.Field().Get("spec", key).Walk(func(f manifests.Field) {
			fmt.Fprintf(hash, "%q %q\n", f.Path(), f.Text())
		})
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Refusal is what Argo CD does not do since a project does not permit it.
type Refusal struct {
	At   manifests.Origin // what the project says of it
	Text string
}

// Projects holds what is rendered against the projects of Argo CD, in one review: both are written by anybody, so that what it
// takes altogether is bounded. The zero value is ready.
type Projects struct{ spent int }

// maxHeld caps how often patterns of projects are held against texts, long ones counting for more.
const maxHeld = 20_000_000

// Refused says what of a root Argo CD refuses since the project does not permit it: the source, the destination, the
// Application's own namespace, and what is rendered (user guide, "Projects"; operator manual, "Applications in any namespace").
// Where that would take too long, it says so instead.
func (p *Projects) Refused(root *manifests.Root, objects []*manifests.Object) []Refusal {
	d := root.Deployment
	if d == nil || d.Permits == nil {
		return nil
	}
	r := &refusals{Permits: d.Permits, projects: p, cluster: make(map[string]bool), lists: make(map[string][]manifests.Field), kinds: make(map[string][]kindPattern), namespaces: make(map[string]bool)}
	for _, kind := range d.After.Cluster {
		r.cluster[kind] = true
	}
	if r.application(); len(r.all) == 0 { // else nothing is rendered
		r.objects(slices.DeleteFunc(slices.Clone(objects), d.Makes))
	}
	if p.spent > maxHeld {
		return []Refusal{{originOf(r.Project, r.Project.Field().Get("spec")), fmt.Sprintf("what AppProject %s permits is not known of all that is rendered: its patterns are too many or too long to be held against it", r.Project.Name)}}
	}
	return r.all
}

// refusals are those of one root under way.
type refusals struct {
	*manifests.Permits
	projects   *Projects
	cluster    map[string]bool              // custom kinds that live in no namespace, as "Kind.group"
	lists      map[string][]manifests.Field // the project's, by their keys
	kinds      map[string][]kindPattern     // those of kinds
	namespaces map[string]bool              // whether objects may go there
	all        []Refusal
}

// application refuses what the Application itself may not have.
func (r *refusals) application() {
	if url := r.Application.Lookup(r.Source).Get("repoURL").Text(); !permitted(r.list("sourceRepos"), func(f manifests.Field) (bool, bool) {
		pattern, denied := strings.CutPrefix(f.Text(), "!")
		return pattern == "*" || r.matches(globMatches, plainGlob(pattern), plainGlob(url)), denied
	}) {
		r.refuse("sourceRepos", "its source %s", manifests.ShownAddress(url))
	}
	to := r.destination()
	if own := to.Get("namespace").Text(); !r.destined(own) {
		r.refuse("destinations", "its destination, %s in namespace %s", cmp.Or(to.Get("name").Text(), manifests.ShownAddress(to.Get("server").Text()), "no cluster"), cmp.Or(own, "none"))
	}
	from := r.Application.Namespace
	if home := r.Project.Namespace; from != "" && home != "" && from != home && !slices.ContainsFunc(r.list("sourceNamespaces"), func(f manifests.Field) bool { return r.matches(globMatches, f.Text(), from) }) {
		r.refuse("sourceNamespaces", "Applications in namespace %s", from)
	}
}

// list returns a list of the project.
func (r *refusals) list(key string) []manifests.Field {
	items, known := r.lists[key]
	if !known {
		items = r.Project.Field().Get("spec", key).Items()
		r.lists[key] = items
	}
	return items
}

// matches holds a pattern against a text, unless that would be too much: nothing that is refused counts then.
func (r *refusals) matches(by func(pattern, text string) bool, pattern, text string) bool {
	if len(pattern) > maxGlobText || len(text) > maxGlobText {
		return false
	}
	cost := 1 + len(pattern)*len(text)>>10
	if strings.Contains(pattern, "{") {
		cost *= min(maxBraces, 1<<min(strings.Count(pattern, ","), 10))
	}
	if r.projects.spent += cost; r.projects.spent > maxHeld {
		return false
	}
	return by(pattern, text)
}

// refuse notes that a field of the project does not permit something.
func (r *refusals) refuse(field, format string, args ...any) {
	at := originOf(r.Project, r.Project.Field().Get("spec", field))
	r.all = append(r.all, Refusal{at, fmt.Sprintf("%s of AppProject %s does not permit %s: Argo CD refuses Application %s", field, r.Project.Name, fmt.Sprintf(format, args...), r.Application.Name)})
}

// destination is where the Application goes.
func (r *refusals) destination() manifests.Field {
	return r.Application.Field().Get("spec", "destination")
}

// destined reports whether the project permits a namespace of the Application's cluster.
func (r *refusals) destined(namespace string) bool {
	is, known := r.namespaces[namespace]
	if !known {
		is = permitted(r.list("destinations"), func(f manifests.Field) (bool, bool) { return r.destinedBy(f, namespace) })
		r.namespaces[namespace] = is
	}
	return is
}

// destinedBy reports whether an entry of the project's destinations is about a namespace of the Application's cluster, and
// whether it denies it.
func (r *refusals) destinedBy(f manifests.Field, namespace string) (is, denied bool) {
	to := r.destination()
	entry := func(key, text string) bool {
		pattern, not := strings.CutPrefix(f.Get(key).Text(), "!")
		denied = denied || not
		return r.matches(globMatches, pattern, text)
	}
	part := func(key string) bool { return entry(key, to.Get(key).Text()) }
	inNamespace := entry("namespace", namespace)
	cluster := "server"
	if to.Get("server").Text() == "" {
		cluster = "name"
	}
	switch {
	case f.Get(cluster).Text() != "":
		return part(cluster) && inNamespace, denied
	case cluster == "server" && f.Get("name").Text() == "in-cluster":
		return to.Get("server").Text() == ownCluster && inNamespace, denied
	case cluster == "name" && to.Get("name").Text() == "in-cluster":
		return r.matches(globMatches, f.Get("server").Text(), ownCluster) && inNamespace, denied
	}
	return cluster == "name" && f.Get("name").Text() == "" && inNamespace, denied // by its address, which nobody here knows
}

// objects refuses what is rendered and may not be: by its kind, or by a namespace of its own.
func (r *refusals) objects(objects []*manifests.Object) {
	own, defined := r.destination().Get("namespace").Text(), definedIn(objects)
	refused, order := make(map[string][]string), []string(nil)
	for _, o := range objects {
		if r.projects.spent > maxHeld {
			return
		}
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
	only, never := "clusterResourceWhitelist", "clusterResourceBlacklist"
	if namespaced {
		only, never = "namespaceResourceWhitelist", "namespaceResourceBlacklist"
	}
	lists := func(key string) bool {
		return slices.ContainsFunc(r.kindList(key), func(k kindPattern) bool { return r.ofKind(k, o) })
	}
	switch {
	case (!namespaced || r.Project.Field().Get("spec", only).IsSet()) && !lists(only):
		return only
	case lists(never):
		return never
	}
	return ""
}

// ofKind reports whether an entry of such a list is about an object: patterns of its group and kind, and of its name where
// the entry has one (since Argo CD 3.2, for kinds of the cluster).
func (r *refusals) ofKind(k kindPattern, o *manifests.Object) bool {
	is := func(pattern, text string) bool {
		ok, err := path.Match(pattern, text)
		return ok && err == nil
	}
	return r.matches(is, k.kind, o.Kind) && r.matches(is, k.group, o.Group()) && (k.name == "" || r.matches(is, k.name, o.Name))
}

// kindPattern is an entry of a list of kinds.
type kindPattern struct{ group, kind, name string }

// kindList returns a list of kinds of the project.
func (r *refusals) kindList(key string) []kindPattern {
	all, known := r.kinds[key]
	if !known {
		for _, f := range r.list(key) {
			all = append(all, kindPattern{f.Get("group").Text(), f.Get("kind").Text(), f.Get("name").Text()})
		}
		r.kinds[key] = all
	}
	return all
}

// namespaced reports whether an object lives in a namespace: that of kinds nobody knows is taken for granted.
func (r *refusals) namespaced(o *manifests.Object, defined map[string]bool) bool {
	kind := o.Kind + "." + o.Group()
	if inNamespace, known := defined[kind]; known {
		return inNamespace
	}
	if r.cluster[kind] {
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
