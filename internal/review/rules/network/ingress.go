package network

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
)

// isIngress reports whether o is an Ingress of Kubernetes, in its group of now or one of before.
func isIngress(o *manifests.Object) bool {
	return o.Kind == "Ingress" && (o.Group() == "networking.k8s.io" || o.Group() == "extensions")
}

// ingressClass is the class of an Ingress, "" when it is left to the cluster's default.
func ingressClass(o *manifests.Object) string {
	if class := o.Field().Get("spec", "ingressClassName").Text(); class != "" {
		return class
	}
	return annotation(o, "kubernetes.io/ingress.class").Text()
}

// backends are the fields of an Ingress that name services.
func backends(o *manifests.Object) []manifests.Field {
	spec := o.Field().Get("spec")
	all := []manifests.Field{spec.Get("defaultBackend"), spec.Get("backend")}
	all = append(all, fieldsAt(spec, "rules.*.http.paths.*.backend")...)
	var names []manifests.Field
	for _, b := range all {
		for _, f := range []manifests.Field{b.Get("service", "name"), b.Get("serviceName")} {
			if f.Text() != "" {
				names = append(names, f)
			}
		}
	}
	return names
}

// route is one path of an Ingress.
type route struct {
	host, path, kind string
	at               manifests.Field
}

// routes are the paths of an Ingress; a host without paths is not one.
func routes(o *manifests.Object) (all []route) {
	for _, rule := range o.Field().Get("spec", "rules").Items() {
		for _, item := range rule.Get("http", "paths").Items() {
			at := item.Get("path")
			if !at.IsSet() {
				at = item
			}
			all = append(all, route{strings.ToLower(rule.Get("host").Text()), item.Get("path").Text(), item.Get("pathType").Text(), at})
		}
	}
	return all
}

// hostMatches reports whether a host is one that a pattern stands for: itself, or "*.example.com" for one label more.
func hostMatches(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == host {
		return true
	}
	domain, wild := strings.CutPrefix(pattern, "*.")
	_, rest, _ := strings.Cut(host, ".")
	return wild && rest == domain
}

// privateNames are the ends of names that only a network of one's own resolves.
var privateNames = []string{".local", ".localhost", ".internal", ".svc", ".cluster.local", ".lan", ".intranet", ".corp", ".home.arpa", ".test", ".invalid", ".example", ".private", ".home"}

// isPrivateName reports whether a host's name is one that the internet does not know.
func isPrivateName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return !strings.Contains(host, ".") || slices.ContainsFunc(privateNames, func(end string) bool { return strings.HasSuffix(host, end) })
}
