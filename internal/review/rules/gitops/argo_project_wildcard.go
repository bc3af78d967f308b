package gitops

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var argoProjectWildcard = review.Rule{
	ID: "argo-project-wildcard", Level: review.Error, Guidelines: []string{"G7"},
	Summary: "A project of Argo CD lets its applications come from, go to or make anything",
	Kinds:   []string{"AppProject." + argo},
	Check:   checkArgoProjectWildcard,
}

func checkArgoProjectWildcard(p *review.Pass) {
	spec := p.Object.Field().Get("spec")
	for _, repo := range spec.Get("sourceRepos").Items() {
		if repo.Text() == "*" {
			reportWildcard(p, repo, "takes manifests from every repository", "Whoever may write an Application of the project brings whatever manifests they like, from wherever they like.")
		}
	}
	for _, to := range spec.Get("destinations").Items() {
		server, namespace := to.Get("server"), to.Get("namespace")
		if server.Text() == "*" || to.Get("name").Text() == "*" {
			reportWildcard(p, to, "deploys to every cluster", "One Application of the project reaches every cluster that this Argo CD knows.")
		} else if namespace.Text() == "*" {
			reportWildcard(p, namespace, "deploys to every namespace", "Its applications can replace what runs in kube-system, and in everybody else's namespaces.")
		}
	}
	for _, kind := range spec.Get("clusterResourceWhitelist").Items() {
		if kind.Get("group").Text() == "*" && kind.Get("kind").Text() == "*" {
			reportWildcard(p, kind, "may make every kind of cluster-wide object", "ClusterRoleBindings and webhooks are among them, so that who writes an Application of the project owns the cluster.")
		}
	}
}

func reportWildcard(p *review.Pass, at manifests.Field, what, why string) {
	p.Report(at, "project %s %s", p.Object.Name, what).Detail("%s Name what the project's owners work with.", why)
}
