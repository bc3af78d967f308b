package pod

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// known returns the objects of a kind in the root and in the rest of the repository.
func known(p *review.Pass, kind string) []*manifests.Object {
	return append(p.Root.OfKind(kind), p.Index.OfKind(kind)...)
}

// sameNamespace reports whether two namespaces may be the same; "" is one that the manifests leave open.
func sameNamespace(a, b string) bool { return a == b || a == "" || b == "" }

// bound reports whether a binding of the repository gives a role to the account, by name or with all of a namespace.
func bound(p *review.Pass, account string) bool {
	namespace := p.Root.Namespace(p.Object)
	for _, kind := range []string{"RoleBinding", "ClusterRoleBinding"} {
		for _, binding := range known(p, kind) {
			for _, subject := range binding.Field().Get("subjects").Items() {
				if isSubject(subject, account, namespace) {
					return true
				}
			}
		}
	}
	return false
}

func isSubject(subject manifests.Field, account, namespace string) bool {
	name := subject.Get("name").Text()
	switch subject.Get("kind").Text() {
	case "ServiceAccount":
		return name == account && sameNamespace(subject.Get("namespace").Text(), namespace)
	case "Group":
		return name == "system:serviceaccounts" || name == "system:authenticated" ||
			name == "system:serviceaccounts:"+namespace
	case "User":
		rest, isAccount := strings.CutPrefix(name, "system:serviceaccount:")
		in, of, _ := strings.Cut(rest, ":")
		return isAccount && of == account && sameNamespace(in, namespace)
	}
	return false
}

// applicationLabels say what application an object belongs to.
var applicationLabels = []string{
	"app.kubernetes.io/part-of", "app.kubernetes.io/instance", "app.kubernetes.io/name", "app", "k8s-app", "release",
}

// sameApplication reports whether two pods belong together: one of the labels says so, or, without labels, a name
// that begins with the other's.
func sameApplication(a, b *review.Workload) bool {
	labelled := false
	for _, key := range applicationLabels {
		left, right := label(a, key), label(b, key)
		if left != "" && left == right {
			return true
		}
		labelled = labelled || left != "" && right != ""
	}
	return !labelled && (nameWithin(a.Object.Name, b.Object.Name) || nameWithin(b.Object.Name, a.Object.Name))
}

func nameWithin(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"-")
}

// label returns a label of the pod, or of the object that carries it.
func label(w *review.Workload, key string) string {
	if own := w.Meta.Get("labels", key).Text(); own != "" {
		return own
	}
	return w.Object.Field().Get("metadata", "labels", key).Text()
}

// isControlPlaneNamespace reports whether a namespace is where the control plane's own parts run.
func isControlPlaneNamespace(namespace string) bool {
	return slices.Contains([]string{"kube-system", "kube-public", "kube-node-lease"}, namespace) ||
		strings.HasPrefix(namespace, "openshift-")
}
