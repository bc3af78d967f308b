package pod

import "github.com/landwaiter/landwaiter/internal/review"

var noSecurityContext = review.Rule{
	ID: "no-security-context", Level: review.Warning, Guidelines: []string{"G1"},
	Summary: "Neither a container nor its pod has a security context",
	Kinds:   []string{review.Workloads},
	Check:   checkNoSecurityContext,
}

func checkNoSecurityContext(p *review.Pass) {
	if len(p.Pod.Get("securityContext").Entries()) > 0 {
		return
	}
	for _, c := range p.Pod.Containers {
		if field := c.Get("securityContext"); len(field.Entries()) == 0 {
			p.Report(field, "%s has no security context", c.Title()).
				Detail("It runs with what image and runtime happen to grant: as root more often than not, with a dozen capabilities and a writable root filesystem.")
		}
	}
}
