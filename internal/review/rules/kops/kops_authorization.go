package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsAuthorization = review.Rule{
	ID: "kops-authorization", Level: review.Error, Guidelines: []string{"G6"},
	Summary: "A cluster does not decide by RBAC who may do what",
	Kinds:   []string{cluster},
	Check:   checkKopsAuthorization,
}

func checkKopsAuthorization(p *review.Pass) {
	at := spec(p).Get("authorization")
	if at.Get("rbac").Exists() {
		return
	}
	where, what := at, "does not say how requests are authorized"
	if allow := at.Get("alwaysAllow"); allow.Exists() {
		where, what = allow, "allows every request"
	}
	p.Report(where, "cluster %s %s", p.Object.Name, what).
		Detail("Whoever can sign in, a pod with its token among them, may do everything, and no role or binding changes that.").
		Fix("Authorize by RBAC", review.Set(at, map[string]any{"rbac": map[string]any{}})).Unsafe()
}
