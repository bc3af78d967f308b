package rbac

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var deletes = review.Rule{
	ID: "rbac-delete", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A role can delete collections, or workloads and namespaces of the whole cluster",
	Kinds:   onRoles(),
	Check:   checkDelete,
}

var removeWorkloads = power{
	can: "delete %s", usual: true, verbs: []string{"delete", "deletecollection"}, verbal: true,
	on: []resources{
		{group: "", names: []string{"namespaces", "pods", "replicationcontrollers"}},
		{group: "apps", names: []string{"deployments", "statefulsets", "daemonsets", "replicasets"}},
		{group: "batch", names: []string{"jobs", "cronjobs"}},
		{group: "extensions", names: []string{"deployments", "daemonsets", "replicasets"}},
	},
}

// isSubresource reports whether a word names a part of objects, such as pods/exec, which nobody deletes.
func isSubresource(word manifests.Field) bool { return strings.Contains(word.Text(), "/") }

func checkDelete(p *review.Pass) {
	for _, g := range grantsOf(p.Object) {
		var d *review.Draft
		whole := slices.DeleteFunc(slices.Clone(g.resources), isSubresource)
		if at, ok := wordFor(g.verbs, "deletecollection"); ok && len(whole) > 0 && !g.named() && !isUsual(p) {
			d = p.Report(at, "%s %s can delete all %s of a namespace at once", p.Object.Kind, p.Object.Name, titles(whole, "objects")).
				Related(g.Get("resources")).Related(g.Get("resourceNames"))
		} else if p.Object.Kind == "ClusterRole" && !boundWithin(p) {
			d = reportPower(p, g, removeWorkloads, removeWorkloads.hits(g))
		}
		if d != nil {
			d.Detail("One request takes down what others run, and a namespace goes with all that is in it. %s", holdersOf(p))
		}
	}
}
