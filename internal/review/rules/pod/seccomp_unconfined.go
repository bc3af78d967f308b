package pod

import "github.com/landwaiter/landwaiter/internal/review"

var seccompUnconfined = review.Rule{
	ID: "seccomp-unconfined", Level: review.Error, Guidelines: []string{"G2"},
	Summary: "A container runs with seccomp switched off",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check: func(p *review.Pass) {
		seccompProfiles.reportUnconfined(p, "seccomp",
			"It may use every system call of the kernel, also on nodes whose default is to confine containers.")
	},
}
