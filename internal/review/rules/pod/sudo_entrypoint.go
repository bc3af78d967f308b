package pod

import "github.com/landwaiter/landwaiter/internal/review"

var sudoEntrypoint = review.Rule{
	ID: "sudo-entrypoint", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "A container starts a program through sudo",
	Kinds:   []string{review.Workloads},
	Check:   checkSudoEntrypoint,
}

func checkSudoEntrypoint(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		for _, i := range invocations(c) {
			if i.asRoot {
				p.Report(i.at, "%s uses sudo", c.Title()).
					Detail("The image lets its user become root, so to run as another user protects nothing. It also needs privilege escalation, which has to stay off.")
				break
			}
		}
	}
}
