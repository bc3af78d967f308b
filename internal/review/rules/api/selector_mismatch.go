package api

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var selectorMismatch = review.Rule{
	ID: "selector-mismatch", Level: review.Error,
	Summary: "A workload's selector does not match the labels of its pods",
	Kinds: []string{"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "Deployment.extensions", "DaemonSet.extensions",
		"ReplicaSet.extensions", "ReplicationController", "DeploymentConfig", "Rollout.argoproj.io"},
	Check: checkSelectorMismatch,
}

func checkSelectorMismatch(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	selector, template := spec.Get("selector"), spec.Get("template")
	labels := template.Get("metadata", "labels")
	if !selector.IsMap() || !template.IsMap() || kubeapi.HasPlaceholder(selector) || kubeapi.HasPlaceholder(labels) {
		return
	}
	want := selector.Get("matchLabels")
	if p.Object.Kind == "ReplicationController" || p.Object.Kind == "DeploymentConfig" {
		want = selector
	}
	for _, e := range want.Entries() {
		if got := labels.Get(e.Key); got.Text() != e.Value.Text() || !got.IsSet() {
			p.Report(e.Value, "the selector asks for %s=%s, %s", e.Key, e.Value.Text(), has(got)).Related(got).
				Detail("The API server refuses a %s that does not select the pods it makes.", p.Object.Kind).
				Fix("Give the pods the label", review.Set(got, e.Value.Text())).Unsafe()
		}
	}
	if review.SelectsPlain(want, labels) && !review.Selects(selector, labels) && want.Path() != selector.Path() {
		p.Report(selector.Get("matchExpressions"), "the selector's expressions do not match the labels of the pods").Related(labels).
			Detail("The API server refuses a %s that does not select the pods it makes.", p.Object.Kind)
	}
}

func has(label manifests.Field) string {
	if !label.IsSet() {
		return "a label that the pods do not have"
	}
	return "the pods have " + label.Text()
}
