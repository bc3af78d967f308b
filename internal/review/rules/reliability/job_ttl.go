package reliability

import "github.com/landwaiter/landwaiter/internal/review"

var jobTTL = review.Rule{
	ID: "job-ttl", Level: review.Info,
	Summary: "A finished Job stays for ever",
	Kinds:   []string{"Job.batch"},
	Check:   checkJobTTL,
}

func checkJobTTL(p *review.Pass) {
	at := p.Object.Field().Get("spec", "ttlSecondsAfterFinished")
	if at.IsSet() || review.IsHook(p.Object) {
		return
	}
	p.Report(at, "job %s is not removed when it is done", nameOf(p.Object)).
		Detail("The Job and its pods stay in the API server until somebody deletes them, with whatever their logs say.")
}
