package rbac

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// heard is what a repository says there is, also in sources that a root changes on the way.
type heard struct {
	named map[[2]string][]string // kind and name to the namespaces
	homes map[string]bool        // the namespaces that it puts pods or accounts into
	runs  map[[2]string][]string // accounts that pods run as, by kind and name like the others
}

func newHeard(x *review.Index) heard {
	h := heard{map[[2]string][]string{}, map[string]bool{}, map[[2]string][]string{}}
	for _, kind := range []string{"Role", "ClusterRole", "ServiceAccount"} {
		for _, o := range x.OfKind(kind) {
			id := [2]string{kind, o.Name}
			h.named[id] = append(h.named[id], x.Namespace(o))
			if kind == "ServiceAccount" {
				h.homes[x.Namespace(o)] = true
			}
		}
	}
	for _, kind := range []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"} {
		for _, o := range x.OfKind(kind) {
			h.addPods(o, x.View(o))
		}
	}
	return h
}

func (h heard) addPods(o *manifests.Object, view *review.RootView) {
	if view == nil {
		return
	}
	for _, pod := range view.Workloads(o) {
		_, account := pod.Account()
		id := [2]string{"ServiceAccount", account}
		h.runs[id] = append(h.runs[id], view.Namespace(o))
		h.homes[view.Namespace(o)] = true
	}
}

// has reports whether one of the namespaces is the wanted one; "" is one that nobody knows, or that is none.
func has(namespaces []string, want string) bool {
	return slices.ContainsFunc(namespaces, func(in string) bool { return in == want || in == "" || want == "" })
}
