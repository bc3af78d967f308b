package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsAuthorization = review.Rule{
	ID: "kops-authorization", Level: review.Error, Guidelines: []string{"G6"},
	Summary: "A cluster does not decide by RBAC who may do what",
	Kinds:   []string{cluster},
	Check:   checkKopsAuthorization,
}

// defaultRBAC is the first minor version of kops that makes RBAC of what is left out. A version of kops makes no clusters of a
// newer Kubernetes than its own.
//
// https://kops.sigs.k8s.io/releases/1.36-notes/
const defaultRBAC = 36

func checkKopsAuthorization(p *review.Pass) {
	at := spec(p).Get("authorization")
	version, err := review.ParseKubeVersion(minorOf(spec(p).Get("kubernetesVersion").Text()))
	if at.Get("rbac").Exists() || !at.Get("alwaysAllow").Exists() && err == nil && version.AtLeast(defaultRBAC) {
		return
	}
	where, what, why := at, "does not say how requests are authorized", "Versions of kops before 1.36 make that alwaysAllow. "
	if allow := at.Get("alwaysAllow"); allow.Exists() {
		where, what, why = allow, "allows every request", ""
	}
	p.Report(where, "cluster %s %s", p.Object.Name, what).
		Detail("%sWhoever can sign in, a pod with its token among them, may then do everything, and no role or binding changes that.", why).
		Fix("Authorize by RBAC", review.Set(at, map[string]any{"rbac": map[string]any{}})).Unsafe()
}
