package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var webhookScope = review.Rule{
	ID: "webhook-scope", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "A webhook is asked about everything, or may stop the cluster's own pods",
	Kinds:   webhookKinds,
	Check:   checkWebhookScope,
}

func checkWebhookScope(p *review.Pass) {
	labels := systemLabels(p)
	for _, w := range webhooksOf(p.Object) {
		selector := w.Get("namespaceSelector")
		if w.narrowed() || !selects(selector, labels) {
			continue
		}
		switch {
		case w.catchesAll():
			p.Report(w.Get("rules"), "webhook %s is asked about every object of every kind, the cluster's own included", w.name).
				Detail("Everything that happens in the cluster waits for it, leases and events too, and it sees every Secret. Name the kinds it is for, and leave kube-system out by a namespaceSelector.")
		case !w.failsOpen() && w.touches("pods", "daemonsets", "deployments"):
			p.Report(selector, "webhook %s stops the cluster's own pods while it does not answer", w.name).
				Detail("It refuses what it does not get to see, in kube-system as well: when its own pods, or what they need to run, are gone, nothing comes back by itself. Leave kube-system out by a namespaceSelector.")
		}
	}
}
