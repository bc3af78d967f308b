package rbac

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// objects reads manifests. What is no object is left out.
func objects(text string) (all []*manifests.Object) {
	for _, doc := range manifests.SplitDocuments([]byte(text)) {
		if o, err := manifests.NewObject(doc.Data); err == nil {
			all = append(all, o)
		}
	}
	return all
}

func clusterRole(name, rest string) string {
	return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + name + rest + "\n"
}

// TestBuiltin holds that the roles of every cluster are read, and lead to each other as they do there.
func TestBuiltin(t *testing.T) {
	t.Parallel()
	if docs := manifests.SplitDocuments(builtin); len(docs) != len(builtinRoles()) || len(docs) < 7 {
		t.Fatalf("%d of %d documents are roles", len(builtinRoles()), len(docs))
	}
	w := newWorld(review.NewIndex(nil))
	for name, want := range map[string]string{
		"cluster-admin": "",
		"view":          "system:aggregate-to-view",
		"edit":          "system:aggregate-to-edit system:aggregate-to-view view",
		"admin":         "edit system:aggregate-to-admin system:aggregate-to-edit system:aggregate-to-view view",
	} {
		roles := w.named(roleName{"ClusterRole", "", name}, nil)
		if len(roles) != 1 || !roles[0].builtin {
			t.Fatalf("%s: %v", name, roles)
		}
		if got := takenBy(roles[0]); got != want {
			t.Errorf("%s takes in %q, want %q", name, got, want)
		}
	}
}

func takenBy(r *role) string {
	var names []string
	for _, other := range r.taken {
		names = append(names, other.name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// TestAggregation holds that selectors find what Kubernetes finds, also in circles, and that the nearest of a name counts.
func TestAggregation(t *testing.T) {
	t.Parallel()
	aggregates := func(selectors string) string {
		return "}\naggregationRule: {clusterRoleSelectors: [" + selectors + "]}"
	}
	text := clusterRole("a", ", labels: {x: y}"+aggregates("{matchLabels: {x: y}}")) +
		clusterRole("b", ", labels: {x: y}"+aggregates("{matchLabels: {x: y}}")) +
		clusterRole("c", ", labels: {x: z, w: v}}") +
		clusterRole("d", ", labels: {x: null}}") +
		clusterRole("any", aggregates("{matchExpressions: [{key: x, operator: In, values: [y, z]}]}")) +
		clusterRole("both", aggregates("{matchLabels: {w: v}}, {matchLabels: {x: q}}")) +
		clusterRole("none", aggregates("{matchLabels: {w: v}, matchExpressions: [{key: w, operator: DoesNotExist}]}, null, text")) +
		clusterRole("wrong", aggregates("{matchExpressions: [{key: x, operator: Is}]}"))
	w := newWorld(review.NewIndex(objects(text)))
	for name, want := range map[string]string{"a": "b", "b": "a", "any": "a b c", "both": "c", "none": "", "wrong": ""} {
		roles := w.named(roleName{"ClusterRole", "", name}, nil)
		if len(roles) != 1 || takenBy(roles[0]) != want {
			t.Errorf("%s takes in %q, want %q", name, takenBy(roles[0]), want)
		}
	}
}

// TestBindings holds whom and what bindings of every shape are for.
func TestBindings(t *testing.T) {
	t.Parallel()
	head := "apiVersion: rbac.authorization.k8s.io/v1\nmetadata: {name: b, namespace: shop}\n"
	tests := map[string]struct {
		text, want string
	}{
		"cluster":           {"kind: ClusterRoleBinding\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: ServiceAccount, name: a, namespace: n}]", "* {ClusterRole  r} ServiceAccount n/a"},
		"own namespace":     {"kind: RoleBinding\nroleRef: {kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: a}]", "shop {Role shop r} ServiceAccount shop/a"},
		"no namespace":      {"kind: ClusterRoleBinding\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: ServiceAccount, name: a}]", "* {ClusterRole  r} ServiceAccount a"},
		"an account's user": {"kind: RoleBinding\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: User, name: 'system:serviceaccount:n:a'}, {kind: User, name: 'system:serviceaccount:n'}]", "shop {ClusterRole  r} ServiceAccount n/a,User system:serviceaccount:n"},
		"groups have none":  {"kind: RoleBinding\nroleRef: {kind: ClusterRole, name: r}\nsubjects: [{kind: Group, name: g, namespace: n}]", "shop {ClusterRole  r} Group g"},
		"wrong types":       {"kind: RoleBinding\nroleRef: [Role]\nsubjects: {kind: Group}", "shop {  } "},
		"of null":           {"kind: RoleBinding\nroleRef: null\nsubjects: [null, text, [x]]", "shop {  }  , , "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := objects(head + test.text + "\n")
			b := bindingOf(all[0], nil, "shop")
			var subjects []string
			for _, s := range b.subjects {
				subjects = append(subjects, s.String())
			}
			if got := fmt.Sprintf("%s %v %s", b.namespace, b.role, strings.Join(subjects, ",")); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// TestManyRights holds that a role with more rights than anybody could tell is one right, which no other covers.
func TestManyRights(t *testing.T) {
	t.Parallel()
	text := func(last string) string {
		words := strings.Repeat("x, ", 100) + last
		return clusterRole("many", "}") + "rules: [{verbs: [" + words + "], apiGroups: [" + words + "], resources: [" + words + "]}]\n"
	}
	rights := func(text string) []given {
		o := objects(text)[0]
		return rightsOf(&role{roleName: roleName{"ClusterRole", "", "many"}, object: o, grants: grantsOf(o)}, false)
	}
	held := make(holding)
	held.add(everywhere, rights(text("a")))
	same, other := rights(text("a")), rights(text("b"))
	if len(same) != 1 || !held.covers("shop", same[0].right) || held.covers("shop", other[0].right) || other[0].rank() == harmless {
		t.Errorf("%+v then %+v", same, other)
	}
}

// TestLarge holds that there is an end to roles that all lead to each other, and that it is noted.
func TestLarge(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 3000 {
		fmt.Fprint(&text, clusterRole(fmt.Sprint("r", i), ", labels: {x: y}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}, {}]}"))
		fmt.Fprintf(&text, "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b%d}\nroleRef: {kind: ClusterRole, name: r%d}\nsubjects: [{kind: Group, name: g}]\n", i, i)
	}
	all := objects(text.String())
	if w := newWorld(review.NewIndex(all)); w.left >= 0 {
		t.Error("that not all was looked at is not noted")
	}
}

// FuzzWorld reads anything as roles and bindings.
func FuzzWorld(f *testing.F) {
	f.Add(string(builtin))
	f.Add(clusterRole("a", "}") + "rules: [{verbs: ['*'], apiGroups: ['', null, {}], resources: [[], '*/', '/', 'a/b/c'], resourceNames: ['']}]")
	f.Fuzz(func(t *testing.T, text string) {
		x := review.NewIndex(objects(text))
		w := newWorld(x)
		for _, r := range w.clusterRoles {
			held := make(holding)
			rights := rightsOf(r, false)
			held.add(everywhere, rights)
			for _, g := range rights {
				if !held.covers("any", g.right) {
					t.Fatalf("%+v does not cover itself", g.right)
				}
				deeds([]right{g.right})
			}
		}
	})
}
