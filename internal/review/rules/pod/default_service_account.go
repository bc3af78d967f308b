package pod

import "github.com/landwaiter/landwaiter/internal/review"

var defaultServiceAccount = review.Rule{
	ID: "default-service-account", Level: review.Warning, Guidelines: []string{"G8"},
	Summary: "A pod runs as its namespace's default account",
	Kinds:   []string{review.Workloads},
	Check:   checkDefaultServiceAccount,
}

func checkDefaultServiceAccount(p *review.Pass) {
	if at, name := p.Pod.Account(); name == "default" {
		p.Report(at, "the pod runs as the default service account").
			Detail("Every pod of the namespace that names no account shares it. A role that one of them needs goes to all, and in the audit log all go by one name.")
	}
}
