package pod

import "github.com/landwaiter/landwaiter/internal/review"

var windowsHostProcess = review.Rule{
	ID: "windows-host-process", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A Windows container is a process of the node",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check:   checkWindowsHostProcess,
}

func checkWindowsHostProcess(p *review.Pass) {
	for _, s := range written(p.Pod, "windowsOptions", "hostProcess") {
		if s.True() {
			p.Report(s.Field, "%s runs as a process of the Windows node", s.who).
				Detail("Nothing stands between it and the node: it has the node's file system, network and the rights of the account it runs as.").
				Fix("Set hostProcess to false", review.Set(s.Field, false)).Unsafe()
		}
	}
}
