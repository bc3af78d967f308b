package pod

import "github.com/landwaiter/landwaiter/internal/review"

var procMount = review.Rule{
	ID: "proc-mount", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A container sees the node's /proc unmasked",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkProcMount,
}

func checkProcMount(p *review.Pass) {
	if p.Pod.Windows() || inUserNamespace(p) {
		return
	}
	for _, c := range p.Pod.Containers {
		field := c.Get("securityContext", "procMount")
		if kind := field.Text(); kind != "" && kind != "Default" {
			p.Report(field, "%s mounts /proc as %s", c.Title(), kind).
				Detail("The runtime masks the parts of /proc that tell of the node or change it. Without the mask the container can read and in part write them.").
				Fix("Mount /proc as usual", review.Set(field, "Default")).Unsafe()
		}
	}
}
