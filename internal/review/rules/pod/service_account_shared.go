package pod

import (
	"github.com/landwaiter/landwaiter/internal/manifests"
	"github.com/landwaiter/landwaiter/internal/review"
)

var serviceAccountShared = review.Rule{
	ID: "service-account-shared", Level: review.Warning, Guidelines: []string{"G8"},
	Summary:   "Different applications run as one service account",
	CheckRoot: checkServiceAccountShared,
}

// accountUse is one pod that runs as an account.
type accountUse struct {
	pod *review.Workload
	at  manifests.Field
}

// maxSharers is with how many pods of an account each other one is compared.
const maxSharers = 100

func checkServiceAccountShared(p *review.Pass) {
	type account struct{ namespace, name string }
	uses := make(map[account][]accountUse)
	for _, o := range p.Root.Objects {
		for _, pod := range p.Root.Workloads(o) {
			if at, name := pod.Account(); name != "default" {
				key := account{p.Root.Namespace(o), name}
				uses[key] = append(uses[key], accountUse{pod, at})
			}
		}
	}
	for account, all := range uses {
		for _, use := range all {
			for _, other := range all[:min(len(all), maxSharers)] {
				if use.pod.Object != other.pod.Object && !sameApplication(use.pod, other.pod) {
					p.ReportOn(use.pod.Object, use.at, "account %s is also that of %s", account.name, other.pod.Object).
						Detail("What one of the two applications is allowed, the other one is allowed as well, and the audit log cannot tell them apart.")
					break
				}
			}
		}
	}
}
