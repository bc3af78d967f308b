package controlplane

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var webhookFailOpen = review.Rule{
	ID: "webhook-fail-open", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "Requests pass while what admits them does not answer, or fails",
	Kinds: append([]string{"ValidatingAdmissionPolicy.admissionregistration.k8s.io", "MutatingAdmissionPolicy.admissionregistration.k8s.io",
		"ClusterPolicy.kyverno.io", "Policy.kyverno.io"}, webhookKinds...),
	Check: checkFailOpen,
}

func checkFailOpen(p *review.Pass) {
	if len(p.Object.Field().Get("webhooks").Items()) == 0 {
		checkPolicyFailsOpen(p)
		return
	}
	for _, w := range webhooksOf(p.Object) {
		if !w.failsOpen() {
			continue
		}
		at := w.Get("failurePolicy")
		d := p.Report(at, "webhook %s lets everything pass while it does not answer", w.name).
			Detail("Whoever keeps it from answering, or waits until it does not, does what it would have refused.").
			Fix("Refuse what was not looked at", review.Set(at, "Fail")).Unsafe()
		if w.mutating || !w.guardsBuiltin() {
			d.Lower(review.Info) // it fills in or checks the form, rather than guards
		}
	}
}

func checkPolicyFailsOpen(p *review.Pass) {
	at := p.Object.Field().Get("spec", "failurePolicy")
	if at.Text() == "Ignore" {
		d := p.Report(at, "policy %s lets pass what it fails on", p.Object.Name).
			Detail("An object on which an expression stumbles is then admitted, and objects can be made for that.").
			Fix("Refuse what could not be judged", review.Set(at, "Fail")).Unsafe()
		if strings.HasPrefix(p.Object.Kind, "Mutating") {
			d.Lower(review.Info)
		}
	}
}
