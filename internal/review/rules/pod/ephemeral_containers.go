package pod

import "github.com/landwaiter/landwaiter/internal/review"

var ephemeralContainers = review.Rule{
	ID: "ephemeral-containers", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A manifest brings ephemeral containers",
	Kinds:   []string{review.Workloads},
	Check:   checkEphemeralContainers,
}

func checkEphemeralContainers(p *review.Pass) {
	if field := p.Pod.Get("ephemeralContainers"); len(field.Items()) > 0 {
		p.Report(field, "the pod brings ephemeral containers").
			Detail("They are for debugging and are added to a pod that runs. The API server refuses a pod or template that has them from the start.").
			Fix("Remove ephemeralContainers", review.Remove(field))
	}
}
