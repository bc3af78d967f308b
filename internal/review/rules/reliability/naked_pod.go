package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var nakedPod = review.Rule{
	ID: "naked-pod", Level: review.Info,
	Summary: "A Pod stands by itself, without a controller",
	Kinds:   []string{"Pod"},
	Check:   checkNakedPod,
}

func checkNakedPod(p *review.Pass) {
	o := p.Object
	if o.Group() != "" || review.IsHook(o) || o.Namespace == "kube-system" || len(o.Field().Get("metadata", "ownerReferences").Items()) > 0 {
		return // hooks run once by order, and the control plane's static pods are the kubelet's
	}
	p.Report(o.Field().Get("kind"), "pod %s has no controller", nameOf(o)).
		Detail("When its node fails or is drained it is gone, and nothing makes it anew. A changed template cannot be rolled out either, since most fields of a pod cannot be changed.")
}
