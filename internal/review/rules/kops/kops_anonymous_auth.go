package kops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsAnonymousAuth = review.Rule{
	ID: "kops-anonymous-auth", Level: review.Error, Guidelines: []string{"G22"},
	Summary: "A kubelet or the API server answers who has not signed in",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsAnonymousAuth,
}

func checkKopsAnonymousAuth(p *review.Pass) {
	if p.Object.Kind == "Cluster" && !spec(p).Get("kubelet", "anonymousAuth").IsSet() {
		reportAnonymous(p, spec(p).Get("kubelet", "anonymousAuth"))
	}
	for _, kubelet := range kubelets(p) {
		if at := kubelet.Get("anonymousAuth"); at.IsSet() && !at.False() {
			reportAnonymous(p, at)
		}
	}
	if api := spec(p).Get("kubeAPIServer", "anonymousAuth"); api.True() {
		p.Report(api, "the API server of cluster %s is to answer anonymous requests", p.Object.Name).
			Detail("Versions of kops so far overrule this. One that does not, or another reader of the specification, lets everybody in as system:anonymous. Every binding to system:anonymous or system:unauthenticated, one made by mistake among them, is then one for the whole network.").
			Fix("Refuse anonymous requests", review.Set(api, false)).Unsafe()
	}
}

func reportAnonymous(p *review.Pass, at manifests.Field) {
	whose := "cluster"
	if p.Object.Kind == "InstanceGroup" {
		whose = "group"
	}
	p.Report(at, "the kubelets of %s %s answer anonymous requests", whose, p.Object.Name).
		Detail("Who reaches port 10250 of a node is let in as system:anonymous, and what that user may do is all that stands before running commands in every pod of the node.").
		Fix("Refuse anonymous requests", review.Set(at, false)).Unsafe()
}
