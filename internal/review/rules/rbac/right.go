package rbac

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// right is one verb on one resource of a group, on all of its objects or a named one; or on a path of the API server; or
// all that a role allows which is not known here.
type right struct {
	verb, group, resource, name string
	url                         string
	all                         string // the role
}

// given is a right with the words of a role that give it.
type given struct {
	right
	role                   *role
	grant                  grant
	verbWord, resourceWord manifests.Field
}

// maxRights is how many rights of a role are told apart. Of one with more nobody could say what they are.
const maxRights = 5000

// rightsOf lists the rights that a role gives itself, within a namespace or everywhere. What Kubernetes does not grant by
// them is left out: create by name, and what is outside of namespaces within one.
func rightsOf(r *role, within bool) []given {
	var rights []given
	for _, g := range r.grants {
		words := len(g.verbs) * (len(g.groups)*len(g.resources)*max(len(g.names), 1) + len(g.urls))
		if words+len(rights) > maxRights {
			sum := sha256.Sum256(r.object.Raw)
			all := right{verb: "*", group: "*", resource: "*", all: r.name + " " + hex.EncodeToString(sum[:])}
			return []given{{right: all, role: r, grant: g, resourceWord: g.Field, verbWord: g.Field}}
		}
		for _, verb := range g.verbs {
			rights = append(rights, g.rights(r, verb, within)...)
		}
	}
	return rights
}

// rights lists what a grant gives by one of its verbs.
func (g grant) rights(r *role, verb manifests.Field, within bool) (rights []given) {
	for _, resource := range g.resources {
		if strings.HasSuffix(resource.Text(), "/*") || !g.allows(verb.Text(), resource.Text()) {
			continue
		}
		for _, of := range g.groups {
			if within && verb.Text() != "bind" && isOutside(of.Text(), resource.Text()) {
				continue
			}
			one := right{verb: verb.Text(), group: of.Text(), resource: resource.Text()}
			if !g.named() {
				rights = append(rights, given{one, r, g, verb, resource})
				continue
			}
			for _, name := range g.names {
				one.name = name.Text()
				rights = append(rights, given{one, r, g, verb, resource})
			}
		}
	}
	for _, url := range g.urls {
		if !within {
			rights = append(rights, given{right{verb: verb.Text(), url: url.Text()}, r, g, verb, url})
		}
	}
	return rights
}

// outside are resources that are in no namespace, by group.
var outside = map[string][]string{
	"":                             {"nodes", "persistentvolumes", "componentstatuses"},
	group:                          {"clusterroles", "clusterrolebindings"},
	"admissionregistration.k8s.io": {"mutatingwebhookconfigurations", "validatingwebhookconfigurations"},
	"apiextensions.k8s.io":         {"customresourcedefinitions"},
	"certificates.k8s.io":          {"certificatesigningrequests", "signers"},
	"storage.k8s.io":               {"storageclasses", "csidrivers", "csinodes", "volumeattachments"},
	"authentication.k8s.io":        {"tokenreviews"},
	"scheduling.k8s.io":            {"priorityclasses"},
	"node.k8s.io":                  {"runtimeclasses"},
	"apiregistration.k8s.io":       {"apiservices"},
}

// isOutside reports whether a resource is in no namespace. To bind a ClusterRole can be allowed within one.
func isOutside(of, resource string) bool {
	resource, _, _ = strings.Cut(resource, "/")
	for _, name := range outside[of] {
		if name == resource {
			return true
		}
	}
	return false
}

// holding is what a subject may do, by namespace; everywhere is one of them.
type holding map[string]map[right]bool

func (h holding) add(namespace string, rights []given) {
	if h[namespace] == nil {
		h[namespace] = make(map[right]bool)
	}
	for _, r := range rights {
		h[namespace][r.right] = true
	}
}

// covers reports whether the holder may do all that a right in a namespace allows.
func (h holding) covers(namespace string, r right) bool {
	for _, held := range []map[right]bool{h[namespace], h[everywhere]} {
		for _, wider := range r.widened() {
			if held[wider] {
				return true
			}
		}
	}
	return false
}

// widened lists the rights that allow all that r does: r itself, and those with wildcards in its place.
func (r right) widened() []right {
	if r.all != "" {
		return []right{r}
	}
	wider := []right{r}
	vary := func(change func(*right)) {
		for _, w := range wider {
			changed := w
			if change(&changed); changed != w {
				wider = append(wider, changed)
			}
		}
	}
	vary(func(w *right) { w.verb = "*" })
	if r.url != "" {
		vary(func(w *right) { w.url = "*" })
		return append(wider, r.paths()...)
	}
	vary(func(w *right) { w.group = "*" })
	if _, sub, ok := strings.Cut(r.resource, "/"); ok {
		vary(func(w *right) { w.resource = "*/" + sub })
	}
	vary(func(w *right) { w.resource = "*" })
	vary(func(w *right) { w.name = "" })
	return wider
}

// paths lists the rights on paths that end in "*" and take in that of r.
func (r right) paths() (wider []right) {
	path := strings.TrimSuffix(r.url, "*")
	for i := strings.LastIndexByte(path, '/'); i >= 0; i = strings.LastIndexByte(path[:i], '/') {
		for _, verb := range []string{r.verb, "*"} {
			wider = append(wider, right{verb: verb, url: path[:i+1] + "*"})
		}
	}
	return wider
}
