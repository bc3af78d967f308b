package controlplane

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

// webhookKinds are the objects that hold admission webhooks.
var webhookKinds = []string{"ValidatingWebhookConfiguration.admissionregistration.k8s.io", "MutatingWebhookConfiguration.admissionregistration.k8s.io"}

// webhook is one admission webhook.
type webhook struct {
	manifests.Field
	name     string
	mutating bool
	beta     bool // admissionregistration.k8s.io/v1beta1, whose defaults are others
}

func webhooksOf(o *manifests.Object) []webhook {
	var found []webhook
	for _, item := range o.Field().Get("webhooks").Items() {
		found = append(found, webhook{item, item.Get("name").Text(), strings.HasPrefix(o.Kind, "Mutating"), strings.HasSuffix(o.APIVersion, "/v1beta1")})
	}
	return found
}

// failsOpen reports whether requests pass when the webhook does not answer.
func (w webhook) failsOpen() bool {
	policy := w.Get("failurePolicy")
	return policy.Text() == "Ignore" || w.beta && !policy.IsSet()
}

// builtin are the API groups of Kubernetes itself, as far as their names do not end in k8s.io.
var builtin = []string{"", "apps", "batch", "autoscaling", "policy", "extensions"}

// touches reports whether a rule of the webhook covers one of the resources, of Kubernetes' own groups.
func (w webhook) touches(resources ...string) bool {
	return slices.ContainsFunc(w.Get("rules").Items(), func(rule manifests.Field) bool { return covers(rule, resources) })
}

// covers reports whether a rule of a webhook or policy covers one of the resources.
func covers(rule manifests.Field, resources []string) bool {
	groups, names := strs(rule.Get("apiGroups")), strs(rule.Get("resources"))
	if !slices.ContainsFunc(groups, func(g string) bool { return g == "*" || slices.Contains(builtin, g) || g == "networking.k8s.io" }) {
		return false
	}
	return slices.ContainsFunc(names, func(name string) bool {
		return name == "*" || name == "*/*" || slices.Contains(resources, strings.TrimSuffix(name, "/*"))
	})
}

// guardsBuiltin reports whether the webhook is asked about objects of Kubernetes itself, not only about its own.
func (w webhook) guardsBuiltin() bool {
	for _, rule := range w.Get("rules").Items() {
		for _, group := range strs(rule.Get("apiGroups")) {
			if group == "*" || slices.Contains(builtin, group) || strings.HasSuffix(group, ".k8s.io") && !strings.Contains(group, ".x-k8s.io") && strings.Count(group, ".") == 2 {
				return true
			}
		}
	}
	return false
}

// catchesAll reports whether a rule covers every resource of every group.
func (w webhook) catchesAll() bool {
	return slices.ContainsFunc(w.Get("rules").Items(), func(rule manifests.Field) bool {
		names := strs(rule.Get("resources"))
		return slices.Contains(strs(rule.Get("apiGroups")), "*") && (slices.Contains(names, "*") || slices.Contains(names, "*/*")) &&
			rule.Get("scope").Text() != "Cluster"
	})
}

// narrowed reports whether the objects are chosen by more than their namespace.
func (w webhook) narrowed() bool {
	return len(w.Get("matchConditions").Items()) > 0 || !emptySelector(w.Get("objectSelector"))
}

func emptySelector(f manifests.Field) bool {
	return len(f.Get("matchLabels").Entries()) == 0 && len(f.Get("matchExpressions").Items()) == 0
}

// selects reports whether a label selector takes in what has these labels, as k8s.io/apimachinery has it.
func selects(selector manifests.Field, labels map[string]string) bool {
	for _, e := range selector.Get("matchLabels").Entries() {
		if value, ok := labels[e.Key]; !ok || value != e.Value.Text() {
			return false
		}
	}
	for _, term := range selector.Get("matchExpressions").Items() {
		value, has := labels[term.Get("key").Text()]
		listed := slices.Contains(strs(term.Get("values")), value)
		switch term.Get("operator").Text() {
		case "In":
			if !has || !listed {
				return false
			}
		case "NotIn":
			if has && listed {
				return false
			}
		case "Exists":
			if !has {
				return false
			}
		case "DoesNotExist":
			if has {
				return false
			}
		}
	}
	return true
}

// systemLabels are the labels of kube-system: the one that every namespace has, and what the repository gives it.
func systemLabels(p *review.Pass) map[string]string {
	labels := map[string]string{"kubernetes.io/metadata.name": "kube-system"}
	for _, ns := range append(p.Root.OfKind("Namespace"), p.Index.OfKind("Namespace")...) {
		if ns.Name == "kube-system" {
			for _, e := range ns.Field().Get("metadata", "labels").Entries() {
				labels[e.Key] = e.Value.Text()
			}
		}
	}
	return labels
}
