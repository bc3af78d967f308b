package pod

import "github.com/landwaiter/landwaiter/internal/review"

var privileged = review.Rule{
	ID: "privileged", Level: review.Error, Guidelines: []string{"G1", "G2"},
	Summary: "A container is privileged",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted", "schema"}, // which says that it cannot be where escalation is not allowed
	Check:   checkPrivileged,
}

func checkPrivileged(p *review.Pass) {
	for _, c := range p.Pod.Containers {
		if field := c.Get("securityContext", "privileged"); field.True() {
			p.Report(field, "%s is privileged", c.Title()).
				Detail("It has every capability and every device of the node, and SELinux, AppArmor and seccomp are switched off for it. Whoever gets into it is root on the node.").
				Fix("Set privileged to false", review.Set(field, false))
		}
	}
}
