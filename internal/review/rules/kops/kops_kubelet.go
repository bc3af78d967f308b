package kops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var kopsKubelet = review.Rule{
	ID: "kops-kubelet", Level: review.Error, Guidelines: []string{"G22"},
	Summary: "A kubelet is open, or does less than it should to hold its node",
	Kinds:   []string{cluster, instanceGroup},
	Check:   checkKopsKubelet,
}

func checkKopsKubelet(p *review.Pass) {
	for _, kubelet := range kubelets(p) {
		if at := kubelet.Get("readOnlyPort"); at.IsSet() {
			if n, ok := at.Int(); ok && n != 0 {
				reportKubelet(p, at, 0, "tells everybody who asks on port %d about its pods", n)
			}
		}
		if at := kubelet.Get("authorizationMode"); at.Text() == "AlwaysAllow" {
			reportKubelet(p, at, "Webhook", "allows every request that is signed in%s", "")
		}
		if at := kubelet.Get("authenticationTokenWebhook"); at.False() {
			reportKubelet(p, at, true, "does not ask the API server whose token it is given%s", "")
		}
		if at := kubelet.Get("protectKernelDefaults"); at.False() {
			reportKubelet(p, at, true, "changes the kernel's settings instead of refusing to start on wrong ones%s", "")
		}
		if at := kubelet.Get("rotateCertificates"); at.False() {
			reportKubelet(p, at, true, "never renews its certificate%s", "")
		}
	}
}

func reportKubelet(p *review.Pass, at manifests.Field, right any, format string, arg any) {
	p.Report(at, "the kubelet of %s %s "+format, p.Object.Kind, p.Object.Name, arg).
		Detail("The kubelet runs commands in every pod of its node. What weakens its own guard weakens all of them.").
		Fix("Set what Kubernetes recommends", review.Set(at, right)).Unsafe()
}
