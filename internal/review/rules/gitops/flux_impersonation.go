package gitops

import "github.com/landwaiter/landwaiter/internal/review"

var fluxImpersonation = review.Rule{
	ID: "flux-impersonation", Level: review.Warning, Guidelines: []string{"G7"},
	Summary: "A tenant's manifests are applied with Flux's own rights",
	Kinds:   []string{"Kustomization.kustomize.toolkit.fluxcd.io", "HelmRelease.helm.toolkit.fluxcd.io"},
	Check:   checkFluxImpersonation,
}

func checkFluxImpersonation(p *review.Pass) {
	account := p.Object.Field().Get("spec", "serviceAccountName")
	namespace := p.Root.Namespace(p.Object)
	if account.Text() != "" || namespace == "" || namespace == "flux-system" && !hadAccount(p) || p.Object.Field().Get("spec", "kubeConfig").IsSet() {
		return // what is in flux-system is the platform's own, and another cluster is reached by its kubeConfig's rights
	}
	p.Report(account, "%s %s is applied with Flux's own rights", p.Object.Kind, p.Object.Name).
		Detail("Those are an administrator's unless Flux was installed with a default account. Whoever may write to the source then owns the cluster, not just namespace %s.", namespace)
}

// hadAccount reports whether the change takes the account away: then somebody had bounded even what is the platform's own.
func hadAccount(p *review.Pass) bool {
	if p.Base == nil {
		return false
	}
	before := p.Base.Match(p.Object)
	return before != nil && before.Field().Get("spec", "serviceAccountName").Text() != ""
}
