package namespace

import (
	"slices"
	"strings"

	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var namespaceUndeclared = review.Rule{
	ID: "namespace-undeclared", Level: review.Info, Guidelines: []string{"G5"},
	Summary:   "A namespace is used and declared nowhere in the repository",
	CheckRoot: checkNamespaceUndeclared,
}

func checkNamespaceUndeclared(p *review.Pass) {
	declared := declaredNamespaces(p)
	for _, o := range p.Root.Objects {
		if o.Namespace == "" || ofSystem(o.Namespace) || declared[o.Namespace] || !isNamespaced(o) || ofGitOps(o) || !byOwnWord(p, o) {
			continue
		}
		declared[o.Namespace] = true // once a root is enough
		p.ReportOn(o, o.Field().Get("metadata", "namespace"), "namespace %s is declared nowhere in the repository", o.Namespace).
			About("namespace " + o.Namespace).
			Detail("Its labels, among them the Pod Security level, its quotas and its network policies are then nobody's, and in a new cluster the objects cannot be applied.")
	}
}

// ofGitOps reports whether an object is an order to Argo CD or Flux, which lives where that tool was installed.
func ofGitOps(o *manifests.Object) bool {
	return o.Group() == "argoproj.io" && strings.HasPrefix(o.Kind, "App") || strings.HasSuffix(o.Group(), ".fluxcd.io")
}

// byInstaller reports whether a namespace is one that installing Flux or Argo CD makes.
func byInstaller(namespace string) bool {
	return namespace == "flux-system" || namespace == "argocd" || namespace == "openshift-gitops"
}

// declaredNamespaces are those that the repository makes: as objects, or by a GitOps tool that is told to.
func declaredNamespaces(p *review.Pass) map[string]bool {
	declared := map[string]bool{}
	for _, kind := range []string{"Namespace", "Project", "ProjectRequest"} {
		for _, o := range append(p.Root.OfKind(kind), p.Index.OfKind(kind)...) {
			declared[o.Name] = true
		}
	}
	for _, o := range slices.Concat(p.Root.Objects, p.Index.OfKind("Kustomization"), p.Index.OfKind("Application")) {
		if ofGitOps(o) && byInstaller(o.Namespace) {
			declared[o.Namespace] = true
		}
	}
	for _, o := range append(p.Root.OfKind("Application"), p.Index.OfKind("Application")...) {
		if createsNamespace(o.Field().Get("spec", "syncPolicy", "syncOptions")) {
			declared[o.Field().Get("spec", "destination", "namespace").Text()] = true
		}
	}
	for _, o := range append(p.Root.OfKind("HelmRelease"), p.Index.OfKind("HelmRelease")...) {
		if spec := o.Field().Get("spec"); spec.Get("install", "createNamespace").True() {
			declared[spec.Get("targetNamespace").Text()] = true
		}
	}
	return declared
}

func createsNamespace(options manifests.Field) bool {
	for _, option := range options.Items() {
		if option.Text() == "CreateNamespace=true" {
			return true
		}
	}
	return false
}
