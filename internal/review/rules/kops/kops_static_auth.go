package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsStaticAuth = review.Rule{
	ID: "kops-static-auth", Level: review.Error, Guidelines: []string{"G9"},
	Summary: "Passwords or tokens out of a file let into the cluster",
	Kinds:   []string{cluster},
	Check:   checkKopsStaticAuth,
}

func checkKopsStaticAuth(p *review.Pass) {
	for _, key := range []string{"basicAuthFile", "tokenAuthFile"} {
		if at := spec(p).Get("kubeAPIServer", key); at.IsSet() {
			p.Report(at, "the API server of cluster %s takes what is in %s", p.Object.Name, key).
				Detail("It is compared in plain, holds for ever, and changes only when the API server starts again. Basic passwords are gone since Kubernetes 1.19.").
				Fix("Take no static credentials", review.Remove(at)).Unsafe()
		}
	}
}
