package api

import "github.com/landwaiter/landwaiter/internal/review"

var serviceAccountMissing = review.Rule{
	ID: "service-account-missing", Level: review.Warning,
	Summary: "A pod runs as a service account that is not there",
	Kinds:   []string{review.Workloads},
	Params:  newElsewhere,
	Check:   checkServiceAccountMissing,
}

func checkServiceAccountMissing(p *review.Pass) {
	at := p.Pod.Get("serviceAccountName")
	if !at.IsSet() {
		at = p.Pod.Get("serviceAccount")
	}
	r := reference{at, "ServiceAccount", at.Text(), ""}
	if r.name == "default" || !r.missing(p) {
		return
	}
	p.Report(at, "%s %s runs as service account %s, which is not there%s", p.Object.Kind, p.Object.Name, r.name, r.meant(p)).
		Detail("Nothing in the repository makes the account in this namespace. Without it the pods are not even created.")
}
