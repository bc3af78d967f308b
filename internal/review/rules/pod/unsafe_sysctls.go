package pod

import (
	"github.com/landwaiter/landwaiter/internal/review"
	"github.com/landwaiter/landwaiter/internal/review/rules/pss/standard"
)

var unsafeSysctls = review.Rule{
	ID: "unsafe-sysctls", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A pod sets a kernel parameter outside the safe set",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkUnsafeSysctls,
}

func checkUnsafeSysctls(p *review.Pass) {
	context := p.Pod.Get("securityContext")
	sysctls := context.Get("sysctls")
	for _, item := range sysctls.Items() {
		name := item.Get("name")
		if name.Text() == "" || standard.AllowsSysctl(standard.Version(p.Kube), name.Text()) {
			continue
		}
		p.Report(name, "the pod sets the unsafe sysctl %s", name.Text()).
			Detail("Kubernetes %s counts it as unsafe: it may reach beyond the pod, or wear the node down. Nodes refuse the pod unless they were told to allow it.", p.Kube).
			Fix("Remove the sysctl", review.Remove(sole(item, sysctls, context))).Unsafe()
	}
}
