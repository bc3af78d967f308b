package reliability

import (
	"strings"

	"github.com/landwaiter/landwaiter/internal/review"
)

var jobTTL = review.Rule{
	ID: "job-ttl", Level: review.Info,
	Summary: "A finished Job stays for ever",
	Kinds:   []string{"Job.batch"},
	Check:   checkJobTTL,
}

func checkJobTTL(p *review.Pass) {
	at := p.Object.Field().Get("spec", "ttlSecondsAfterFinished")
	if at.IsSet() || p.Object.Hook != "" {
		return
	}
	for _, entry := range p.Object.Field().Get("metadata", "annotations").Entries() {
		if strings.HasPrefix(entry.Key, "argocd.argoproj.io/hook") {
			return // Argo CD removes its hooks by a policy of their own
		}
	}
	p.Report(at, "job %s is not removed when it is done", p.Object.Name).
		Detail("The Job and its pods stay in the API server until somebody deletes them, with whatever their logs say.")
}
