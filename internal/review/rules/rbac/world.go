package rbac

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// world is who may do what in a repository: its roles and bindings, and which lead to which.
type world struct {
	clusterRoles []*role
	systemRoles  []*role // the Roles of kube-system
	roles        map[roleName][]*role
	byObject     map[*manifests.Object]*role
	labelled     map[string][]*role // ClusterRoles by label, "key=value"
	ofSubject    map[subject][]*binding
	ofView       map[*review.RootView][]*binding
	ofAccount    map[viewName][]*binding               // by an account's name, in whichever namespace
	accounts     map[*review.RootView]map[subject]bool // that a root makes
	heard        heard
	left         int // how often it may still be asked whether one role aggregates another
}

// viewName is a name in one root.
type viewName struct {
	view *review.RootView
	name string
}

// roleName is what a binding calls a role by; the namespace of a ClusterRole is "".
type roleName struct{ kind, namespace, name string }

// role is a Role or ClusterRole as one root has it.
type role struct {
	roleName
	object  *manifests.Object
	view    *review.RootView // nil for what is plain in the source
	builtin bool             // it is Kubernetes' own
	labels  manifests.Field
	grants  []grant
	selects []*role         // the roles that this one aggregates
	taken   []*role         // the same, with what those aggregate
	into    []*role         // those that aggregate this one
	bound   []*binding      // that name it
	wide    bool            // one of them holds everywhere
	in      map[string]bool // the namespaces in which others hold
	routes  []route         // to take over the cluster; only of roles that are bound where that counts
}

// binding is a RoleBinding or ClusterRoleBinding as one root has it.
type binding struct {
	object    *manifests.Object
	view      *review.RootView
	namespace string // in which it holds; everywhere for a ClusterRoleBinding
	role      roleName
	subjects  []bound
	roles     []*role // that the name stands for; none when it is not known
}

// gives lists the roles that a binding leads to, with all that they aggregate.
func (b *binding) gives() (all []*role) {
	for _, r := range b.roles {
		all = append(append(all, r), r.taken...)
	}
	return all
}

// bound is a subject as a binding names it.
type bound struct {
	subject
	at manifests.Field // the item
}

// subject is who can be given a role. Accounts have namespaces.
type subject struct{ kind, namespace, name string }

// everywhere is the scope of ClusterRoleBindings, and nowhere known that of a namespace which a release decides.
const everywhere = "*"

// String names a subject as sentences do: "ServiceAccount shop/web", "Group ops".
func (s subject) String() string {
	if s.namespace == "" {
		return s.kind + " " + s.name
	}
	return s.kind + " " + s.namespace + "/" + s.name
}

// worldOf returns the world of an index, which is made once.
func worldOf(x *review.Index) *world { return review.OnceOf(x, "rbac", newWorld) }

func newWorld(x *review.Index) *world {
	w := &world{
		roles: make(map[roleName][]*role), byObject: make(map[*manifests.Object]*role), labelled: make(map[string][]*role),
		ofSubject: make(map[subject][]*binding), ofView: make(map[*review.RootView][]*binding),
		ofAccount: make(map[viewName][]*binding), accounts: make(map[*review.RootView]map[subject]bool), heard: newHeard(x),
		left: maxTried,
	}
	for _, o := range builtinRoles() {
		w.addRole(o, nil, "").builtin = true
	}
	for _, kind := range []string{"ClusterRole", "Role"} {
		for _, o := range ofGroup(x.Standing(kind)) {
			w.addRole(o, x.View(o), x.Namespace(o))
		}
	}
	for _, r := range w.clusterRoles {
		r.taken = w.aggregated(r)
		for _, other := range r.taken {
			other.into = append(other.into, r)
		}
	}
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		for _, o := range ofGroup(x.Standing(kind)) {
			w.addBinding(o, x.View(o), x.Namespace(o))
		}
	}
	for _, o := range x.Standing("ServiceAccount") {
		view := x.View(o)
		if w.accounts[view] == nil {
			w.accounts[view] = make(map[subject]bool)
		}
		w.accounts[view][subject{"ServiceAccount", x.Namespace(o), o.Name}] = true
	}
	w.addRoutes()
	return w
}

// ofGroup leaves out objects of kinds of the same name in other groups.
func ofGroup(objects []*manifests.Object) []*manifests.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o *manifests.Object) bool { return o.Group() != group && o.Group() != openShift })
}

func (w *world) addRole(o *manifests.Object, view *review.RootView, namespace string) *role {
	name := roleName{o.Kind, namespace, o.Name}
	if o.Kind == "ClusterRole" {
		name.namespace = ""
	}
	r := &role{roleName: name, object: o, view: view, labels: o.Field().Get("metadata", "labels"), grants: grantsOf(o)}
	w.roles[name] = append(w.roles[name], r)
	w.byObject[o] = r
	if o.Kind != "ClusterRole" {
		if namespace == "kube-system" {
			w.systemRoles = append(w.systemRoles, r)
		}
		return r
	}
	w.clusterRoles = append(w.clusterRoles, r)
	for _, label := range r.labels.Entries() {
		key := label.Key + "=" + label.Value.Text()
		w.labelled[key] = append(w.labelled[key], r)
	}
	return r
}

func (w *world) addBinding(o *manifests.Object, view *review.RootView, namespace string) {
	b := bindingOf(o, view, namespace)
	for _, r := range w.named(b.role, view) {
		b.roles, r.bound = append(b.roles, r), append(r.bound, b)
		r.wide = r.wide || b.namespace == everywhere
		if r.in == nil {
			r.in = make(map[string]bool)
		}
		r.in[b.namespace] = true
	}
	w.ofView[view] = append(w.ofView[view], b)
	for _, s := range b.subjects {
		w.ofSubject[s.subject] = append(w.ofSubject[s.subject], b)
		if s.kind == "ServiceAccount" {
			at := viewName{view, s.name}
			w.ofAccount[at] = append(w.ofAccount[at], b)
		}
	}
}

// bindingOf reads a binding. OpenShift knows users and groups of the system by a kind of their own. An account without a namespace is one of the binding's own.
func bindingOf(o *manifests.Object, view *review.RootView, namespace string) *binding {
	ref := o.Field().Get("roleRef")
	b := &binding{object: o, view: view, namespace: namespace, role: roleName{roleKind(o), "", ref.Get("name").Text()}}
	if o.Kind == "ClusterRoleBinding" {
		b.namespace = everywhere
	}
	if b.role.kind == "Role" {
		b.role.namespace = namespace
	}
	for _, item := range o.Field().Get("subjects").Items() {
		s := subject{strings.TrimPrefix(item.Get("kind").Text(), "System"), item.Get("namespace").Text(), item.Get("name").Text()}
		switch {
		case s.kind != "ServiceAccount":
			s = accountOfUser(s)
		case s.namespace == "" && o.Kind == "RoleBinding":
			s.namespace = namespace
		}
		b.subjects = append(b.subjects, bound{s, item})
	}
	return b
}

// roleKind is the kind of the role that a binding names. OpenShift's bindings say the namespace of a Role instead.
func roleKind(binding *manifests.Object) string {
	ref := binding.Field().Get("roleRef")
	switch {
	case binding.Group() != openShift || ref.Get("kind").IsSet():
		return ref.Get("kind").Text()
	case ref.Get("namespace").IsSet():
		return "Role"
	}
	return "ClusterRole"
}

// accountOfUser returns the account that a user's name stands for; a user or group is in no namespace.
func accountOfUser(s subject) subject {
	s.namespace = ""
	rest, isAccount := strings.CutPrefix(s.name, "system:serviceaccount:")
	if namespace, name, ok := strings.Cut(rest, ":"); s.kind == "User" && isAccount && ok {
		return subject{"ServiceAccount", namespace, name}
	}
	return s
}

// named returns the roles that a name may stand for: that of the root, which has it applied together with what names it,
// else those of all others, else Kubernetes' own.
func (w *world) named(name roleName, view *review.RootView) []*role {
	all := w.roles[name]
	if len(all) > 1 && all[0].builtin {
		all = all[1:]
	}
	return nearest(all, view)
}

// nearest leaves out the roles of other roots that have the name of one of the view's: roots may be for clusters of
// their own. What is plain in the source is a view in this sense too.
func nearest(roles []*role, view *review.RootView) []*role {
	own := make(map[roleName]bool)
	for _, r := range roles {
		if r.view == view && !r.builtin {
			own[r.roleName] = true
		}
	}
	if len(own) == 0 {
		return roles
	}
	return slices.DeleteFunc(slices.Clone(roles), func(r *role) bool { return own[r.roleName] && r.view != view })
}
