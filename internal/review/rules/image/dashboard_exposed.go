package image

import (
	"path"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var dashboardExposed = review.Rule{
	ID: "dashboard-exposed", Level: review.Error, Guidelines: []string{"G11", "G7", "G17"},
	Summary: "Kubernetes Dashboard can be reached from outside, or lets people in without a sign-in",
	Kinds:   []string{review.Workloads, "Service", "Ingress"},
	Check:   checkDashboardExposed,
}

const dashboard = "kubernetes-dashboard"

func checkDashboardExposed(p *review.Pass) {
	switch {
	case p.Pod != nil:
		checkDashboardFlags(p)
	case p.Object.Kind == "Service" && p.Object.Group() == "":
		checkDashboardService(p)
	case p.Object.Kind == "Ingress":
		checkDashboardIngress(p)
	}
}

func checkDashboardFlags(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		ref, err := c.Reference()
		if err != nil || !isDashboardImage(ref.Repository) {
			continue
		}
		for _, arg := range append(c.Get("command").Items(), c.Get("args").Items()...) {
			flag, value, _ := strings.Cut(strings.TrimLeft(arg.Text(), "-"), "=")
			if (flag == "enable-skip-login" || flag == "enable-insecure-login") && value != "false" {
				p.Report(arg, "%s starts Kubernetes Dashboard with --%s", c.Title(), flag).
					Detail("With it people get in without a token, or send it in the clear, and act with the dashboard's own rights.").
					Fix("remove the flag", review.Remove(arg)).Unsafe()
			}
		}
	}
}

func isDashboardImage(repository string) bool {
	name := path.Base(repository)
	return strings.HasPrefix(repository, "kubernetesui/dashboard") || strings.HasPrefix(name, dashboard)
}

func checkDashboardService(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	kind := spec.Get("type")
	if kind.Text() != "LoadBalancer" && kind.Text() != "NodePort" || !selectsDashboard(spec.Get("selector")) {
		return
	}
	p.Report(kind, "service %s opens Kubernetes Dashboard by a %s", p.Object.Name, kind.Text()).
		Detail("The dashboard shows and changes the whole cluster. Whoever gets past its sign-in, or finds the next flaw in it, has it. Reach it through `kubectl port-forward` or a proxy that signs people in.").
		Fix("keep the service inside the cluster", review.Set(kind, "ClusterIP")).Unsafe()
}

func selectsDashboard(selector manifests.Field) bool {
	for _, entry := range selector.Entries() {
		if entry.Value.Text() == dashboard {
			return true
		}
	}
	return false
}

func checkDashboardIngress(p *review.Pass) {
	if hasSignIn(p.Object.Field().Get("metadata", "annotations")) {
		return
	}
	for _, rule := range p.Object.Field().Get("spec", "rules").Items() {
		for _, route := range rule.Get("http", "paths").Items() {
			name := route.Get("backend", "service", "name")
			if !name.IsSet() {
				name = route.Get("backend", "serviceName")
			}
			if text := name.Text(); text == dashboard || strings.HasPrefix(text, dashboard+"-") && strings.HasSuffix(text, "proxy") {
				p.Report(name, "ingress %s opens Kubernetes Dashboard", p.Object.Name).
					Detail("Nothing on this Ingress signs people in or limits the addresses they come from, so the dashboard's own sign-in is all that stands before the cluster.")
			}
		}
	}
}

// hasSignIn reports whether an Ingress asks for a sign-in, a client certificate or a known address.
func hasSignIn(annotations manifests.Field) bool {
	for _, entry := range annotations.Entries() {
		_, name, _ := strings.Cut(entry.Key, "/")
		for _, word := range []string{"auth-", "whitelist", "allowlist", "middlewares", "inbound-cidrs", "scheme"} {
			if strings.Contains(name, word) && entry.Value.Text() != "internet-facing" {
				return true
			}
		}
	}
	return false
}
