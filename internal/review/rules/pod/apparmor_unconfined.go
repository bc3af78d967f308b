package pod

import "github.com/landwaiter/landwaiter/internal/review"

var appArmorUnconfined = review.Rule{
	ID: "apparmor-unconfined", Level: review.Error, Guidelines: []string{"G2"},
	Summary: "A container runs with AppArmor switched off",
	Kinds:   []string{review.Workloads},
	Covers:  []string{"pss-baseline", "pss-restricted"},
	Check: func(p *review.Pass) {
		appArmorProfiles.reportUnconfined(p, "AppArmor",
			"The profile that keeps containers from mounting file systems and from writing to the kernel's settings does not hold for it.")
	},
}
