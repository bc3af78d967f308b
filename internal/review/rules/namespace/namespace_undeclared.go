package namespace

import (
	"maps"
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

// declaredNamespaces are those that the repository makes: as objects, or by a GitOps tool that is told to. The caller may add to them.
func declaredNamespaces(p *review.Pass) map[string]bool {
	declared := maps.Clone(review.OnceOf(p.Index, "namespace-declared", func(x *review.Index) map[string]bool {
		declared := map[string]bool{}
		for _, kind := range []string{"Namespace", "Project", "ProjectRequest", "Kustomization", "Application", "HelmRelease"} {
			declare(declared, x.OfKind(kind))
		}
		return declared
	}))
	declare(declared, p.Root.Objects)
	return declared
}

// declare adds the namespaces that objects make, or live in as what installs Flux or Argo CD makes it.
func declare(declared map[string]bool, objects []*manifests.Object) {
	for _, o := range objects {
		spec := o.Field().Get("spec")
		switch {
		case o.Kind == "Namespace" || o.Kind == "Project" || o.Kind == "ProjectRequest":
			declared[o.Name] = true
		case o.Kind == "Application" && createsNamespace(spec.Get("syncPolicy", "syncOptions")):
			declared[spec.Get("destination", "namespace").Text()] = true
		case o.Kind == "HelmRelease" && spec.Get("install", "createNamespace").True():
			declared[spec.Get("targetNamespace").Text()] = true
		}
		if ofGitOps(o) && byInstaller(o.Namespace) {
			declared[o.Namespace] = true
		}
	}
}

func createsNamespace(options manifests.Field) bool {
	for _, option := range options.Items() {
		if option.Text() == "CreateNamespace=true" {
			return true
		}
	}
	return false
}
