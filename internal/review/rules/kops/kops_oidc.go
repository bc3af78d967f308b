package kops

import "github.com/landwaiter/landwaiter/internal/review"

var kopsOIDC = review.Rule{
	ID: "kops-oidc", Level: review.Warning, Guidelines: []string{"G9"},
	Summary: "People sign in with certificates that nobody can take back",
	Kinds:   []string{cluster},
	Check:   checkKopsOIDC,
}

func checkKopsOIDC(p *review.Pass) {
	api := spec(p).Get("kubeAPIServer")
	authentication := spec(p).Get("authentication")
	for _, way := range [][]string{{"aws"}, {"oidc"}, {"kopeio"}} {
		if authentication.Get(way...).Exists() {
			return
		}
	}
	for _, key := range []string{"oidcIssuerURL", "authenticationConfigFile", "authenticationTokenWebhookConfigFile"} {
		if api.Get(key).IsSet() {
			return
		}
	}
	p.Report(authentication, "cluster %s has no single sign-on", p.Object.Name).
		Detail("What is left is a certificate of an administrator that is passed around: it names nobody, and it cannot be taken back before it ends.")
}
