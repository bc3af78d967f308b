package pod

import "github.com/landwaiter/landwaiter/internal/review"

var runAsRootUID = review.Rule{
	ID: "run-as-root-uid", Level: review.Error, Guidelines: []string{"G1"},
	Summary: "A container runs as user 0",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-restricted", "low-uid"},
	Check:   checkRunAsRootUID,
}

func checkRunAsRootUID(p *review.Pass) {
	if p.Pod.Windows() || inUserNamespace(p) {
		return
	}
	for _, s := range effective(p.Pod, "runAsUser") {
		if uid, ok := s.Int(); ok && uid == 0 {
			p.Report(s.Field, "%s runs as root", s.who).
				Detail("A fault in the program, or a way out of the container, then has root's rights on files that it can reach and on the kernel.")
		}
	}
}
