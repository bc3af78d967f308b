package controlplane

import "github.com/landwaiter/landwaiter/internal/review"

var apiserverStaticAuth = review.Rule{
	ID: "apiserver-static-auth", Level: review.Error, Guidelines: []string{"G9"},
	Summary:   "People sign in by passwords or tokens from a file",
	CheckRoot: checkStaticAuth,
}

func checkStaticAuth(p *review.Pass) {
	for _, c := range of(p, apiServer) {
		for name, what := range map[string]string{"token-auth-file": "tokens", "basic-auth-file": "passwords"} {
			f, ok := c.get(name)
			if !ok || f.value == "" {
				continue
			}
			d := f.at.report(p, "the API server takes static %s from a file (--%s)", what, name).
				Detail("They lie there in plain text, never end, and cannot be taken back without a restart. Sign in by OIDC or by an exec authenticator instead.")
			if len(f.remove) > 0 {
				d.Fix("Do without the file", f.remove...).Unsafe()
			}
		}
	}
}
