package pod

import "github.com/landwaiter/landwaiter/internal/review"

var hostUsers = review.Rule{
	ID: "host-users", Level: review.Info, Guidelines: []string{"G1"},
	Summary: "A workload that runs as root has no user namespace",
	Kinds:   []string{review.Workloads},
	Check:   checkHostUsers,
}

// userNamespaces is the minor version from which user namespaces are on by default.
const userNamespaces = 33

func checkHostUsers(p *review.Pass) {
	field := p.Pod.Get("hostUsers")
	if !p.Pod.Spec.Get("containers").IsList() {
		return // a template of Argo Workflows, which has no such field
	}
	if p.Pod.Windows() || !p.Kube.AtLeast(userNamespaces) || is(field, false) || sharesNode(p.Pod) {
		return
	}
	for _, c := range p.Pod.Containers {
		uid, known := c.Effective("runAsUser").Int()
		if known && uid == 0 || !known && c.Effective("runAsNonRoot").False() {
			p.Report(field, "%s runs as root without a user namespace", c.Title()).
				Detail("With hostUsers: false root in the pod is an account without rights on the node. It needs volumes on file systems that can map owners.").
				Fix("Set hostUsers to false", review.Set(field, false)).Unsafe()
			return
		}
	}
}

// sharesNode reports whether the pod uses namespaces of the node, which cannot be had with a user namespace.
func sharesNode(pod *review.Workload) bool {
	return pod.Get("hostNetwork").True() || pod.Get("hostPID").True() || pod.Get("hostIPC").True()
}
