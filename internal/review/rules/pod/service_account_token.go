package pod

import "github.com/landwaiter/landwaiter/internal/review"

var serviceAccountToken = review.Rule{
	ID: "service-account-token", Level: review.Warning, Guidelines: []string{"G8"},
	Summary: "A pod gets an API token that nothing in the repository gives a use",
	Kinds:   []string{review.Workloads},
	Check:   checkServiceAccountToken,
}

func checkServiceAccountToken(p *review.Pass) {
	_, account := p.Pod.Account()
	if len(p.Pod.Containers) == 0 || !p.TokenMounted() || bound(p, account) {
		return
	}
	field := p.Pod.Get("automountServiceAccountToken")
	p.Report(field, "the pod gets a token of account %s, to which no role is bound", account).
		Detail("No binding in the repository names the account, so the token has no use that is known here, but whoever gets into the pod can ask the API server with it and learn what the cluster shows to anyone.").
		Fix("Do not mount the token", review.Set(field, false)).Unsafe()
}
