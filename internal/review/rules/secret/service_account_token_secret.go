package secret

import "github.com/landwaiter/landwaiter/internal/review"

var serviceAccountTokenSecret = review.Rule{
	ID: "service-account-token-secret", Level: review.Warning, Guidelines: []string{"G27"},
	Summary: "A Secret asks for a service account token that never ends",
	Kinds:   []string{"Secret"},
	Check:   checkServiceAccountTokenSecret,
}

func checkServiceAccountTokenSecret(p *review.Pass) {
	kind := p.Object.Field().Get("type")
	if p.Object.Group() != "" || kind.Text() != "kubernetes.io/service-account-token" {
		return
	}
	account := p.Object.Field().Get("metadata", "annotations", "kubernetes.io/service-account.name").Text()
	p.Report(kind, "secret %s is a token of service account %s that never ends", p.Object.Name, account).
		Detail("The control plane fills this Secret with a token that is valid until somebody deletes it. Whoever reads it once, from a backup or a log, acts as the account from anywhere. Pods get short-lived tokens by themselves, and `kubectl create token` or a projected volume gives one to others.")
}
