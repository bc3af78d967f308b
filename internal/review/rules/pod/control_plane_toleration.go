package pod

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var controlPlaneToleration = review.Rule{
	ID: "control-plane-toleration", Level: review.Warning,
	Summary: "An ordinary workload may run on control-plane nodes",
	Kinds:   []string{review.Workloads},
	Check:   checkControlPlaneToleration,
}

func checkControlPlaneToleration(p *review.Pass) {
	if belongsOnEveryNode(p) {
		return
	}
	tolerations := p.Pod.Get("tolerations")
	for _, item := range tolerations.Items() {
		what := tolerated(item)
		if what == "" {
			continue
		}
		p.Report(item, "the pod tolerates %s", what).
			Detail("It may be placed beside the API server and etcd, whose keys and data lie on those nodes, and takes their resources.").
			Fix("Remove the toleration", review.Remove(sole(item, tolerations))).Unsafe()
	}
}

// tolerated says which taint of control-plane nodes a toleration covers, "" for none. Those taints have the effect
// NoSchedule.
func tolerated(toleration manifests.Field) string {
	key, effect := toleration.Get("key").Text(), toleration.Get("effect").Text()
	switch {
	case effect != "" && effect != "NoSchedule":
		return ""
	case key == "node-role.kubernetes.io/control-plane", key == "node-role.kubernetes.io/master":
		return "the taint " + key
	case key == "" && toleration.Get("operator").Text() == "Exists":
		return "every taint"
	}
	return ""
}

// belongsOnEveryNode reports whether the pod is a node agent or a part of the control plane: a DaemonSet, what runs
// in the control plane's namespaces, what has a priority that the system keeps for itself, or a static pod's mirror.
func belongsOnEveryNode(p *review.Pass) bool {
	return p.Object.Kind == "DaemonSet" ||
		isControlPlaneNamespace(p.Root.Namespace(p.Object)) ||
		strings.HasPrefix(p.Pod.Get("priorityClassName").Text(), "system-") ||
		label(p.Pod, "tier") == "control-plane"
}
