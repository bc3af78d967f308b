package rbac

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// grant is one item of a role's rules. What it allows is what Kubernetes' own authorizer takes it for
// (k8s.io/api/rbac/v1, PolicyRule): "*" stands for every verb, group or resource with its subresources, "*/exec" for the
// exec of every resource, and "pods/*" for nothing.
type grant struct {
	manifests.Field
	verbs, groups, resources, names, urls []manifests.Field
}

// grantsOf lists what a role says itself. Of one that aggregates others nothing counts: its rules are overwritten.
func grantsOf(role *manifests.Object) []grant {
	if role.Field().Get("aggregationRule").IsSet() {
		return nil
	}
	var grants []grant
	for _, item := range role.Field().Get("rules").Items() {
		grants = append(grants, grant{
			Field: item, verbs: item.Get("verbs").Items(), groups: item.Get("apiGroups").Items(),
			resources: item.Get("resources").Items(), names: item.Get("resourceNames").Items(),
			urls: item.Get("nonResourceURLs").Items(),
		})
	}
	return grants
}

// verb returns the word that gives a verb, the verb itself before "*".
func (g grant) verb(verb string) (manifests.Field, bool) { return wordFor(g.verbs, verb, "*") }

// resource returns the word that gives a resource of a group, such as pods or pods/exec.
func (g grant) resource(group, resource string) (manifests.Field, bool) {
	if _, ok := wordFor(g.groups, group, "*"); !ok {
		return manifests.Field{}, false
	}
	words := []string{resource, "*"}
	if _, sub, ok := strings.Cut(resource, "/"); ok {
		words = []string{resource, "*/" + sub, "*"}
	}
	return wordFor(g.resources, words...)
}

// allows reports whether the grant gives the verb on the objects of a resource at all. A request that is for no object in
// particular has no name, so that it is not given where the grant names objects; to create a subresource is for one.
func (g grant) allows(verb, resource string) bool {
	nameless := verb == "deletecollection" || verb == "create" && !strings.ContainsAny(resource, "/*")
	return !nameless || !g.named()
}

// named reports whether the grant is for named objects only. To read a list one has to ask for the name then. An empty
// name is that of every request without one.
func (g grant) named() bool {
	_, any := wordFor(g.names, "")
	return len(g.names) > 0 && !any
}

// wordFor returns the item of a list that holds the first of words which any does. As on the way to the API server null
// is the empty word.
func wordFor(list []manifests.Field, words ...string) (manifests.Field, bool) {
	for _, word := range words {
		for _, item := range list {
			if item.Text() == word && !item.IsMap() && !item.IsList() {
				return item, true
			}
		}
	}
	return manifests.Field{}, false
}
