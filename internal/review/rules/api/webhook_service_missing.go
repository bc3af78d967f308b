package api

import (
	"slices"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/manifests/kubeapi"
	"github.com/landwaiter/landwaiter/internal/review"
)

var webhookServiceMissing = review.Rule{
	ID: "webhook-service-missing", Level: review.Warning, Guidelines: []string{"G26"},
	Summary: "The API server is told to call a Service, or a port of one, that is not there",
	Kinds: []string{"ValidatingWebhookConfiguration.admissionregistration.k8s.io", "MutatingWebhookConfiguration.admissionregistration.k8s.io",
		"APIService.apiregistration.k8s.io", "CustomResourceDefinition.apiextensions.k8s.io"},
	Params: newElsewhere,
	Check:  checkWebhookServiceMissing,
}

func checkWebhookServiceMissing(p *review.Pass) {
	var told []string // a configuration names one Service for all its webhooks
	for _, at := range calledServices(p.Object) {
		name, space := at.Get("name"), at.Get("namespace").Text()
		r := reference{name, "Service", name.Text(), space}
		if space == "" || kubeapi.HasPlaceholder(at) || slices.Contains(told, space+"/"+r.name) {
			continue
		}
		if r.missing(p) {
			told = append(told, space+"/"+r.name)
			p.Report(name, "%s %s calls service %s of namespace %s, which is not there%s", p.Object.Kind, p.Object.Name, r.name, space, r.meant(p)).
				Detail("%s", unanswered(p.Object.Kind))
		} else if service := r.target(p); service != nil {
			checkCalledPort(p, at, service)
		}
	}
}

// calledServices are the places where an object names Services that the API server is to call.
func calledServices(o *manifests.Object) (all []manifests.Field) {
	spec := o.Field().Get("spec")
	found := []manifests.Field{spec.Get("conversion", "webhook", "clientConfig", "service"), spec.Get("conversion", "webhookClientConfig", "service")}
	if o.Kind == "APIService" {
		found = []manifests.Field{spec.Get("service")}
	}
	for _, webhook := range o.Field().Get("webhooks").Items() {
		found = append(found, webhook.Get("clientConfig", "service"))
	}
	return slices.DeleteFunc(found, func(f manifests.Field) bool { return !f.IsMap() })
}

// unanswered says what becomes of requests whose Service is missing.
func unanswered(kind string) string {
	switch kind {
	case "APIService":
		return "Every request for the group fails, and with it what asks for all groups: the deletion of namespaces, garbage collection and discovery."
	case "CustomResourceDefinition":
		return "Objects of the kind cannot be read in another version than the one they are stored in, so that clients of those versions fail."
	}
	return "Every request that the webhook is for is refused, or, where failurePolicy is Ignore, let through unseen."
}

// checkCalledPort compares the port, which is 443 unless it is set, with those of the Service.
func checkCalledPort(p *review.Pass, at manifests.Field, service *manifests.Object) {
	port, want := at.Get("port"), "443"
	if port.IsSet() {
		want = port.Text()
	}
	ports := service.Field().Get("spec", "ports").Items()
	if len(ports) == 0 || kubeapi.HasPlaceholder(service.Field().Get("spec")) || service.Field().Get("spec", "type").Text() == "ExternalName" {
		return
	}
	if slices.ContainsFunc(ports, func(f manifests.Field) bool { return f.Get("port").Text() == want }) {
		return
	}
	p.Report(port, "%s %s calls port %s of service %s, which has no such port", p.Object.Kind, p.Object.Name, clip(want), service.Name).
		Detail("%s", unanswered(p.Object.Kind))
}
