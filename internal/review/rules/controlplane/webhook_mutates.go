package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var webhookMutates = review.Rule{
	ID: "webhook-mutates", Level: review.Info, Guidelines: []string{"G26"},
	Summary: "A mutating webhook or policy changes what is reviewed here",
	Kinds: []string{"MutatingWebhookConfiguration.admissionregistration.k8s.io", "MutatingAdmissionPolicy.admissionregistration.k8s.io",
		"ClusterPolicy.kyverno.io", "Policy.kyverno.io"},
	Check: checkWebhookMutates,
}

const mutatesDetail = "What is reviewed is what the repository holds. What runs is what comes out of the webhook, which nobody sees here."

// reviewed are the resources that most rules look at.
var reviewed = []string{"pods", "deployments", "statefulsets", "daemonsets", "replicasets", "jobs", "cronjobs", "namespaces", "services", "ingresses", "networkpolicies"}

func checkWebhookMutates(p *review.Pass) {
	o := p.Object.Field()
	for _, w := range webhooksOf(p.Object) {
		if w.mutating && w.touches(reviewed...) {
			p.Report(w.Field, "webhook %s changes objects on their way into the cluster", w.name).Detail("%s", mutatesDetail)
		}
	}
	for _, rule := range o.Get("spec", "rules").Items() {
		if mutate := rule.Get("mutate"); p.Object.Group() == "kyverno.io" && mutate.IsSet() {
			p.Report(mutate, "rule %s changes objects on their way into the cluster", rule.Get("name").Text()).Detail("%s", mutatesDetail)
		}
	}
	for _, rule := range o.Get("spec", "matchConstraints", "resourceRules").Items() {
		if p.Object.Kind == "MutatingAdmissionPolicy" && covers(rule, reviewed) {
			p.Report(rule, "policy %s changes objects on their way into the cluster", p.Object.Name).Detail("%s", mutatesDetail)
		}
	}
}
