package rbac

import (
	_ "embed"
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// builtin holds the roles for users that every cluster has, as its API server makes them.
//
//go:embed builtin.yaml
var builtin []byte

// builtinRoles are the objects in builtin.
func builtinRoles() []*manifests.Object {
	var roles []*manifests.Object
	for _, doc := range manifests.SplitDocuments(builtin) {
		if o, err := manifests.NewObject(doc.Data); err == nil { // that all are objects is tested
			roles = append(roles, o)
		}
	}
	return roles
}

// ownPrefixes begin the names of roles that the parts of a cluster, or those who run it, bring.
var ownPrefixes = []string{"system:", "kubeadm:", "eks:", "aks:", "gce:", "gke:", "cloud-provider", "openshift-"}

// ownRoles are roles that clusters have beside those.
var ownRoles = map[roleName]bool{
	{"ClusterRole", "", "cluster-admin"}: true, {"ClusterRole", "", "admin"}: true, {"ClusterRole", "", "edit"}: true,
	{"ClusterRole", "", "view"}: true, {"ClusterRole", "", "cluster-reader"}: true, {"ClusterRole", "", "basic-user"}: true,
	{"ClusterRole", "", "self-provisioner"}: true, {"ClusterRole", "", "registry-viewer"}: true,
	{"ClusterRole", "", "registry-editor"}: true, {"ClusterRole", "", "registry-admin"}: true,
	{"Role", "kube-system", "extension-apiserver-authentication-reader"}: true,
}

// isOwn reports whether a cluster has a role of this name by itself.
func isOwn(name roleName) bool {
	return ownRoles[name] || slices.ContainsFunc(ownPrefixes, func(prefix string) bool { return strings.HasPrefix(name.name, prefix) })
}
